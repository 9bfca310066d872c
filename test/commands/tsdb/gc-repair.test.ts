/** `tsmon tsdb gc`, `repair` and `verify` as users run them. */
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isUlid, makeUlid, readBlockMeta, writeBlockMeta } from '../../../src/core/tsdb/block/index.ts';
import { startTsmon, tsmon } from '../../cli.ts';

const root = mkdtempSync(join(tmpdir(), 'tsmon-cmd-'));
afterAll(() => rmSync(root, { recursive: true }));
const original = join(root, 'original');
let data: string;
let n = 0;

const HOUR = 3600_000;
const START = Date.UTC(2026, 0, 1);
const NOW = Date.now() - 60_000;
const blocks = () => readdirSync(data).filter(isUlid).sort();
const dump = () => tsmon(['tsdb', 'dump', '--from', data]).stdout;

/** Three blocks and a log. */
beforeAll(() => {
  let text = '';
  for (let i = 0; i < 18; i++)
    text += `m{s="0"} ${i} ${START + (i * HOUR) / 3}\nm{s="1"} ${i} ${START + (i * HOUR) / 3}\n`;
  tsmon(['tsdb', 'import', '-q', '--to', original], { input: text });
  tsmon(['tsdb', 'append', '-q', '--to', original], { input: `m{s="0"} 5 ${NOW}\n` });
});
beforeEach(() => {
  data = join(root, String(n++));
  cpSync(original, data, { recursive: true });
});

describe('tsmon tsdb gc', () => {
  const gc = (...args: string[]) => tsmon(['tsdb', 'gc', '--to', data, ...args]);

  it('removes what nobody needs, and nothing else', () => {
    const before = dump();
    expect(gc()).toEqual({ status: 0, stdout: '', stderr: 'removed nothing\n' });
    const [first, second] = blocks();
    // What a crash after a compaction leaves.
    const newer = makeUlid(Date.now());
    cpSync(join(data, first), join(data, newer), { recursive: true });
    const meta = readBlockMeta(join(data, first));
    const parents = [{ ulid: first, minTime: meta.minTime, maxTime: meta.maxTime }];
    writeBlockMeta(join(data, newer), { ...meta, ulid: newer, compaction: { ...meta.compaction, parents } });
    mkdirSync(join(data, `${newer}.tmp-for-creation`));
    writeFileSync(join(data, `${newer}.tmp-for-creation`, 'index'), 'xxxx');
    mkdirSync(join(data, 'wal', 'checkpoint.00000007.tmp'));
    mkdirSync(join(data, 'chunk_snapshot.000001.0000000001'));
    mkdirSync(join(data, 'chunk_snapshot.000002.0000000001'));
    const dry = gc('-n', '-o', 'jsonl');
    expect(dry.stderr).toMatch(/^would remove 4 things, /);
    const things = dry.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(things).toEqual([
      { reason: 'unfinished', path: `${newer}.tmp-for-creation`, sizeBytes: 4 },
      { reason: 'unfinished', path: join('wal', 'checkpoint.00000007.tmp'), sizeBytes: 0 },
      { reason: 'replaced', path: first, sizeBytes: expect.any(Number) },
      { reason: 'superseded', path: 'chunk_snapshot.000001.0000000001', sizeBytes: 0 },
    ]);
    expect(gc().stdout).toMatch(/^unfinished +4B .*\n/);
    expect(blocks()).toEqual([second, blocks()[1], newer]);
    expect(gc('-q')).toEqual({ status: 0, stdout: '', stderr: '' });
    rmSync(join(data, 'chunk_snapshot.000002.0000000001'), { recursive: true });
    expect(dump()).toBe(before);
  });

  it('removes segments that a checkpoint stands for', () => {
    const wal = join(data, 'wal');
    writeFileSync(join(wal, '00000001'), '');
    mkdirSync(join(wal, 'checkpoint.00000000'));
    cpSync(join(wal, '00000000'), join(wal, 'checkpoint.00000000', '00000000'));
    const before = dump();
    expect(gc()).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^checkpointed .*wal.00000000\n$/),
    });
    expect(readdirSync(wal).sort()).toEqual(['00000001', 'checkpoint.00000000']);
    expect(dump()).toBe(before);
  });

  it('keeps to a retention', () => {
    // By time: blocks that were made in one millisecond have names in any order.
    const startOf = (name: string) => readBlockMeta(join(data, name)).minTime;
    const [, , last] = blocks().sort((a, b) => startOf(a) - startOf(b));
    expect(gc('--retention-time', '2h')).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/^removed 2/),
    });
    expect(blocks()).toEqual([last]);
    gc('--retention-size', '100B');
    // An empty one, by which it is known what of the log counts.
    const [empty, ...others] = blocks();
    expect(others).toEqual([]);
    expect(readBlockMeta(join(data, empty)).stats?.numSeries).toBe(0);
    expect(gc('--retention-size', '100B')).toMatchObject({ stdout: '' });
    expect(dump()).toBe(`m{s="0"} 5 ${NOW}\n`);
    expect(gc('--retention-time', 'soon')).toMatchObject({ status: 2 });
  });

  it('refuses beside a writer', async () => {
    const writer = startTsmon(['tsdb', 'append', '--to', data], { stdio: ['pipe', 'ignore', 'ignore'] });
    writer.stdin!.write(`a 1 ${NOW}\n`);
    await expect.poll(() => existsSync(join(data, 'lock')), { timeout: 10_000 }).toBe(true);
    for (const command of ['gc', 'repair']) {
      expect(tsmon(['tsdb', command, '--to', data])).toMatchObject({
        status: 2,
        stderr: expect.stringContaining('is writing'),
      });
    }
    writer.kill();
    await once(writer, 'close');
  });
});

describe('tsmon tsdb repair', () => {
  const repair = (...args: string[]) => tsmon(['tsdb', 'repair', '--to', data, ...args]);
  const verify = (...args: string[]) => tsmon(['tsdb', 'verify', '--from', data, ...args]);

  it('has nothing to say of a sound directory', () => {
    expect(repair()).toEqual({ status: 0, stdout: '', stderr: `${data} is sound\n` });
  });

  it('says what it would do, does it, and gc removes the originals', () => {
    const before = dump();
    const [first] = blocks();
    rmSync(join(data, first, 'meta.json'));
    expect(repair('-n')).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(
        new RegExp(`^block ${first}\n.*\n +readable: 2 series, 2 chunks, 12 samples\n$`),
      ),
      stderr: '1 part damaged, nothing is lost\n',
    });
    const done = repair('-o', 'json');
    expect(done).toMatchObject({ status: 0, stderr: 'repaired 1 part, nothing is lost\n' });
    const report = JSON.parse(done.stdout);
    expect(report).toMatchObject({ dir: data, dryRun: false, isWhole: true });
    expect(report.repairs[0]).toMatchObject({ part: 'block', path: first, kept: join('damaged', first) });
    expect(blocks()).toContain(report.repairs[0].written);
    expect(dump()).toBe(before);
    expect(verify('--strict')).toMatchObject({ status: 0 });
    tsmon(['tsdb', 'gc', '--to', data, '--originals', '-q']);
    expect(existsSync(join(data, 'damaged'))).toBe(false);
  });

  it('tells what is lost', () => {
    const [first] = blocks();
    const chunks = join(data, first, 'chunks', '000001');
    const bytes = readFileSync(chunks);
    bytes[15] ^= 1;
    writeFileSync(chunks, bytes);
    const { status, stdout, stderr } = repair();
    expect({ status, stderr }).toEqual({ status: 1, stderr: 'repaired 1 part; something of 1 is lost\n' });
    expect(stdout).toMatch(/checksum/);
    expect(stdout).toContain(
      '  saved: 1 series, 1 chunks, 6 samples\n  lost: 1 chunks\n  the original is in damaged',
    );
    expect(repair()).toMatchObject({ status: 0 });
  });

  it('verify finds what is damaged in logs, checkpoints, head chunks and snapshots', () => {
    mkdirSync(join(data, 'chunks_head'));
    writeFileSync(join(data, 'chunks_head', '000001'), 'no such file of chunks');
    mkdirSync(join(data, 'snapshots', 'one'), { recursive: true });
    cpSync(join(data, blocks()[0]), join(data, 'snapshots', 'one', blocks()[0]), { recursive: true });
    truncateSync(join(data, 'snapshots', 'one', blocks()[0], 'index'), 100);
    mkdirSync(join(data, 'wbl'));
    writeFileSync(join(data, 'wbl', '00000000'), 'this is no log of late samples');
    const { status, stdout } = verify('-o', 'jsonl');
    expect(status).toBe(1);
    const found = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(found.map(({ severity, code }) => `${severity} ${code}`)).toEqual([
      'error log',
      'error head-chunk',
      'error index',
    ]);
    expect(found[0].file).toBe(join(data, 'wbl', '00000000'));
    mkdirSync(join(data, 'wal', 'checkpoint.00000000'));
    writeFileSync(join(data, 'wal', 'checkpoint.00000000', '00000000'), 'this is no log either');
    expect(verify().stdout).toMatch(/error log: .*checkpoint.00000000/);
  });
});
