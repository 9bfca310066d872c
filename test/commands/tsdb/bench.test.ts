/** `tsmon tsdb bench` as users run it. */
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startTsmon, tsmon } from '../../cli.ts';

const root = mkdtempSync(join(tmpdir(), 'tsmon-cmd-'));
afterAll(() => rmSync(root, { recursive: true }));
const bench = (...args: string[]) => tsmon(['tsdb', 'bench', '--series', '50', '--samples', '20', ...args]);

describe('tsmon tsdb bench', () => {
  it('measures writing and reading, and leaves nothing', () => {
    const dir = join(root, 'gone');
    const { status, stdout, stderr } = bench('--dir', dir, '-o', 'jsonl');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const measures = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(measures.map(({ name, count }) => [name, count])).toEqual([
      ['new-series', 50],
      ['append', 1000],
      ['log-replay', 1000],
      ['cut-blocks', 1000],
      ['open-one', 20],
      ['read-all', 1000],
    ]);
    for (const { seconds, cpuSeconds } of measures) expect(seconds + cpuSeconds).toBeGreaterThan(0);
    expect(readdirSync(root)).toEqual([]);
  });

  it('ends when it is told to, and leaves nothing', async () => {
    const dir = join(root, 'interrupted');
    const args = ['tsdb', 'bench', '--series', '2000', '--samples', '1000000', '--dir', dir];
    const child = startTsmon(args, { stdio: 'ignore' });
    await expect.poll(() => existsSync(join(dir, 'wal', '00000000')), { timeout: 20_000 }).toBe(true);
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([130, null]);
    expect(existsSync(dir)).toBe(false);
  });

  it('may keep what it wrote, and does not write to what is there', () => {
    const dir = join(root, 'kept');
    expect(bench('--dir', dir, '--keep')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^append .* M samples\/s .* a sample$/m),
    });
    expect(tsmon(['tsdb', 'dump', '--from', dir]).stdout.trim().split('\n').length).toBe(1000);
    writeFileSync(join(dir, 'mine'), '');
    expect(bench('--dir', dir)).toMatchObject({ status: 2, stderr: expect.stringContaining('not empty') });
    expect(readdirSync(dir)).toContain('mine');
  });
});
