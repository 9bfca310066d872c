/** `tsmon tsdb merge` and `tsmon tsdb split` as users run them. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tsmon } from '../../cli.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-cmd-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const START = Date.UTC(2026, 0, 1);
const HOUR = 3600_000;
const path = (name: string) => join(dir, name);
const fill = (name: string, text: string) =>
  tsmon(['tsdb', 'import', '-q', '--to', path(name)], { input: text });
const dump = (name: string) => tsmon(['tsdb', 'dump', '--from', path(name)]).stdout;
const lines = (series: string, step: number, offset = 0) =>
  Array.from({ length: 10 }, (_, i) => `${series} ${i} ${START + i * step + offset}\n`).join('');

describe('tsmon tsdb merge', () => {
  it('merges directories and files', () => {
    fill('a', lines('m{x="1"}', HOUR));
    tsmon(['tsdb', 'append', '-q', '--to', path('b')], { input: `live 1 ${Date.now()}\n` });
    fill('c', lines('m{x="1"}', HOUR) + lines('m{x="2"}', HOUR));
    const from = ['a', 'b', 'c'].flatMap((name) => ['--from', path(name)]);
    const { status, stdout, stderr } = tsmon(['tsdb', 'merge', ...from, '--to', path('out')]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^BLOCK +FROM/);
    expect(stderr).toBe(
      `merged 21 samples into 2 blocks of ${path('out')}; 10 samples occurred more than once\n`,
    );
    expect(dump('out')).toBe(dump('b') + dump('c'));
    expect(readdirSync(path('out')).length).toBe(2);
  });

  it('follows one of the replicas', () => {
    fill('a', lines('up', 60_000));
    fill('b', lines('up', 60_000, 20_000));
    const merge = (...args: string[]) => tsmon(['tsdb', 'merge', '-q', '--to', path('out'), ...args]);
    expect(merge('--replicas', '--from', path('a'), '--from', path('b'))).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
    expect(dump('out')).toBe(lines('up', 60_000));
    rmSync(path('out'), { recursive: true });
    fill('both', lines('up{replica="a"}', 60_000) + lines('up{replica="b"}', 60_000, 20_000));
    merge('--replica-label', 'replica', '--from', path('both'));
    expect(dump('out')).toBe(lines('up', 60_000));
  });

  it('takes series and times', () => {
    fill('a', lines('m{x="1"}', HOUR) + lines('m{x="2"}', HOUR));
    const args = ['--match', '{x="2"}', '--start', String(START + HOUR), '--end', String(START + 2 * HOUR)];
    tsmon(['tsdb', 'merge', '-q', '--from', path('a'), '--to', path('out'), ...args]);
    expect(dump('out')).toBe(`m{x="2"} 1 ${START + HOUR}\nm{x="2"} 2 ${START + 2 * HOUR}\n`);
  });

  it('refuses what cannot be, and leaves nothing', () => {
    fill('a', lines('m', HOUR));
    expect(tsmon(['tsdb', 'merge', '--from', path('a'), '--to', `${path('a')}/`])).toMatchObject({
      status: 2,
    });
    expect(tsmon(['tsdb', 'merge', '--to', path('out')])).toMatchObject({ status: 2 });
    expect(tsmon(['tsdb', 'merge', '--from', path('absent'), '--to', path('out')])).toMatchObject({
      status: 2,
      stderr: `error: ${path('absent')}: no such file or directory\n`,
    });
    expect(
      tsmon(['tsdb', 'merge', '--from', path('a'), '--to', path('out'), '--max-block-duration', '1h']),
    ).toMatchObject({
      status: 2,
    });
    expect(existsSync(path('out'))).toBe(false);
  });
});

describe('tsmon tsdb split', () => {
  const split = (...args: string[]) =>
    tsmon(['tsdb', 'split', '--from', path('a'), '--to', path('some'), ...args]);
  beforeEach(() => {
    fill('a', lines('m{x="1"}', HOUR) + lines('m{x="2"}', HOUR) + lines('n', HOUR));
  });

  it('by series', () => {
    const { status, stderr } = split('--match', 'm{x="1"}', '--match', 'n', '--rest', path('rest'));
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: `copied 20 samples to ${path('some')}\ncopied 10 samples to ${path('rest')}\n`,
    });
    expect(dump('some')).toBe(lines('m{x="1"}', HOUR) + lines('n', HOUR));
    expect(dump('rest')).toBe(lines('m{x="2"}', HOUR));
  });

  it('by time and series: both parts have all', () => {
    const original = dump('a');
    const time = ['--start', String(START + 2 * HOUR), '--end', String(START + 5 * HOUR)];
    expect(split('-q', '--match', 'm', ...time, '--rest', path('rest')).status).toBe(0);
    expect(dump('some').split('\n').length).toBe(4 * 2 + 1);
    const both = tsmon(['tsdb', 'dump', '--from', path('some'), '--from', path('rest')]).stdout;
    expect(both).toBe(original);
    expect(dump('rest').split('\n').length + dump('some').split('\n').length).toBe(30 + 2);
    expect(dump('a')).toBe(original);
  });

  it('refuses what cannot be', () => {
    expect(split()).toMatchObject({ status: 2, stderr: expect.stringContaining('--match') });
    expect(split('--match', 'm', '--rest', path('some')).status).toBe(2);
    expect(existsSync(path('some'))).toBe(false);
  });
});
