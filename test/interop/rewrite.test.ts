/** Rewriting and deleting, seen by the real programs; and killed in the middle of it. */
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTsmon, tsmon } from '../cli.ts';
import { describeWith, peer } from '../peers.ts';
import { apiDump, promtoolDump } from './dump.ts';
import { RealPrometheus } from './prometheus.ts';

const promtool = peer('promtool');
const prometheus = peer('prometheus');
const root = mkdtempSync(join(tmpdir(), 'tsmon-interop-rewrite-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const START = Math.floor(Date.now() / 7_200_000) * 7_200_000 - 20 * 3600_000;
const original = join(root, 'original');

beforeAll(() => {
  let text = '';
  for (let i = 0; i < 600; i++) {
    for (let s = 0; s < 30; s++) {
      text += `m_total{s="${s % 10}",pod="p${Math.floor(s / 10)}"} ${i} ${START + i * 60_000 + (s % 3) * 1000}\n`;
    }
  }
  expect(tsmon(['tsdb', 'import', '-q', '--to', original], { input: text })).toMatchObject({ status: 0 });
});

describeWith('beside promtool and Prometheus', { promtool, prometheus }, () => {
  test('what is deleted or relabelled is so for them', { timeout: 60_000 }, async () => {
    const dir = join(root, 'server');
    const data = join(dir, 'data');
    cpSync(original, data, { recursive: true });
    const end = START + 5 * 3600_000;
    tsmon(['tsdb', 'delete', '--to', data, '--match', '{s="3"}', '--end', String(end), '-q']);
    tsmon(['tsdb', 'delete', '--to', data, '--match', '{s="4"}', '-q']);
    const expectDeleted = () => {
      const dump = promtoolDump(promtool!, data);
      expect(dump.size).toBe(27);
      for (const [series, samples] of dump) {
        const isCut = series.includes('s="3"');
        // Of the pods, only the first has a sample at that very moment.
        const deleted = series.includes('pod="p0"') ? 301 : 300;
        expect(samples.size).toBe(isCut ? 600 - deleted : 600);
        if (isCut) expect(Math.min(...samples.keys())).toBeGreaterThan(end);
      }
    };
    expectDeleted();
    tsmon(['tsdb', 'delete', '--to', data, '--match', '{s="4"}', '--clean', '-q']);
    expectDeleted();
    expect(tsmon(['tsdb', 'rewrite', '--to', data, '--drop-label', 'pod', '-q'])).toMatchObject({
      status: 0,
    });
    const dump = promtoolDump(promtool!, data);
    expect(dump.size).toBe(9);
    const server = await RealPrometheus.start(prometheus!, dir);
    try {
      const time = String((START + 11 * 3600_000) / 1000);
      const answer = await server.get('query', { query: 'm_total[12h]', time });
      expect(apiDump(answer)).toEqual(new Map([...dump].map(([series, samples]) => [series, samples])));
      expect(server.complaints).toEqual([]);
    } finally {
      await server.stop();
    }
  });

  test('killed at any moment, it is as before or as it shall be, block by block', {
    timeout: 120_000,
  }, async () => {
    const args = (data: string) => [
      'tsdb',
      'rewrite',
      '--to',
      data,
      '--match',
      '{pod="p1"}',
      '--delete',
      '-q',
    ];
    const whole = join(root, 'whole');
    cpSync(original, whole, { recursive: true });
    tsmon(args(whole));
    const want = promtoolDump(promtool!, whole);
    for (let round = 0; round < 8; round++) {
      const data = join(root, `round-${round}`);
      cpSync(original, data, { recursive: true });
      const child = startTsmon(args(data), { stdio: 'ignore' });
      // Asked for now: it may be done before it is killed.
      const ended = once(child, 'close');
      await sleep(60 + Math.random() * 400);
      child.kill('SIGKILL');
      await ended;
      const between = promtoolDump(promtool!, data);
      for (const [series, samples] of want) expect(between.get(series)).toEqual(samples);
      for (const series of between.keys()) if (!want.has(series)) expect(series).toContain('pod="p1"');
      expect(tsmon(args(data))).toMatchObject({ status: 0 });
      expect(promtoolDump(promtool!, data)).toEqual(want);
      expect(readdirSync(data).filter((name) => name !== 'wal').length).toBeLessThanOrEqual(6 * 2);
    }
  });
});
