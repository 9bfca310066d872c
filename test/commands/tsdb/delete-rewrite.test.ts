/** `tsmon tsdb delete` and `tsmon tsdb rewrite` as users run them. */
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTsmon, tsmon } from '../../cli.ts';

let dir: string;
let data: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-cmd-'));
  data = join(dir, 'data');
});
afterEach(() => rmSync(dir, { recursive: true }));

const START = Date.UTC(2026, 0, 1);
const NOW = Date.now() - 60_000;
const HOUR = 3600_000;
const lines = (series: string, hours = 4) =>
  Array.from({ length: hours * 2 }, (_, i) => `${series} ${i} ${START + (i * HOUR) / 2}\n`).join('');
const dump = (...args: string[]) => tsmon(['tsdb', 'dump', '--from', data, ...args]).stdout;
/** As the blocks count them. */
const samplesOf = () =>
  readdirSync(data)
    .filter((name) => /^0/.test(name))
    .map((name) => JSON.parse(readFileSync(join(data, name, 'meta.json'), 'utf8')).stats.numSamples);

/** Two blocks, and a log. */
function fill(): void {
  const text = lines('m{pod="p1",x="1"}') + lines('m{pod="p2",x="1"}') + lines('n{x="2"}');
  tsmon(['tsdb', 'import', '-q', '--to', data], { input: text });
  tsmon(['tsdb', 'append', '-q', '--to', data], { input: `m{pod="p1",x="1"} 5 ${NOW}\nn{x="2"} 5 ${NOW}\n` });
}

describe('tsmon tsdb delete', () => {
  beforeEach(fill);
  const del = (...args: string[]) => tsmon(['tsdb', 'delete', '--to', data, ...args]);

  it('says what would go, and then deletes it, in blocks and log', () => {
    const before = dump();
    expect(
      del(
        '--match',
        '{x="1"}',
        '--match',
        'm{pod="p1"}',
        '--match',
        'n',
        '--end',
        String(START + HOUR),
        '-n',
      ),
    ).toEqual({
      status: 0,
      stdout: '',
      stderr: `would delete 9 samples of 3 series from ${data}; 0 of these would be gone\n`,
    });
    expect(dump()).toBe(before);
    expect(del('--match', 'm')).toMatchObject({
      status: 0,
      stderr: `deleted 17 samples of 2 series from ${data}; 2 of these are gone\n`,
    });
    expect(dump()).toBe(`${lines('n{x="2"}')}n{x="2"} 5 ${NOW}\n`);
    expect(del('--match', 'm', '--quiet')).toMatchObject({ status: 1, stderr: '' });
  });

  it('frees what all of the newest block takes, and the log does not give it back', () => {
    tsmon(['tsdb', 'rewrite', '-q', '--to', data, '--match', 'm', '--drop-label', 'pod']);
    expect(del('--match', '{x=~".+"}', '--clean')).toMatchObject({ status: 0 });
    expect(samplesOf()).toEqual([0]);
    expect(dump()).toBe('');
    tsmon(['tsdb', 'append', '-q', '--to', data], { input: `m{x="3"} 7 ${NOW + 1000}\n` });
    tsmon(['tsdb', 'compact', '-q', '--to', data]);
    expect(dump()).toBe(`m{x="3"} 7 ${NOW + 1000}\n`);
  });

  it('deletes a time', () => {
    del('--match', '{x="1"}', '--start', String(START + HOUR), '--end', String(START + 3 * HOUR), '-q');
    const left = lines('m{pod="p1",x="1"}')
      .split('\n')
      .filter((line) => {
        const t = Number(line.split(' ')[2]);
        return t < START + HOUR || t > START + 3 * HOUR;
      });
    expect(dump('--match', 'm{pod="p1"}', '--end', String(START + 9 * HOUR))).toBe(`${left.join('\n')}\n`);
  });

  it('frees the space', () => {
    del('--match', 'm', '-q');
    expect(samplesOf()).toEqual([12, 12]);
    expect(del('--match', 'm', '--clean')).toMatchObject({ status: 1 });
    expect(samplesOf()).toEqual([4, 4]);
    expect(dump()).toBe(`${lines('n{x="2"}')}n{x="2"} 5 ${NOW}\n`);
    expect(tsmon(['tsdb', 'verify', '--from', data, '--strict'])).toMatchObject({ status: 0 });
  });

  it('refuses beside a writer, and without a selector', async () => {
    expect(del()).toMatchObject({ status: 2, stderr: expect.stringContaining('match') });
    expect(tsmon(['tsdb', 'delete', '--to', join(dir, 'absent'), '--match', 'm'])).toMatchObject({
      status: 2,
    });
    expect(existsSync(join(dir, 'absent'))).toBe(false);
    const writer = startTsmon(['tsdb', 'append', '--to', data], { stdio: ['pipe', 'ignore', 'ignore'] });
    writer.stdin!.write(`a 1 ${NOW}\n`);
    await expect.poll(() => existsSync(join(data, 'lock')), { timeout: 10_000 }).toBe(true);
    expect(del('--match', 'm')).toMatchObject({ status: 2, stderr: expect.stringContaining('is writing') });
    writer.kill();
    await once(writer, 'close');
  });
});

describe('tsmon tsdb rewrite', () => {
  beforeEach(fill);
  const rewrite = (...args: string[]) => tsmon(['tsdb', 'rewrite', '--to', data, ...args]);

  it('drops labels, and joins what becomes one', () => {
    const before = dump();
    const dry = rewrite('--drop-label', 'pod', '--dry-run');
    expect(dry).toMatchObject({
      status: 0,
      stderr: 'would change: 5 series relabelled, 2 of them joined with others\n',
    });
    expect(dry.stdout).toMatch(/^\S{26}: 2 series relabelled, 1 of them joined with others\n/);
    expect(dump()).toBe(before);
    const { stdout, stderr } = rewrite('--drop-label', 'pod');
    expect(stderr).toBe('changed: 5 series relabelled, 2 of them joined with others\n');
    expect(stdout).toMatch(/^\S{26} -> \S{26}: 2 series relabelled/);
    expect(dump()).toBe(`${lines('m{x="1"}')}m{x="1"} 5 ${NOW}\n${lines('n{x="2"}')}n{x="2"} 5 ${NOW}\n`);
    expect(tsmon(['tsdb', 'verify', '--from', data])).toMatchObject({ status: 0 });
  });

  it('relabels by a file, and prints for programs', () => {
    const file = join(dir, 'rules.yml');
    writeFileSync(
      file,
      'metric_relabel_configs:\n- {action: drop, source_labels: [pod], regex: p1}\n- {regex: pod, action: labeldrop}\n',
    );
    const { stdout } = rewrite('--relabel', file, '-o', 'jsonl');
    const records = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records[0]).toMatchObject({ series: 3, dropped: 1, renamed: 1, joined: 0, samples: 4 });
    expect(readdirSync(data)).toContain(records[0].written);
    expect(dump()).toBe(`${lines('m{x="1"}')}${lines('n{x="2"}')}n{x="2"} 5 ${NOW}\n`);
    writeFileSync(file, '- {action: explode}\n');
    expect(rewrite('--relabel', file)).toMatchObject({
      status: 2,
      stderr: `error: ${file}: unknown relabel action "explode"\n`,
    });
    writeFileSync(file, '- {action\n');
    expect(rewrite('--relabel', file)).toMatchObject({ status: 2, stderr: expect.stringContaining(file) });
  });

  it('deletes for good', () => {
    expect(rewrite('--match', 'm{pod="p1"}', '--delete', '--start', String(START + HOUR), '-q')).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
    expect(dump('--match', 'm{pod="p1"}')).toBe(
      `${lines('m{pod="p1",x="1"}').split('\n').slice(0, 2).join('\n')}\n`,
    );
    expect(
      readFileSync(join(data, readdirSync(data).filter((name) => /^0/.test(name))[0], 'tombstones')).length,
    ).toBe(9);
  });

  it('refuses what cannot be', () => {
    for (const args of [
      [],
      ['--delete'],
      ['--drop-label', 'x', '--start', 'now-1h'],
      ['--relabel', 'absent'],
    ]) {
      expect(rewrite(...args)).toMatchObject({ status: 2, stdout: '' });
    }
  });
});
