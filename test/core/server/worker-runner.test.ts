import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/core/clock.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { labelsFromObject } from '../../../src/core/model/labels.ts';
import { instantQuery } from '../../../src/core/promql/index.ts';
import { parseQuery } from '../../../src/core/promql/parser/index.ts';
import type { Pieces } from '../../../src/core/server/http/reply.ts';
import {
  type Evaluated,
  InlineRunner,
  type QueryTask,
  WorkerRunner,
} from '../../../src/core/server/index.ts';
import { Database } from '../../../src/core/tsdb/db/index.ts';
import { root } from '../../cli.ts';
import { histogram } from '../tsdb/head/samples.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);
const SERIES = 20;
const SAMPLES = 6 * 240;

const bundles = mkdtempSync(join(tmpdir(), 'tsmon-worker-'));
const worker = pathToFileURL(join(bundles, 'query-worker.cjs'));

beforeAll(async () => {
  await build({
    entryPoints: [join(root, 'src/core/server/workers/query-worker.ts')],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'error',
    outfile: join(bundles, 'query-worker.cjs'),
  });
});

afterAll(() => rmSync(bundles, { recursive: true }));

describe('queries in threads', () => {
  let dir: string;
  let database: Database;
  let threads: WorkerRunner;
  let inline: InlineRunner;
  const clock: Clock = { ...systemClock, now: () => START + 6 * HOUR, monotonic: () => performance.now() };

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'tsmon-runner-'));
    database = await Database.open(dir, { clock });
    write(0, SAMPLES);
    // Two blocks and a head.
    await database.maintain();
    expect(database.stats().blocks).toBeGreaterThan(0);
    threads = new WorkerRunner({ database, worker, threads: 2, engine: {}, clock });
    inline = new InlineRunner({ source: () => database.reader(), engine: {}, clock });
  });

  afterEach(async () => {
    await threads.close();
    await database.close();
    rmSync(dir, { recursive: true });
  });

  function write(from: number, to: number): void {
    const appender = database.appender();
    for (let s = 0; s < SERIES; s++) {
      const n = to - from;
      const ref = appender.ref(
        labelsFromObject({ __name__: 'm', job: s % 2 === 0 ? 'a' : 'b', s: String(s) }),
      );
      const ts = Float64Array.from({ length: n }, (_, i) => START + (from + i) * 15_000);
      const vs = Float64Array.from({ length: n }, (_, i) => s * 1000 + from + i);
      appender.append(new Uint32Array(n).fill(ref), ts, vs, 0, n, new Uint8Array(n));
    }
    appender.commit();
  }

  const task = (query: string, times: QueryTask['times']): QueryTask => ({
    query,
    times,
    timeoutMs: 60_000,
    lookbackMs: undefined,
    limit: 0,
    stats: false,
    queuedMs: 0,
  });
  const whole = { kind: 'range', start: START, end: START + 6 * HOUR, stepMs: 15_000 } as const;

  async function text(answer: Promise<Evaluated<Pieces>>): Promise<string> {
    const all: Uint8Array[] = [];
    for await (const piece of (await answer).result) all.push(piece);
    return Buffer.concat(all).toString();
  }

  const never = () => new AbortController().signal;

  it.each([
    'm',
    'sum by (job) (rate(m[5m]))',
    'm{job="a"} + on (s) m',
    'max_over_time(m[1h:1m])',
    'nothing',
    'vector(1)',
    'count({__name__=~".+"}) + time()',
  ])('yield what they yield in this one: %s', async (query) => {
    for (const times of [whole, { kind: 'instant', t: START + 5 * HOUR } as const]) {
      const here = await text(inline.run(task(query, times), never()));
      expect(await text(threads.run(task(query, times), never()))).toBe(here);
    }
  });

  it.each(['m', 'sum by (job) (rate(m[6h]))', 'sort(m) / 0', 'm * NaN', 'scalar(m{s="3"})', '42', 'nothing'])(
    'yield for rules what they yield in this one: %s',
    async (query) => {
      const t = START + 5 * HOUR;
      const source = database.reader();
      const { value } = await instantQuery(source, query, t);
      const { result: there } = await threads.value(query, parseQuery(query), t);
      await source.close();
      expect(there.type).toBe(value.type);
      if (there.type !== 'vector' || value.type !== 'vector') {
        expect(there).toEqual(value);
        return;
      }
      const bits = ({ v }: { v: Float64Array }) => Buffer.from(v.slice(0, 1).buffer).toString('hex');
      expect(there.series.map(bits)).toEqual(value.series.map(bits));
      expect(there.series.map(({ labels }) => String(labels))).toEqual(
        value.series.map(({ labels }) => String(labels)),
      );
    },
  );

  it('give rules histograms, and say what is wrong with their queries', async () => {
    const t = START + 6 * HOUR;
    const appender = database.appender();
    appender.appendHistogram(appender.ref(labelsFromObject({ __name__: 'h' })), t, histogram(7));
    appender.commit();
    const query = 'h or last_over_time(h[7h:1m])';
    const { result: value } = await threads.value(query, parseQuery(query), t);
    expect(value).toMatchObject({ type: 'vector', series: [{ histograms: [{ count: 7 }] }] });
    const many = 'm * on (job) max_over_time(m[7h:1m])';
    await expect(threads.value(many, parseQuery(many), t)).rejects.toThrow(/many-to-many|duplicate series/);
  });

  it('see what was appended, deleted and made into blocks since the last one', async () => {
    const count = task('sum(count_over_time(m[10h]))', { kind: 'instant', t: START + 6.5 * HOUR });
    const before = await text(threads.run(count, never()));
    expect(before).toContain(`"${SERIES * SAMPLES}"`);
    write(SAMPLES, SAMPLES + 10);
    expect(await text(threads.run(count, never()))).toContain(`"${SERIES * (SAMPLES + 10)}"`);
    const { Matcher } = await import('../../../src/core/model/matcher.ts');
    await database.delete([new Matcher('=', 's', '3')], START, START + 10 * HOUR);
    expect(await text(threads.run(count, never()))).toContain(`"${(SERIES - 1) * (SAMPLES + 10)}"`);
    await database.compact();
    expect(await text(threads.run(count, never()))).toContain(`"${(SERIES - 1) * (SAMPLES + 10)}"`);
  });

  it('run side by side', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => text(threads.run(task(`m{s="${i}"}`, whole), never()))),
    );
    for (const [i, answer] of answers.entries()) expect(answer).toContain(`"s":"${i}"`);
  });

  it('fail as they do here', async () => {
    const failing = 'm + on (job) m';
    const here = await text(inline.run(task(failing, whole), never())).catch((error) => error);
    const there = await text(threads.run(task(failing, whole), never())).catch((error) => error);
    expect([there.code, there.reason]).toEqual([here.code, here.reason]);
    expect(there.code).toBe('query_execution');
  });

  it('end when nobody waits any more', async () => {
    const controller = new AbortController();
    const heavy = task('sum(max_over_time(m[6h:1s])) + sum(min_over_time(m[6h:2s]))', whole);
    const answer = text(threads.run(heavy, controller.signal)).catch((error) => error.code);
    setTimeout(() => controller.abort(), 50);
    expect(await answer).toBe('query_canceled');
  });

  it('do not hold up this thread', async () => {
    const order: string[] = [];
    const heavy = task('sum(max_over_time(m[6h:5s]))', { ...whole, stepMs: 600_000 });
    const light = task('vector(1)', { kind: 'instant', t: START });
    await Promise.all([
      text(threads.run(heavy, never())).then(() => order.push('heavy')),
      systemClock
        .sleep(1)
        .then(() => text(threads.run(light, never())))
        .then(() => order.push('light')),
    ]);
    expect(order).toEqual(['light', 'heavy']);
  });

  it('are read in part where that is all that is wanted', async () => {
    const { result } = await threads.run(task('m', whole), never());
    for await (const piece of result) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    expect(
      await text(threads.run(task('vector(1) + m{s="1"} * 0', { kind: 'instant', t: START }), never())),
    ).toContain('success');
  });
});
