/** tsdb ls, info, verify and compact, as a user runs them. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { labelsFromObject, SampleColumns } from '../../../src/core/model/index.ts';
import { BlockWriter, isUlid, readBlockMeta, writeBlockMeta } from '../../../src/core/tsdb/block/index.ts';
import { lockDirectory } from '../../../src/core/tsdb/lock.ts';
import { startTsmon, tsmon } from '../../cli.ts';

const root = mkdtempSync(join(tmpdir(), 'tsmon-blocks-'));
afterAll(() => rmSync(root, { recursive: true }));
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(root, 'data-'));
});

const HOUR = 3600 * 1000;
const START = Date.UTC(2024, 0, 1);
const ids = (at: string) => readdirSync(at).filter(isUlid).sort();

/** A block of two hours, `n` series of a sample a minute. */
function writeBlock(to: string, hour: number, series = 2): string {
  const writer = new BlockWriter(to, { minTime: START + hour * HOUR, maxTime: START + (hour + 2) * HOUR });
  const columns = new SampleColumns();
  for (let s = 0; s < series; s++) {
    columns.length = 0;
    columns.reserve(120);
    for (let i = 0; i < 120; i++) {
      columns.t[i] = START + hour * HOUR + i * 60_000;
      columns.v[i] = (i * s) % 17;
    }
    columns.length = 120;
    writer.addSamples(labelsFromObject({ __name__: 'm', i: String(s).padStart(6, '0') }), columns);
  }
  return writer.finish()!.ulid;
}

/** Four blocks, of which the first three fill six hours. */
function writeDay(to: string): string[] {
  return [0, 2, 4, 6].map((hour) => writeBlock(to, hour));
}

describe('tsdb ls', () => {
  test('lists blocks by time', () => {
    const names = writeDay(dir);
    const { status, stdout } = tsmon(['tsdb', 'ls', '--from', dir]);
    expect(status).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^BLOCK +FROM +LENGTH +SAMPLES +SERIES +CHUNKS +SIZE +LEVEL +STATE$/);
    expect(lines.slice(1).map((line) => line.split(/ +/)[0])).toEqual(names);
    expect(lines[1]).toMatch(/2024-01-01T00:00:00.000Z +2h +240 +2 +2 +\S+B +1$/);
  });

  test('prints for programs, and takes the directory from the environment', () => {
    const names = writeDay(dir);
    const { stdout } = tsmon(['tsdb', 'ls', '-o', 'json'], { env: { TSMON_DATA: dir } });
    expect(JSON.parse(stdout)).toMatchObject(
      names.map((ulid, i) => ({
        ulid,
        state: 'live',
        minTime: START + i * 2 * HOUR,
        maxTime: START + (i + 1) * 2 * HOUR,
        stats: { numSamples: 240 },
        compaction: { level: 1 },
      })),
    );
    const csv = tsmon(['tsdb', 'ls', '-o', 'csv', '--from', dir]).stdout.split('\n');
    expect(csv[1]).toMatch(new RegExp(`^${names[0]},${START},${START + 2 * HOUR},240,2,2,\\d+,1,live$`));
  });

  test('says what is special about a block', () => {
    const [first, second, third] = writeDay(dir);
    const meta = readBlockMeta(join(dir, first));
    writeBlockMeta(join(dir, first), { ...meta, compaction: { ...meta.compaction, failed: true } });
    writeFileSync(join(dir, second, 'meta.json'), '{');
    const parents = [{ ulid: third, minTime: 0, maxTime: 1 }];
    writeBlockMeta(join(dir, first), {
      ...meta,
      compaction: { ...meta.compaction, failed: true, parents, hints: ['from-out-of-order'] },
    });
    const { stdout } = tsmon(['tsdb', 'ls', '--from', dir]);
    expect(stdout).toMatch(new RegExp(`${first} .* compaction failed, from-out-of-order\n`));
    expect(stdout).toMatch(new RegExp(`${second} .* broken: .*meta.json: is not JSON`));
    expect(stdout).toMatch(new RegExp(`${third} .* replaced\n`));
  });

  test('refuses what is not a directory', () => {
    expect(tsmon(['tsdb', 'ls', '--from', join(dir, 'none')])).toMatchObject({
      status: 2,
      stderr: `error: ${join(dir, 'none')}: no such directory\n`,
    });
  });
});

describe('tsdb info', () => {
  test('sums a directory up', () => {
    writeDay(dir);
    mkdirSync(join(dir, 'wal'));
    writeFileSync(join(dir, 'wal', '00000000'), 'x'.repeat(2048));
    mkdirSync(join(dir, '01JDXW8V1MDGWXC5Z0Q7HQ3P5R.tmp-for-creation'));
    const { stdout } = tsmon(['tsdb', 'info', '--from', dir]);
    expect(stdout).toContain('blocks    4, 2024-01-01T00:00:00.000Z to 2024-01-01T08:00:00.000Z (8h)');
    expect(stdout).toMatch(/samples +960 in 8 chunks, \d+\.\d\d bytes each/);
    expect(stdout).toMatch(/wal +2KB in 1 file\n/);
    expect(stdout).toMatch(/writer +nobody/);
    expect(stdout).toMatch(/note +.*tmp-for-creation is left from unfinished work/);
    expect(JSON.parse(tsmon(['tsdb', 'info', '-o', 'json', '--from', dir]).stdout)).toMatchObject({
      blocks: 4,
      minTime: START,
      samples: 960,
      notes: [expect.stringContaining('unfinished')],
    });
  });

  test('tells of one block', () => {
    const path = join(dir, writeBlock(dir, 0, 30));
    const { stdout } = tsmon(['tsdb', 'info', '--from', path]);
    expect(stdout).toMatch(/series +30 with 31 label pairs of 2 names/);
    expect(stdout).toMatch(/samples +3600 in 30 chunks/);
  });
});

describe('tsdb verify', () => {
  test('finds nothing in a sound directory', () => {
    writeDay(dir);
    expect(tsmon(['tsdb', 'verify', '--from', dir])).toEqual({
      status: 0,
      stdout: '',
      stderr: '0 errors, 0 warnings\n',
    });
  });

  test('says where damage is, to people and to programs', () => {
    const [first] = writeDay(dir);
    const file = join(dir, first, 'chunks', '000001');
    const bytes = readFileSync(file);
    bytes[20] ^= 1;
    writeFileSync(file, bytes);
    const { status, stdout, stderr } = tsmon(['tsdb', 'verify', '--from', dir]);
    expect(status).toBe(1);
    expect(stdout).toBe(
      `error chunk: ${file} at byte 8: has a damaged chunk (checksum) (series m{i="000000"})\n`,
    );
    expect(stderr).toBe(`1 error, 0 warnings\n"tsmon tsdb repair --to ${dir}" saves what can be saved\n`);
    const json = tsmon(['tsdb', 'verify', '-o', 'jsonl', '--from', dir]).stdout;
    expect(JSON.parse(json)).toMatchObject({ severity: 'error', code: 'chunk', file, offset: 8 });
  });

  test('finds what does not fit together, and fails at it if told to', () => {
    writeBlock(dir, 0);
    const later = writeBlock(dir, 1);
    const found = tsmon(['tsdb', 'verify', '--from', dir]);
    expect(found.status).toBe(0);
    expect(found.stdout).toContain(`warning overlap: ${join(dir, later)}: overlaps with`);
    expect(tsmon(['tsdb', 'verify', '--strict', '--from', dir]).status).toBe(1);
  });

  test('reads the log through', () => {
    const append = tsmon(['tsdb', 'append', '--to', dir], { input: 'up 1\nup{a="b"} 2\n' });
    expect(append.status).toBe(0);
    expect(tsmon(['tsdb', 'verify', '--from', dir]).status).toBe(0);
    const segment = readdirSync(join(dir, 'wal')).find((name) => /^\d{8}$/.test(name))!;
    const file = join(dir, 'wal', segment);
    const bytes = readFileSync(file);
    bytes[12] ^= 1;
    writeFileSync(file, bytes);
    const { status, stdout } = tsmon(['tsdb', 'verify', '--from', dir]);
    expect(status).toBe(1);
    expect(stdout).toMatch(
      new RegExp(`^error log: ${file} at byte \\d+: .*; what follows it in this file is lost, and .*\n$`),
    );
  });
});

describe('tsdb compact', () => {
  test('makes large blocks of small ones, and says what it did', () => {
    const names = writeDay(dir);
    const plan = tsmon(['tsdb', 'compact', '--to', dir, '--dry-run']);
    expect(plan.stdout).toBe(`${names.slice(0, 3).join(' ')} (6h)\n`);
    expect(ids(dir)).toEqual([...names].sort());
    const { status, stdout } = tsmon(['tsdb', 'compact', '--to', dir]);
    expect(status).toBe(0);
    const [written] = ids(dir).filter((name) => name !== names[3]);
    expect(stdout).toBe(`${names.slice(0, 3).join(' ')} (6h) -> ${written}\n`);
    expect(readBlockMeta(join(dir, written))).toMatchObject({
      minTime: START,
      maxTime: START + 6 * HOUR,
      stats: { numSamples: 720, numSeries: 2 },
      compaction: { level: 2, sources: [...names.slice(0, 3)].sort() },
    });
    expect(tsmon(['tsdb', 'verify', '--strict', '--from', dir]).status).toBe(0);
    expect(tsmon(['tsdb', 'compact', '--to', dir])).toEqual({
      status: 0,
      stdout: '',
      stderr: 'there is nothing to compact\n',
    });
    expect(existsSync(join(dir, 'lock'))).toBe(false);
  });

  test('leaves short blocks where longer ones are not wanted', () => {
    const names = writeDay(dir);
    tsmon(['tsdb', 'compact', '--to', dir, '--max-block-duration', '2h']);
    expect(ids(dir)).toEqual([...names].sort());
  });

  test('clears away what was left, and says so', () => {
    writeBlock(dir, 0);
    mkdirSync(join(dir, '01JDXW8V1MDGWXC5Z0Q7HQ3P5R.tmp-for-deletion'));
    const { stderr } = tsmon(['tsdb', 'compact', '--to', dir]);
    expect(stderr).toContain('removed, since it was left from unfinished work');
    expect(readdirSync(dir).every(isUlid)).toBe(true);
  });

  test('marks a damaged block, and does the others', () => {
    const names = writeDay(dir);
    names.push(...[12, 14, 16, 18].map((hour) => writeBlock(dir, hour)));
    writeFileSync(join(dir, names[1], 'chunks', '000001'), 'nothing');
    const { status, stdout, stderr } = tsmon(['tsdb', 'compact', '--to', dir]);
    expect(status).toBe(1);
    expect(stderr).toContain('not compacted');
    expect(stdout).toContain(names[4]);
    expect(names.slice(0, 3).map((name) => readBlockMeta(join(dir, name)).compaction.failed)).toEqual([
      true,
      true,
      true,
    ]);
    expect(existsSync(join(dir, names[4]))).toBe(false);
    expect(tsmon(['tsdb', 'compact', '--to', dir])).toEqual({
      status: 0,
      stdout: '',
      stderr: 'there is nothing to compact\n',
    });
  });

  test('refuses where somebody else writes', () => {
    writeDay(dir);
    const lock = lockDirectory(dir);
    const { status, stderr } = tsmon(['tsdb', 'compact', '--to', dir]);
    lock.release();
    expect(status).toBe(2);
    expect(stderr).toMatch(/is writing to this directory/);
  });

  describe('when it is interrupted', () => {
    const large = join(root, 'large');
    beforeAll(() => {
      mkdirSync(large);
      for (const hour of [0, 2, 4, 6]) writeBlock(large, hour, 8000);
    });

    test.each(['SIGINT', 'SIGTERM'] as const)('by %s leaves everything as it was', async (signal) => {
      cpSync(large, dir, { recursive: true });
      const before = ids(dir);
      const child = startTsmon(['tsdb', 'compact', '--to', dir]);
      const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
      while (!readdirSync(dir).some((name) => name.endsWith('.tmp-for-creation'))) await sleep(1);
      child.kill(signal);
      expect(await ended).toBe(signal === 'SIGINT' ? 130 : 143);
      expect(readdirSync(dir).sort()).toEqual(before);
      expect(tsmon(['tsdb', 'verify', '--strict', '--from', dir]).status).toBe(0);
    });
  });
});
