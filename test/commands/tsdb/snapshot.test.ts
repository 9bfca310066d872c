/** `tsmon tsdb snapshot` as users run it. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTsmon, tsmon } from '../../cli.ts';

let dir: string;
let data: string;
let copy: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-cmd-'));
  data = join(dir, 'data');
  copy = join(dir, 'copy');
});
afterEach(() => rmSync(dir, { recursive: true }));

const START = Date.UTC(2026, 0, 1);
const NOW = Date.now() - 60_000;
const HOUR = 3600_000;
const dump = (from: string) => tsmon(['tsdb', 'dump', '--from', from]).stdout;
const blocksOf = (path: string) => readdirSync(path).filter((name) => /^0/.test(name));
const snapshot = (...args: string[]) => tsmon(['tsdb', 'snapshot', '--from', data, ...args]);

/** Two blocks, with a deletion, and a log. */
function fill(): void {
  let text = '';
  for (let s = 0; s < 3; s++) {
    for (let i = 0; i < 8; i++) text += `m{s="${s}"} ${i} ${START + (i * HOUR) / 2}\n`;
  }
  tsmon(['tsdb', 'import', '-q', '--to', data], { input: text });
  tsmon(['tsdb', 'append', '-q', '--to', data], { input: `m{s="0"} 5 ${NOW}\nn 5 ${NOW}\n` });
  tsmon(['tsdb', 'delete', '-q', '--to', data, '--match', 'm{s="1"}']);
}

describe('tsmon tsdb snapshot', () => {
  beforeEach(fill);

  it('has all, as blocks of the same files, and goes on when the original changes', () => {
    const before = dump(data);
    expect(before).toContain('n 5');
    expect(snapshot(copy)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^BLOCK/),
      stderr: `${copy} has 2 blocks, and 1 block of what only the log had\n`,
    });
    expect(dump(copy)).toBe(before);
    expect(tsmon(['tsdb', 'verify', '--from', copy, '--strict'])).toMatchObject({ status: 0 });
    const [name] = blocksOf(data);
    const { ino } = statSync(join(data, name, 'index'));
    expect(statSync(join(copy, name, 'index')).ino).toBe(ino);
    tsmon(['tsdb', 'delete', '-q', '--to', data, '--match', 'm', '--clean']);
    expect(dump(copy)).toBe(before);
    expect(readdirSync(dir).sort()).toEqual(['copy', 'data']);
  });

  it('may leave the log out', () => {
    snapshot(copy, '--skip-head', '-q');
    expect(blocksOf(copy)).toEqual(blocksOf(data));
    expect(dump(copy)).not.toContain('n 5');
  });

  it('packs an archive', () => {
    const archive = join(dir, 'copy.zip');
    expect(snapshot(archive)).toMatchObject({ status: 0, stdout: '' });
    for (const [name, bytes] of Object.entries(unzipSync(readFileSync(archive)))) {
      mkdirSync(dirname(join(copy, name)), { recursive: true });
      writeFileSync(join(copy, name), bytes);
    }
    expect(dump(copy)).toBe(dump(data));
    expect(readdirSync(dir).sort()).toEqual(['copy', 'copy.zip', 'data']);
  });

  it('is taken beside a writer', async () => {
    const writer = startTsmon(['tsdb', 'append', '--to', data], { stdio: ['pipe', 'ignore', 'ignore'] });
    writer.stdin!.write(`late 1 ${NOW + 1}\n`);
    await expect.poll(() => dump(data), { timeout: 10_000 }).toContain('late 1');
    expect(snapshot(copy)).toMatchObject({ status: 0 });
    expect(dump(copy)).toContain('late 1');
    writer.stdin!.end();
    await once(writer, 'close');
  });

  it('leaves out what is damaged, and says so', () => {
    const [damaged] = blocksOf(data);
    writeFileSync(join(data, damaged, 'meta.json'), '{');
    expect(snapshot(copy, '-q')).toMatchObject({ status: 1, stderr: expect.stringContaining(damaged) });
    expect(blocksOf(copy)).not.toContain(damaged);
    expect(blocksOf(copy).length).toBe(2);
  });

  it('refuses what is there already, and what is not', () => {
    mkdirSync(copy);
    expect(snapshot(copy)).toMatchObject({ status: 2, stderr: expect.stringContaining('is there already') });
    rmSync(copy, { recursive: true });
    expect(tsmon(['tsdb', 'snapshot', '--from', join(dir, 'absent'), copy])).toMatchObject({ status: 2 });
    expect(snapshot()).toMatchObject({ status: 2 });
    expect(readdirSync(dir)).toEqual(['data']);
  });
});
