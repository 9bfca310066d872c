/** XOR and histogram chunks: how long a sample takes to encode and to decode. `npm run bench -- chunk` */

import { type Histogram, SampleColumns } from '../src/core/model/index.ts';
import {
  appendXor,
  decodeChunk,
  HistogramAppender,
  XOR_SAMPLE_ROOM,
  XorStates,
} from '../src/core/tsdb/chunk/index.ts';

const SAMPLES = 120;
const CHUNKS = 2000;

const shapes: Record<string, (i: number, previous: number) => number> = {
  constant: () => 42,
  counter: (_, previous) => previous + Math.floor(Math.random() * 100),
  gauge: () => Math.random(),
};

for (const [name, next] of Object.entries(shapes)) {
  const ts = new Float64Array(SAMPLES * CHUNKS);
  const vs = new Float64Array(SAMPLES * CHUNKS);
  for (let c = 0; c < CHUNKS; c++) {
    for (let i = 0; i < SAMPLES; i++) {
      const row = c * SAMPLES + i;
      ts[row] = 1_700_000_000_000 + i * 15_000 + (name === 'gauge' ? Math.floor(Math.random() * 20) : 0);
      vs[row] = next(i, i === 0 ? c : vs[row - 1]);
    }
  }
  const halves = new Uint32Array(vs.buffer);
  const states = new XorStates(1);
  const bytes = new Uint8Array(SAMPLES * XOR_SAMPLE_ROOM * CHUNKS);
  const starts = new Uint32Array(CHUNKS + 1);
  const encode = () => {
    let base = 0;
    for (let c = 0; c < CHUNKS; c++) {
      starts[c] = base;
      states.clear(0);
      for (let i = 0; i < SAMPLES; i++) {
        const row = c * SAMPLES + i;
        appendXor(states, 0, bytes, base, ts[row], halves[row * 2 + 1], halves[row * 2]);
      }
      base += states.byteLength(0);
    }
    starts[CHUNKS] = base;
  };
  const out = new SampleColumns();
  const decode = () => {
    for (let c = 0; c < CHUNKS; c++) {
      out.length = 0;
      decodeChunk(1, bytes, starts[c], starts[c + 1], out, -Infinity, Infinity);
    }
  };
  const instant = () => {
    for (let c = 0; c < CHUNKS; c++) {
      out.length = 0;
      const t = 1_700_000_000_000 + 60 * 15_000;
      decodeChunk(1, bytes, starts[c], starts[c + 1], out, t - 300_000, t);
    }
  };
  const e = best(encode);
  const d = best(decode);
  const h = best(instant);
  const size = starts[CHUNKS] / (SAMPLES * CHUNKS);
  console.log(
    `${name.padEnd(10)} encode ${e.toFixed(1)} ns  decode ${d.toFixed(1)} ns  (5 m at half: ${h.toFixed(1)} ns)  ${size.toFixed(2)} B/sample`,
  );
}

for (const isFloat of [false, true]) {
  const BUCKETS = 40;
  const ts: number[] = [];
  const series: Histogram[] = [];
  const counts = new Float64Array(BUCKETS);
  for (let i = 0; i < SAMPLES; i++) {
    for (let b = 0; b < BUCKETS; b++) counts[b] += Math.floor(Math.random() * 20) * (isFloat ? 0.5 : 1);
    ts.push(1_700_000_000_000 + i * 15_000);
    series.push({
      isFloat,
      counterReset: 0,
      schema: 3,
      zeroThreshold: 2 ** -128,
      zeroCount: i,
      count: counts.reduce((a, b) => a + b, i),
      sum: i * 1.7,
      stale: false,
      positiveSpans: [{ offset: 0, length: BUCKETS }],
      negativeSpans: [],
      positiveBuckets: counts.slice(),
      negativeBuckets: new Float64Array(0),
      customValues: new Float64Array(0),
    });
  }
  let chunk = new HistogramAppender(isFloat);
  const encode = () => {
    for (let c = 0; c < CHUNKS / 20; c++) {
      chunk = new HistogramAppender(isFloat);
      for (let i = 0; i < SAMPLES; i++) chunk.append(ts[i], series[i]);
    }
  };
  encode();
  const data = chunk.bytes().slice();
  const out = new SampleColumns();
  const decode = () => {
    for (let c = 0; c < CHUNKS / 20; c++) {
      out.clear();
      decodeChunk(chunk.encoding, data, 0, data.length, out);
    }
  };
  const e = best(encode) * 20;
  const d = best(decode) * 20;
  console.log(
    `${isFloat ? 'float' : 'int'} histogram, ${BUCKETS} buckets: encode ${e.toFixed(0)} ns  decode ${d.toFixed(0)} ns  ${(data.length / SAMPLES).toFixed(1)} B/sample`,
  );
}

/** Nanoseconds a sample, the best of a second or so. */
function best(run: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  const until = performance.now() + 800;
  while (performance.now() < until) {
    const from = performance.now();
    run();
    least = Math.min(least, performance.now() - from);
  }
  return (least * 1e6) / (SAMPLES * CHUNKS);
}
