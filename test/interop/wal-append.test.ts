/** A directory that tsmon appended to, opened by the real Prometheus, and the two taking turns. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import {
  type Histogram,
  labelsFromObject,
  writeBits,
  writeNaN,
  writeStale,
} from '../../src/core/model/index.ts';
import { LogAppender } from '../../src/core/tsdb/append/index.ts';
import { describeWith, peer } from '../peers.ts';
import { RealPrometheus } from './prometheus.ts';
import { remoteRead } from './remote-read.ts';

const prometheus = peer('prometheus');
const FEATURES = ['--enable-feature=native-histograms,exemplar-storage,metadata-wal-records'];
const up = labelsFromObject({ __name__: 'up', job: 'node', instance: 'a:1' });
const unicode = labelsFromObject({ __name__: 'metric.with.dots', 'lab el': 'ü🙂' });
const native = labelsFromObject({ __name__: 'native', job: 'node' });

function histogram(count: number, changes: Partial<Histogram> = {}): Histogram {
  return {
    isFloat: false,
    counterReset: 0,
    schema: 1,
    zeroThreshold: 0.001,
    zeroCount: 1,
    count: count + 4,
    sum: 12.5,
    stale: false,
    positiveSpans: [
      { offset: 0, length: 1 },
      { offset: 2, length: 1 },
    ],
    negativeSpans: [{ offset: -1, length: 1 }],
    positiveBuckets: Float64Array.of(count, 1),
    negativeBuckets: Float64Array.of(2),
    customValues: new Float64Array(0),
    ...changes,
  };
}

const custom = (count: number, changes: Partial<Histogram> = {}) =>
  histogram(count, {
    schema: -53,
    zeroThreshold: 0,
    zeroCount: 0,
    count: count + 1,
    positiveSpans: [{ offset: 0, length: 2 }],
    negativeSpans: [],
    negativeBuckets: new Float64Array(0),
    positiveBuckets: Float64Array.of(count, 1),
    customValues: Float64Array.of(1, 2.5),
    ...changes,
  });

let dir: string;
let data: string;
let base: number;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-interop-'));
  data = join(dir, 'data');
  base = Date.now() - 60_000;
});
afterEach(() => rmSync(dir, { recursive: true }));

function append(work: (appender: LogAppender) => void): LogAppender {
  const appender = new LogAppender(data, { clock: systemClock });
  work(appender);
  appender.commit();
  appender.close();
  return appender;
}

function floats(
  appender: LogAppender,
  labels: typeof up,
  samples: [number, (vs: Float64Array) => void][],
): void {
  const ref = appender.ref(labels);
  for (const [t, set] of samples) {
    const vs = new Float64Array(1);
    set(vs);
    const outcomes = new Uint8Array(1);
    appender.append(Uint32Array.of(ref), Float64Array.of(t), vs, 0, 1, outcomes);
    expect(outcomes[0]).toBe(0);
  }
}

const value = (v: number) => (vs: Float64Array) => {
  vs[0] = v;
};

describeWith('a log that tsmon wrote', { prometheus }, () => {
  it('opens in Prometheus without a complaint, and gives the same values to the bit', async () => {
    append((appender) => {
      floats(appender, up, [
        [base, value(1)],
        [base + 1, value(-0)],
        [base + 2, value(1 / 3)],
        [base + 3, (vs) => writeNaN(vs, 0)],
        [base + 4, (vs) => writeBits(vs, 0, 0x7ff80000, 0xabc)],
        [base + 5, value(Number.NEGATIVE_INFINITY)],
        [base + 6, (vs) => writeStale(vs, 0)],
      ]);
      floats(appender, unicode, [[base, value(7)]]);
      const ref = appender.ref(native);
      appender.setMetadata(ref, { type: 'histogram', help: 'A histogram.', unit: 'seconds' });
      expect(appender.appendHistogram(ref, base, histogram(5))).toBe(0);
      expect(appender.appendHistogram(ref, base + 1, histogram(6, { isFloat: true, count: 10.5 }))).toBe(0);
      expect(appender.appendHistogram(ref, base + 2, custom(3))).toBe(0);
      expect(appender.appendHistogram(ref, base + 3, custom(3, { isFloat: true, count: 4.5 }))).toBe(0);
      floats(appender, native, [[base + 4, value(9)]]);
      expect(appender.appendHistogram(ref, base + 5, histogram(7))).toBe(0);
      expect(
        appender.appendHistogram(ref, base + 6, {
          ...histogram(0),
          schema: 0,
          zeroThreshold: 0,
          zeroCount: 0,
          count: 0,
          positiveSpans: [],
          negativeSpans: [],
          positiveBuckets: new Float64Array(0),
          negativeBuckets: new Float64Array(0),
          stale: true,
        }),
      ).toBe(0);
      for (const [t, v] of [
        [base, 0.25],
        [base, 0.5],
        [base + 2, 0.1],
      ]) {
        const labels = labelsFromObject({ trace_id: `t${v}` });
        expect(appender.appendExemplar(ref, { labels, v, t })).toBe(0);
      }
    });
    const real = await RealPrometheus.start(prometheus!, dir, '', FEATURES);
    try {
      expect(real.complaints).toEqual([]);
      expect(real.log).toMatch(/WAL replay completed/);
      const found = await remoteRead(real.url, '.+', base - 1000, base + 1000);
      expect(found.get(up.toString())).toEqual([
        `${base} 1`,
        `${base + 1} 0`,
        `${base + 2} ${1 / 3}`,
        `${base + 3} 0x7ff8000000000001`,
        `${base + 4} 0x7ff8000000000abc`,
        `${base + 5} -Infinity`,
        `${base + 6} 0x7ff0000000000002`,
      ]);
      expect(found.get(unicode.toString())).toEqual([`${base} 7`]);
      expect(found.get(native.toString())).toEqual([
        `${base} histogram 9 12.5`,
        `${base + 1} histogram 10.5 12.5`,
        `${base + 2} histogram 4 12.5`,
        `${base + 3} histogram 4.5 12.5`,
        `${base + 4} 9`,
        `${base + 5} histogram 11 12.5`,
        `${base + 6} histogram 0 0x7ff0000000000002`,
      ]);
      const query = { query: 'native', start: String(base / 1000), end: String(base / 1000 + 1) };
      const exemplars = (await real.get('query_exemplars', query)) as { exemplars: { value: string }[] }[];
      expect(exemplars[0].exemplars.map((e) => e.value)).toEqual(['0.25', '0.5', '0.1']);
      const at = { time: String((base + 2) / 1000), query: 'histogram_quantile(0.5, native)' };
      const quantile = (await real.get('query', at)) as { result: { value: [number, string] }[] };
      expect(Number(quantile.result[0].value[1])).toBeGreaterThan(0);
    } finally {
      await real.stop();
    }
  });

  it('takes turns with Prometheus as the writer: no ref collides, nothing is lost', async () => {
    const other = labelsFromObject({ __name__: 'other', job: 'x' });
    const own = (round: number) => labelsFromObject({ __name__: 'own', round: String(round) });
    const expected = { up: [] as string[], other: [] as string[] };
    for (let round = 0; round < 3; round++) {
      const t = base + round * 1000;
      const appender = append((a) => {
        floats(a, up, [[t, value(round)]]);
        floats(a, own(round), [[t, value(round)]]);
      });
      expect(appender.notices).toEqual([]);
      const real = await RealPrometheus.start(prometheus!, dir, '', FEATURES);
      try {
        await real.write([
          { labels: up, samples: [{ t: t + 500, v: round + 0.5 }] },
          { labels: other, samples: [{ t: t + 500, v: round }] },
          { labels: labelsFromObject({ __name__: 'theirs', round: String(round) }), samples: [{ t, v: 1 }] },
        ]);
        expected.up.push(`${t} ${round}`, `${t + 500} ${round + 0.5}`);
        expected.other.push(`${t + 500} ${round}`);
        const found = await remoteRead(real.url, '.+', base - 1000, base + 100_000);
        expect(found.get(up.toString())).toEqual(expected.up);
        expect(found.get(other.toString())).toEqual(expected.other);
        expect(found.size).toBe(2 + 2 * (round + 1));
        expect(real.complaints).toEqual([]);
      } finally {
        await real.stop();
      }
    }
  });

  it('is not written to while Prometheus runs on it, nor the other way round', async () => {
    append((appender) => floats(appender, up, [[base, value(1)]]));
    const real = await RealPrometheus.start(prometheus!, dir);
    try {
      expect(() => new LogAppender(data, { clock: systemClock })).toThrow(
        /data: prometheus \(process \d+\) is writing to this directory/,
      );
    } finally {
      await real.stop();
    }
    const appender = new LogAppender(data, { clock: systemClock });
    await expect(RealPrometheus.start(prometheus!, dir)).rejects.toThrow(/lock/);
    appender.close();
    expect(existsSync(join(data, 'lock'))).toBe(false);
  });

  it('gives no series the ref of chunks that are left of a deleted log', async () => {
    const first = await RealPrometheus.start(prometheus!, dir);
    const theirs = Array.from({ length: 5 }, (_, n) => ({
      labels: labelsFromObject({ __name__: 'theirs', n: String(n) }),
      samples: Array.from({ length: 400 }, (_, i) => ({ t: base - 400_000 + i * 1000, v: i })),
    }));
    await first.write(theirs);
    await first.stop();
    expect(readdirSync(join(data, 'chunks_head')).length).toBeGreaterThan(0);
    rmSync(join(data, 'wal'), { recursive: true });
    append((appender) => {
      for (let n = 0; n < 5; n++) {
        floats(appender, labelsFromObject({ __name__: 'ours', n: String(n) }), [[base, value(n)]]);
      }
    });
    const second = await RealPrometheus.start(prometheus!, dir);
    try {
      const found = await remoteRead(second.url, '.+', base - 1e6, base + 1000);
      expect([...found.values()]).toEqual([0, 1, 2, 3, 4].map((n) => [`${base} ${n}`]));
    } finally {
      await second.stop();
    }
  });

  it('may have files set aside in it, of which Prometheus takes no notice', async () => {
    append((appender) => floats(appender, up, [[base, value(1)]]));
    writeFileSync(join(data, 'wal', '00000000.damaged'), 'x');
    writeFileSync(join(data, 'wal', '00000001.damaged.1'), 'x');
    expect(readdirSync(data)).toContain('tsmon.refs');
    const real = await RealPrometheus.start(prometheus!, dir);
    try {
      expect(real.complaints).toEqual([]);
      expect((await remoteRead(real.url, 'up', base, base)).get(up.toString())).toEqual([`${base} 1`]);
    } finally {
      await real.stop();
    }
  });
});
