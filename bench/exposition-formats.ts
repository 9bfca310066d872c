/**
 * Writing every exposition format, and reading back protobuf and JSON Lines: `npm run bench -- exposition-formats`.
 *
 * `scrape` is 100,000 series with one sample each, round after round, as `scrape --watch` prints them; `dump` is 100
 * series with 10,000 samples each, as `tsdb dump` does. `JSON.stringify` of equivalent rows runs in the same process.
 * The best of several passes counts; ns of CPU time are per sample.
 */
import { Batch } from '../src/core/exposition/batch.ts';
import { createParser, createWriter } from '../src/core/exposition/format.ts';
import type { ExpositionFormat } from '../src/core/exposition/parser.ts';
import { type Family, SeriesTable } from '../src/core/exposition/series-table.ts';
import { WRITE_PIECE, type WriterOptions } from '../src/core/exposition/writer.ts';
import { type Labels, labelsFromObject } from '../src/core/model/labels.ts';

const SERIES = 100_000;
const STRETCH = 10_000;
const PASSES = 7;
const T = 1_700_000_000_000;
const formats: ExpositionFormat[] = ['text', 'openmetrics', 'jsonl', 'protobuf'];

const families: Family[] = Array.from({ length: 1000 }, (_, i) => ({
  name: `metric_${i}_seconds_total`,
  type: 'counter',
  help: 'What this counts, in a sentence of usual length.',
  unit: '',
}));
const series: Labels[] = Array.from({ length: SERIES }, (_, i) =>
  labelsFromObject({
    __name__: families[Math.floor(i / 100)].name,
    instance: 'host-17.example.com:9100',
    job: 'node',
    device: `sd${i % 10}`,
    mode: ['idle', 'user', 'system'][i % 3],
    shard: String(i),
  }),
);
const values = Float64Array.from({ length: SERIES }, (_, i) => (i % 3 === 0 ? i * 17 : (i * 7919) / 1000));
const noisy = Float64Array.from({ length: SERIES }, () => Math.random() * 1e6);

const scrape = (format: ExpositionFormat, vs: Float64Array, options: WriterOptions) => {
  const writer = createWriter(format, options);
  return () => {
    let bytes = 0;
    for (let i = 0; i < SERIES; i++) {
      writer.family(families[Math.floor(i / 100)]);
      writer.sample(series[i], T, vs, i);
      if (writer.buffered >= WRITE_PIECE) bytes += writer.take().length;
    }
    writer.end();
    return bytes + writer.take().length;
  };
};

const dump = (format: ExpositionFormat) => {
  const writer = createWriter(format);
  return () => {
    let bytes = 0;
    for (let s = 0; s < 100; s++) {
      writer.family(families[s]);
      for (let i = 0; i < STRETCH; i++) {
        writer.sample(series[s * 100], T + i * 15_000, values, i);
        if (writer.buffered >= WRITE_PIECE) bytes += writer.take().length;
      }
    }
    writer.end();
    return bytes + writer.take().length;
  };
};

const stringify = () => {
  let bytes = 0;
  for (let i = 0; i < SERIES; i++) {
    bytes += JSON.stringify({ metric: series[i].toObject(), values: [values[i]], timestamps: [T] }).length;
  }
  return bytes;
};

function parsing(format: ExpositionFormat): [samples: number, pass: () => number] {
  const writer = createWriter(format);
  const pieces: Buffer[] = [];
  for (let i = 0; i < SERIES; i++) {
    writer.family(families[Math.floor(i / 100)]);
    writer.sample(series[i], T, values, i);
    if (writer.buffered >= WRITE_PIECE) pieces.push(Buffer.from(writer.take()));
  }
  writer.end();
  const body = Buffer.concat([...pieces, writer.take()]);
  const parser = createParser(format, new SeriesTable());
  const batch = new Batch();
  const pass = () => {
    batch.clear();
    parser.write(body, batch);
    parser.end(batch);
    return body.length;
  };
  pass();
  return [batch.length, pass];
}

console.log('what                           MB     ns a sample     MB/s');
for (const format of formats) {
  report(`${format}, scrape`, SERIES, scrape(format, values, { keepSeries: true }));
  report(`${format}, first scrape`, SERIES, () => scrape(format, values, {})());
}
report('text, scrape, 17 digits', SERIES, scrape('text', noisy, { keepSeries: true }));
for (const format of formats) report(`${format}, dump`, 100 * STRETCH, dump(format));
report('JSON.stringify, scrape', SERIES, stringify);
for (const format of ['protobuf', 'jsonl'] as const) report(`${format}, read again`, ...parsing(format));
const parsed = Buffer.from(
  JSON.stringify(series.map((labels, i) => ({ ...labels.toObject(), v: values[i] }))),
).toString();
report('JSON.parse, the same', SERIES, () => {
  JSON.parse(parsed);
  return parsed.length;
});

function report(what: string, samples: number, pass: () => number): void {
  let best = Number.POSITIVE_INFINITY;
  let bytes = 0;
  for (let i = 0; i < PASSES; i++) {
    // CPU time: the machine may have other work.
    const start = process.cpuUsage();
    bytes = pass();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) * 1000);
  }
  const ns = best / samples;
  console.log(
    `${what.padEnd(26)} ${(bytes / 1e6).toFixed(1).padStart(7)} ${ns.toFixed(0).padStart(14)} ${(bytes / (best / 1e3)).toFixed(0).padStart(10)}`,
  );
}
