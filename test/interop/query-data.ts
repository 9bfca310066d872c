/** A data directory full of what makes queries interesting, written by us and read by both. */

import { CounterReset, type Histogram } from '../../src/core/model/histogram.ts';
import { emptyHistogram } from '../../src/core/model/histogram-copy.ts';
import { type Labels, labelsFromObject } from '../../src/core/model/labels.ts';
import { writeStale } from '../../src/core/model/value.ts';
import { LogAppender } from '../../src/core/tsdb/append/index.ts';

/** Time of the first sample, ms. */
export const DATA_START = Date.UTC(2026, 0, 1);
export const DATA_STEP_MS = 15_000;
export const DATA_STEPS = 320;
export const DATA_END = DATA_START + (DATA_STEPS - 1) * DATA_STEP_MS;

/** For the generator: the metrics and labels of this data. */
export const DATA_METRICS = [
  'requests_total',
  'temperature',
  'sparse',
  'odd',
  'latency_seconds_bucket',
  'latency_seconds_count',
  'native',
  'native_gauge',
  'custom',
  'mixed',
  'build_info',
  'target_info',
  'native_float',
  'http.requests',
];
export const DATA_HISTOGRAMS = ['native', 'native_float', 'native_gauge', 'custom', 'mixed'];
export const DATA_LABELS: Record<string, readonly string[]> = {
  job: ['api', 'node'],
  instance: ['a', 'b', 'c'],
  le: ['0.1', '1', '+Inf'],
  'service.name': ['shop', 'blog'],
};
/** Of a length that fits the data; longer ones and shorter ones sometimes. */
export const DATA_DURATIONS = [
  ...['1m', '5m', '5m', '10m', '90s', '45', '7m30s', '20m', '1h', '30s', '61s'],
  ...['2h', '1d', '1y', '500ms', '1h0m5s', '15', '0.25'],
];
/** For `@`. */
export const DATA_INSTANTS = [
  ...[600, 1800, 3600.123, 4785].map((s) => (DATA_START / 1000 + s).toFixed(3)),
  ...['start()', 'end()', '0', '-5'],
];

/** A value for each step; undefined is a gap, null the stale marker. */
type Values = (step: number) => number | null | undefined;

/** Writes the directory; deterministic. */
export function writeQueryData(dir: string): void {
  const appender = new LogAppender(dir, {
    clock: { now: () => DATA_END, monotonic: () => 0, sleep: async () => {} },
  });
  const random = mulberry(42);
  const series: { labels: Labels; write: (ref: number) => void }[] = [];
  const floats = (labels: Record<string, string>, values: Values) => {
    const all = Array.from({ length: DATA_STEPS }, (_, step) => values(step));
    series.push({ labels: labelsFromObject(labels), write: (ref) => writeFloats(appender, ref, all) });
  };
  const histograms = (labels: Record<string, string>, value: (step: number) => Histogram | undefined) => {
    series.push({
      labels: labelsFromObject(labels),
      write: (ref) => {
        for (let step = 0; step < DATA_STEPS; step++) {
          const h = value(step);
          if (h !== undefined) appender.appendHistogram(ref, DATA_START + step * DATA_STEP_MS, h);
        }
      },
    });
  };

  for (const job of ['api', 'node']) {
    for (const instance of ['a', 'b', 'c']) {
      let total = 0;
      const speed = 3 + (job === 'api' ? 0 : 3) + 'abc'.indexOf(instance);
      floats({ __name__: 'requests_total', job, instance }, (step) => {
        // Resets, and one instance that goes away and comes back.
        if (instance === 'b' && step % 90 === 0) total = 0;
        total += Math.floor(random() * 50);
        if (instance === 'c' && step >= 150 && step < 200) return step === 150 ? null : undefined;
        return total;
      });
      let level = 20;
      floats({ __name__: 'temperature', job, instance }, () => (level += random() - 0.5));
      for (const [i, le] of ['0.1', '1', '5', '+Inf'].entries()) {
        floats(
          { __name__: 'latency_seconds_bucket', job, instance, le },
          (step) => step * (i + 1) * speed + i,
        );
      }
      floats({ __name__: 'latency_seconds_count', job, instance }, (step) => step * 4 * speed + 3);
      histograms({ __name__: 'native', job, instance }, (step) => native(step + 1, instance === 'b' ? 1 : 3));
      histograms({ __name__: 'custom', job, instance }, (step) => custom(step + 1));
      // Comes and goes with stale markers.
      histograms({ __name__: 'native_float', job, instance }, (step) => {
        const phase = (step + speed * 7) % 60;
        return phase < 45 ? nativeFloat(step + 1, speed % 4) : phase === 45 ? stale() : undefined;
      });
      floats(
        { __name__: 'target_info', job, instance, version: `v${speed % 3}`, 'service.name': 'shop' },
        () => 1,
      );
      floats({ __name__: 'build_info', job, instance, version: instance === 'a' ? '1.0' : '2.0' }, () => 1);
    }
  }
  floats({ __name__: 'sparse', job: 'api', instance: 'a' }, (step) => (step % 37 === 0 ? step : undefined));
  for (const service of ['shop', 'blog']) {
    floats({ __name__: 'http.requests', job: 'api', 'service.name': service }, (step) =>
      step % 50 < 40 ? step * service.length : null,
    );
  }
  floats({ __name__: 'odd', job: 'api', instance: 'a' }, (step) => ODD[step % ODD.length]);
  floats({ __name__: 'odd', job: 'node', instance: 'a' }, (step) => -(step % 7) * 1e-7);
  histograms({ __name__: 'native_gauge', job: 'api', instance: 'a' }, (step) => {
    const h = native(1 + (step % 11), 2);
    h.counterReset = CounterReset.gauge;
    return h;
  });
  floats({ __name__: 'mixed', job: 'api', instance: 'a' }, (step) => (step < 100 ? step : undefined));
  histograms({ __name__: 'mixed', job: 'api', instance: 'a' }, (step) =>
    step >= 100 ? native(step, 0) : undefined,
  );
  // Prometheus gives the series of its head in the order in which they were made, we in the order of their labels.
  // Where that decides a result (ties of topk, the first of several faults), both must have the same.
  series.sort((a, b) => a.labels.compare(b.labels));
  for (const { labels, write } of series) write(appender.ref(labels));
  appender.commit();
  appender.close();
}

function writeFloats(
  appender: LogAppender,
  ref: number,
  values: readonly (number | null | undefined)[],
): void {
  for (const [step, value] of values.entries()) {
    if (value === undefined) continue;
    const vs = Float64Array.of(value ?? 0);
    if (value === null) writeStale(vs, 0);
    const ts = Float64Array.of(DATA_START + step * DATA_STEP_MS);
    appender.append(Uint32Array.of(ref), ts, vs, 0, 1, new Uint8Array(1));
  }
}

const ODD = [
  0,
  -0,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -3,
  Number.NEGATIVE_INFINITY,
  1e300,
  1e-300,
  7,
];

function native(n: number, schema: number): Histogram {
  const h = emptyHistogram(schema);
  h.isFloat = false;
  h.zeroThreshold = 0.001;
  h.zeroCount = Math.floor(n / 3);
  h.positiveSpans = [
    { offset: -1, length: 2 },
    { offset: 2, length: 1 },
  ];
  h.positiveBuckets = Float64Array.of(n, 2 * n, n % 40);
  h.negativeSpans = [{ offset: 0, length: 1 }];
  h.negativeBuckets = Float64Array.of(Math.floor(n / 2));
  h.count = h.zeroCount + n + 2 * n + (n % 40) + Math.floor(n / 2);
  h.sum = n * 1.75;
  return h;
}

/** Counts that are no whole numbers, and observations below zero. */
function nativeFloat(n: number, schema: number): Histogram {
  const h = native(n, schema);
  h.isFloat = true;
  h.positiveBuckets = h.positiveBuckets.map((count) => count * 0.75);
  h.negativeBuckets = h.negativeBuckets.map((count) => count + 0.5);
  h.zeroCount += 0.25;
  h.count = h.zeroCount + [...h.positiveBuckets, ...h.negativeBuckets].reduce((a, b) => a + b);
  h.sum = n % 17 === 0 ? Number.NaN : n * -0.3;
  return h;
}

function stale(): Histogram {
  const h = emptyHistogram(0);
  h.stale = true;
  return h;
}

function custom(n: number): Histogram {
  const h = emptyHistogram(-53);
  h.isFloat = false;
  h.customValues = Float64Array.of(0.1, 1, 5);
  h.positiveSpans = [{ offset: 0, length: 4 }];
  h.positiveBuckets = Float64Array.of(n, 2 * n, 3 * n, Math.floor(n / 10));
  h.count = 6 * n + Math.floor(n / 10);
  h.sum = n * 4.5;
  return h;
}

function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
