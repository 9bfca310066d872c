/** Snapshots and repairs, opened by the real Prometheus; and killed in the middle of it. */
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labelsFromObject } from '../../src/core/model/index.ts';
import { isUlid } from '../../src/core/tsdb/block/index.ts';
import { startTsmon, tsmon } from '../cli.ts';
import { describeWith, peer } from '../peers.ts';
import { apiDump, type Dump, promtoolDump } from './dump.ts';
import { RealPrometheus } from './prometheus.ts';

const promtool = peer('promtool');
const prometheus = peer('prometheus');
const root = mkdtempSync(join(tmpdir(), 'tsmon-interop-repair-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const NOW = Math.floor(Date.now() / 1000) * 1000;
const HOUR = 3600_000;
const START = Math.floor(NOW / (2 * HOUR)) * 2 * HOUR - 20 * HOUR;
const original = join(root, 'original');
const blocks = (data: string) => readdirSync(data).filter(isUlid).sort();
/** Kills of each command; more for a long search. */
const ROUNDS = Number(process.env['TSMON_KILL_ROUNDS'] ?? 6);
let n = 0;

function copyOfOriginal(): { dir: string; data: string } {
  const dir = join(root, String(n++));
  const data = join(dir, 'data');
  cpSync(original, data, { recursive: true });
  return { dir, data };
}

/** What the server gives of the last day; it must have nothing to complain of. */
async function served(dir: string): Promise<Dump> {
  const server = await RealPrometheus.start(prometheus!, dir);
  try {
    const query = { query: '{__name__=~".+"}[1d]', time: String(NOW / 1000 + 60) };
    const dump = apiDump(await server.get('query', query));
    expect(server.complaints).toEqual([]);
    return dump;
  } finally {
    await server.stop();
  }
}

/** Five blocks, and a log. */
beforeAll(() => {
  let text = '';
  for (let i = 0; i < 600; i++) {
    for (let s = 0; s < 20; s++) text += `m_total{s="${s}"} ${i} ${START + i * 60_000 + s}\n`;
  }
  tsmon(['tsdb', 'import', '-q', '--to', original], { input: text });
  text = '';
  for (let i = 0; i < 100; i++) {
    for (let s = 0; s < 20; s++) text += `m_total{s="${s}"} ${i} ${NOW - (100 - i) * 30_000}\n`;
  }
  tsmon(['tsdb', 'append', '-q', '--to', original], { input: text });
});

describeWith('beside promtool and Prometheus', { promtool, prometheus }, () => {
  test('the snapshot of a running Prometheus has what it has', { timeout: 60_000 }, async () => {
    const { dir, data } = copyOfOriginal();
    const copy = join(root, 'copy');
    mkdirSync(copy);
    const server = await RealPrometheus.start(prometheus!, dir);
    let dump: Dump;
    try {
      const labels = labelsFromObject({ __name__: 'written' });
      await server.write([{ labels, samples: [{ t: NOW, v: 5 }] }]);
      const query = { query: '{__name__=~".+"}[1d]', time: String(NOW / 1000 + 60) };
      dump = apiDump(await server.get('query', query));
      expect(dump.size).toBe(21);
      const snapshot = tsmon(['tsdb', 'snapshot', '--from', data, join(copy, 'data'), '-q']);
      expect(snapshot).toMatchObject({ status: 0, stderr: '' });
      expect(promtoolDump(promtool!, join(copy, 'data'))).toEqual(dump);
      expect(promtoolDump(promtool!, await server.snapshot())).toEqual(dump);
      // Its snapshot, and its head with all that it writes meanwhile, are sound.
      expect(tsmon(['tsdb', 'verify', '--from', data])).toMatchObject({ status: 0 });
    } finally {
      await server.stop();
    }
    expect(await served(copy)).toEqual(dump);
  });

  test('what is deleted from blocks and log is deleted for it', { timeout: 60_000 }, async () => {
    const { dir, data } = copyOfOriginal();
    const end = NOW - 60_000;
    tsmon(['tsdb', 'delete', '-q', '--to', data, '--match', '{s="3"}', '--end', String(end)]);
    tsmon(['tsdb', 'delete', '-q', '--to', data, '--match', '{s="4"}']);
    const dump = await served(dir);
    expect(dump.size).toBe(19);
    for (const [series, samples] of dump) expect(samples.size).toBe(series.includes('s="3"') ? 1 : 700);
  });

  test.each([
    ['meta.json', (data: string) => rmSync(join(data, blocks(data)[0], 'meta.json')), 0],
    ['the postings', (data: string) => flip(join(data, blocks(data)[1], 'index'), -300), 0],
    ['tombstones', (data: string) => flip(join(data, blocks(data)[1], 'tombstones'), 2), 0],
    ['a chunk', (data: string) => flip(join(data, blocks(data)[4], 'chunks', '000001'), 40), 1],
    ['the log', (data: string) => flip(join(data, 'wal', '00000000'), 5000), 1],
    ['the end of the log', (data: string) => cut(join(data, 'wal', '00000000'), 7), 1],
    ['all of it', everything, 3],
  ])('a directory repaired of damage to %s is sound for it', { timeout: 60_000 }, async (_, damage, lost) => {
    const { dir, data } = copyOfOriginal();
    const before = promtoolDump(promtool!, data);
    damage(data);
    tsmon(['tsdb', 'repair', '-q', '--to', data]);
    expect(tsmon(['tsdb', 'verify', '--from', data])).toMatchObject({ status: 0 });
    const after = await served(dir);
    expect(promtoolDump(promtool!, data)).toEqual(after);
    for (const [series, samples] of after) {
      for (const [t, v] of samples) expect(before.get(series)!.get(t)).toBe(v);
    }
    const count = (dump: Dump) => [...dump.values()].reduce((sum, { size }) => sum + size, 0);
    const missing = count(before) - count(after);
    if (lost === 0) expect(missing).toBe(0);
    // Chunks have 120 samples, records of the log at most 2,000.
    else expect(missing).toBeLessThanOrEqual(lost * 2000);
  });

  test('killed at any moment, all is there as before or as it shall be', { timeout: 300_000 }, async () => {
    const before = promtoolDump(promtool!, original);
    const deleted = new Map([...before].filter(([series]) => !series.includes('s="7"')));
    const work = {
      delete: (data: string) => ['--to', data, '--match', '{s="7"}', '--clean'],
      repair: (data: string) => ['--to', data],
      snapshot: (data: string) => ['--from', data, `${data}-copy`],
    };
    for (let round = 0; round < ROUNDS; round++) {
      for (const [command, argsOf] of Object.entries(work)) {
        const { data } = copyOfOriginal();
        if (command === 'repair') for (const name of blocks(data)) flip(join(data, name, 'index'), -300);
        const args = ['tsdb', command, '-q', ...argsOf(data)];
        const child = startTsmon(args, { stdio: 'ignore' });
        await Promise.race([sleep(100 + Math.random() * 500), once(child, 'close')]);
        const ended = child.exitCode === null ? once(child, 'close') : undefined;
        child.kill('SIGKILL');
        await ended;
        if (command === 'delete') {
          const between = promtoolDump(promtool!, data);
          for (const [series, samples] of deleted) expect(between.get(series)).toEqual(samples);
        }
        if (command === 'snapshot' && existsSync(`${data}-copy`)) {
          expect(promtoolDump(promtool!, `${data}-copy`)).toEqual(before);
          continue;
        }
        expect(tsmon(args).stderr).toBe('');
        const done = promtoolDump(promtool!, command === 'snapshot' ? `${data}-copy` : data);
        expect(done).toEqual(command === 'delete' ? deleted : before);
        rmSync(data, { recursive: true });
        rmSync(`${data}-copy`, { recursive: true, force: true });
      }
    }
  });
});

/** Changes a byte; from the end where `at` is negative. */
function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at < 0 ? bytes.length + at : at] ^= 0x55;
  writeFileSync(path, bytes);
}

function cut(path: string, bytes: number): void {
  truncateSync(path, statSync(path).size - bytes);
}

function everything(data: string): void {
  const [first, second, third] = blocks(data);
  rmSync(join(data, first, 'meta.json'));
  flip(join(data, first, 'index'), -10);
  flip(join(data, second, 'index'), 20);
  flip(join(data, third, 'chunks', '000001'), 100);
  flip(join(data, 'wal', '00000000'), 3000);
  mkdirSync(join(data, 'chunks_head'), { recursive: true });
  writeFileSync(join(data, 'chunks_head', '000001'), 'this is no file of chunks');
}
