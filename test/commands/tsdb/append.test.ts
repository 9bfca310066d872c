/** `tsmon tsdb append` and `tsmon tsdb dump` as users run them. */
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTsmon, tsmon, tsmonBytes } from '../../cli.ts';

let dir: string;
let data: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-cmd-'));
  data = join(dir, 'data');
});
afterEach(() => rmSync(dir, { recursive: true }));

const NOW = Date.now() - 10_000;

const append = (input: string, ...args: string[]) =>
  tsmon(['tsdb', 'append', '--to', data, ...args], { input });
const dump = (...args: string[]) => tsmon(['tsdb', 'dump', '--from', data, ...args]);

describe('tsmon tsdb append', () => {
  it('stores what dump gives back', () => {
    const input = `# HELP up Whether it is up.\n# TYPE up gauge\nup{job="a"} 1 ${NOW}\nup{job="a"} 2 ${NOW + 1}\nup{job="b"} NaN ${NOW}\n`;
    expect(append(input)).toEqual({ status: 0, stdout: '', stderr: `appended 3 samples to ${data}\n` });
    expect(dump()).toEqual({ status: 0, stdout: input, stderr: '' });
  });

  it('finds out the format, for each file', () => {
    const files = {
      'a.prom': `a 1 ${NOW}\n`,
      'b.om': `# TYPE b counter\nb_total 2 ${NOW / 1000} # {trace_id="x"} 0.5\n# EOF\n`,
      'c.jsonl': dumpOf(`c 3 ${NOW}\n`),
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content);
    const { status, stderr } = append('', ...Object.keys(files).map((name) => join(dir, name)));
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: `appended 3 samples and 1 exemplar to ${data}\n`,
    });
    expect(dump().stdout).toContain(`a 1 ${NOW}\n# TYPE b_total counter\nb_total 2 ${NOW}\nc 3 ${NOW}\n`);
    expect(dump('-o', 'openmetrics', '--match', 'b_total').stdout).toContain('# {trace_id="x"} 0.5');
  });

  /** The same samples as JSON Lines. */
  function dumpOf(text: string): string {
    const other = join(dir, 'other');
    tsmon(['tsdb', 'append', '--to', other], { input: text });
    return tsmon(['tsdb', 'dump', '--from', other, '-o', 'jsonl']).stdout;
  }

  it('says what mends a log of which a segment is missing', () => {
    append(`up 1 ${NOW}\n`);
    writeFileSync(join(data, 'wal', '00000002'), '');
    expect(append(`up 2 ${NOW + 1}\n`)).toEqual({
      status: 2,
      stdout: '',
      stderr: `error: ${join(data, 'wal')}: segment 00000001 is missing; "tsmon tsdb repair --to ${data}" saves what can be saved\n`,
    });
    expect(tsmon(['tsdb', 'repair', '--to', data]).status).toBe(1);
    expect(append(`up 2 ${NOW + 1}\n`).stderr).toBe(`appended 1 sample to ${data}\n`);
    expect(dump().stdout).toContain(`up 1 ${NOW}\nup 2 ${NOW + 1}\n`);
  });

  it('takes several scrapes one after another, as protobuf too', () => {
    const scrape = (t: number) => `# TYPE m gauge\nm{x="1"} ${t % 7} ${t}\nm{x="2"} 5 ${t}\n`;
    append(scrape(NOW) + scrape(NOW + 1000) + scrape(NOW + 2000));
    const bytes = tsmonBytes(['tsdb', 'dump', '--from', data, '-o', 'protobuf']).stdout;
    const copy = join(dir, 'copy');
    expect(tsmonBytes(['tsdb', 'append', '--to', copy], { input: bytes }).stderr).toBe(
      `appended 6 samples to ${copy}\n`,
    );
    expect(tsmon(['tsdb', 'dump', '--from', copy]).stdout).toBe(dump().stdout);
  });

  it('gives samples without a time the time of reading, or the one that was asked for', () => {
    const before = Date.now();
    append('a 1\nb 2\n');
    const times = dump('-o', 'csv')
      .stdout.split('\n')
      .slice(1, 3)
      .map((line) => Number(line.split(',')[1]));
    expect(times[0]).toBe(times[1]);
    expect(times[0]).toBeGreaterThanOrEqual(before);
    expect(times[0]).toBeLessThanOrEqual(Date.now());
    append('c 1\n', '--timestamp', '2026-01-02T03:04:05Z');
    expect(dump('--match', 'c').stdout).toBe(`c 1 ${Date.UTC(2026, 0, 2, 3, 4, 5)}\n`);
  });

  it('counts what it refuses, and exits with 1', () => {
    append(`a 1 ${NOW}\nb 1 ${NOW}\nc 1 ${NOW}\n`);
    const { status, stderr } = append(
      `a 1 ${NOW}\nb 2 ${NOW}\nb 3 ${NOW}\nc 1 ${NOW - 1}\nd 1 ${Date.now() + 3_600_000}\ne 1 ${NOW}\n`,
    );
    const at = new Date(NOW).toISOString();
    expect(status).toBe(1);
    expect(stderr.split('\n')).toEqual([
      `appended 1 sample to ${data}; it had 1 sample already`,
      `warning: 2 samples refused: another value is stored for the same time; the first is of b at ${at}`,
      expect.stringContaining(
        'warning: 1 sample refused: older than the newest of the same series; the first is of c',
      ),
      expect.stringContaining(
        'warning: 1 sample refused: more than 10 minutes ahead of the clock; the first is of d',
      ),
      '',
    ]);
    expect(append(`a 1 ${NOW}\n`, '--quiet')).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('keeps what precedes a fault in the input', () => {
    const { status, stderr } = append(`a 1 ${NOW}\nb{ 1\n`);
    expect(status).toBe(2);
    expect(stderr).toContain('appended 1 sample');
    expect(stderr).toMatch(/error: stdin:2:\d+: /);
    expect(dump().stdout).toBe(`a 1 ${NOW}\n`);
  });

  it('does nothing for no input', () => {
    expect(append('')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(existsSync(data)).toBe(false);
    expect(append('', join(dir, 'absent.prom'))).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('absent.prom: no such file'),
    });
  });

  it('refuses politely while somebody else writes, and stops cleanly on a signal', async () => {
    const writer = startTsmon(['tsdb', 'append', '--to', data], { stdio: ['pipe', 'ignore', 'pipe'] });
    writer.stdin!.write(`a 1 ${NOW}\n`);
    await expect.poll(() => existsSync(join(data, 'wal')), { timeout: 10_000 }).toBe(true);
    const second = append(`b 1 ${NOW}\n`);
    expect(second.status).toBe(2);
    expect(second.stderr).toMatch(/error: .*data: tsmon.* \(process \d+\) is writing to this directory/);
    // Readers are not kept out.
    await expect.poll(() => dump().stdout, { timeout: 10_000 }).toBe(`a 1 ${NOW}\n`);
    let stderr = '';
    writer.stderr!.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    writer.kill('SIGTERM');
    const [status] = await once(writer, 'close');
    expect({ status, stderr }).toEqual({ status: 143, stderr: `appended 1 sample to ${data}\n` });
    expect(readdirSync(data).sort()).toEqual(['tsmon.refs', 'wal']);
  });
});

describe('tsmon tsdb dump', () => {
  const HOUR = 3_600_000;
  beforeEach(() => {
    append(
      [0, 1, 2, 3].map((n) => `m{n="${n % 2}"} ${n} ${NOW - 3 * HOUR + n * HOUR}\n`).join('') +
        `up{job="x"} 1 ${NOW}\n`,
    );
  });

  it('takes selectors and times', () => {
    const line = (n: number) => `m{n="${n % 2}"} ${n} ${NOW - 3 * HOUR + n * HOUR}\n`;
    expect(dump('--match', 'm{n="1"}').stdout).toBe(line(1) + line(3));
    expect(dump('--match', 'm{n="1"}', '--match', '{job="x"}', '--match', 'm').stdout).toBe(
      `${line(0) + line(2) + line(1) + line(3)}up{job="x"} 1 ${NOW}\n`,
    );
    expect(dump('--start', String(NOW - 2 * HOUR), '--end', String(NOW - HOUR)).stdout).toBe(
      line(2) + line(1),
    );
    expect(dump('--start', 'now-90m', '--match', 'm').stdout).toBe(line(2) + line(3));
    expect(dump('--match', 'never')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(dump('--match', 'm{')).toMatchObject({ status: 2, stdout: '' });
    expect(dump('--start', 'yesterday')).toMatchObject({ status: 2, stdout: '' });
  });

  it('merges directories', () => {
    const other = join(dir, 'other');
    tsmon(['tsdb', 'append', '--to', other], { input: `m{n="0"} 9 ${NOW}\nn 1 ${NOW}\n` });
    const { stdout } = dump('--from', other, '--match', '{__name__=~"n|m",n!="1"}');
    expect(stdout.split('\n').length).toBe(5);
    expect(stdout).toContain(`m{n="0"} 9 ${NOW}\nn 1 ${NOW}\n`);
  });

  it('writes CSV', () => {
    expect(dump('-o', 'csv', '--match', 'up').stdout).toBe(
      `series,timestamp,value\n"up{job=""x""}",${NOW},1\n`,
    );
  });

  it('says what a format leaves out', () => {
    const line = {
      metric: { __name__: 's' },
      values: [1, 'stale'],
      timestamps: [NOW, NOW + 1],
      exemplars: [{ row: 0, labels: { trace_id: 'x' }, value: 1, timestamp: NOW }],
    };
    append(`${JSON.stringify(line)}\n`);
    expect(JSON.parse(dump('-o', 'jsonl', '--match', 's').stdout)).toEqual(line);
    expect(dump('--match', 's')).toEqual({
      status: 0,
      stdout: `s 1 ${NOW}\n`,
      stderr:
        'warning: left out, because text cannot carry them (--output jsonl can): 1 stale marker, 1 exemplar\n',
    });
  });

  it('prints what precedes damage, says where it is, and exits with 1', () => {
    const damaged = { status: 1, stdout: `up{job="x"} 1 ${NOW}\n` };
    writeFileSync(join(data, 'wal', '00000000'), 'nonsense', { flag: 'a' });
    expect(dump('--match', 'up')).toMatchObject({
      ...damaged,
      stderr: expect.stringMatching(
        /^warning: .*00000000 at byte \d+: there is no fragment type 110; "tsmon tsdb repair --to .*data" saves what can be saved\n$/,
      ),
    });
    const block = join(data, '01HF8000000000000000000000');
    mkdirSync(block);
    writeFileSync(join(block, 'meta.json'), '{');
    expect(dump('--match', 'up')).toMatchObject({
      ...damaged,
      stderr: expect.stringContaining(`${block}/meta.json: `),
    });
  });

  it('says what it cannot find', () => {
    expect(tsmon(['tsdb', 'dump', '--from', join(dir, 'absent')])).toEqual({
      status: 2,
      stdout: '',
      stderr: `error: ${join(dir, 'absent')}: no such file or directory\n`,
    });
  });

  it('stops when its reader does', async () => {
    append(Array.from({ length: 200_000 }, (_, n) => `big{n="${n}"} 1 ${NOW}\n`).join(''));
    const child = startTsmon(['tsdb', 'dump', '--from', data], { stdio: ['ignore', 'pipe', 'pipe'] });
    await once(child.stdout!, 'data');
    child.stdout!.destroy();
    const [status] = await once(child, 'exit');
    expect(status).toBe(0);
  });
});
