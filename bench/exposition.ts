/**
 * Parsing expositions: `npm run bench -- exposition`.
 *
 * Each body is parsed over and over, with other values every second time, as a target's scrapes come: `known` is the
 * best pass of a warm parser, `cold` the first pass of a fresh one (with warm code). `JSON.parse` reads a document of
 * the same samples in the same run. `heap` is what a known pass leaves for the garbage collector; `memory` is what
 * the parser, its table and the batch hold afterwards.
 *
 * The real body comes from a node_exporter in $TSMON_PEERS or $PATH, where there is one.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { Batch } from '../src/core/exposition/batch.ts';
import { OpenMetricsParser } from '../src/core/exposition/openmetrics-parser.ts';
import type { ExpositionParser } from '../src/core/exposition/parser.ts';
import { SeriesTable } from '../src/core/exposition/series-table.ts';
import { TextParser } from '../src/core/exposition/text-parser.ts';

const SECONDS = Number(process.argv[2] ?? 1.5);
const collect = (globalThis as { gc?: () => void }).gc ?? (() => {});

type MakeParser = (table: SeriesTable) => ExpositionParser;
const text: MakeParser = (table) => new TextParser(table);
const openMetrics: MakeParser = (table) => new OpenMetricsParser(table);

interface Case {
  name: string;
  make: MakeParser;
  /** The same series with other values. */
  bodies: [Buffer, Buffer];
}

const real = await nodeExporterBodies();
const cases: Case[] = [];
if (real === undefined) console.log('(no node_exporter in $TSMON_PEERS or $PATH: its body is left out)');
else {
  const [first] = real;
  cases.push({ name: 'node_exporter', make: text, bodies: real });
  const large = Buffer.concat(Array.from({ length: 40 }, (_, i) => labelled(first, i)));
  cases.push({ name: 'node_exporter x40', make: text, bodies: [large, large] });
}
cases.push(
  { name: '100k series', make: text, bodies: [generated(1, 'text'), generated(2, 'text')] },
  { name: '100k + times', make: text, bodies: [generated(1, 'timed'), generated(2, 'timed')] },
  { name: '100k OpenMetrics', make: openMetrics, bodies: [generated(1, 'om'), generated(2, 'om')] },
);

console.log(
  'body               MB     samples    known ns    MB/s    cold ns   JSON.parse ns    heap B/sample    memory MB',
);
for (const { name, make, bodies } of cases) {
  const result = measure(make, bodies);
  console.log(
    [
      name.padEnd(17),
      (bodies[0].length / 1e6).toFixed(2).padStart(6),
      String(result.samples).padStart(9),
      result.known.toFixed(1).padStart(11),
      (((bodies[0].length / result.samples) * 1000) / result.known).toFixed(0).padStart(7),
      result.cold.toFixed(0).padStart(10),
      result.json.toFixed(0).padStart(15),
      result.heap.toFixed(3).padStart(16),
      result.memory.toFixed(1).padStart(12),
    ].join(' '),
  );
}

function measure(make: MakeParser, bodies: [Buffer, Buffer]) {
  const pass = (parser: ExpositionParser, batch: Batch, i: number) => {
    batch.clear();
    parser.write(bodies[i & 1], batch);
    parser.end(batch);
  };
  collect();
  const before = held();
  const table = new SeriesTable();
  const parser = make(table);
  const batch = new Batch();
  for (let i = 0; i < 6; i++) pass(parser, batch, i);
  collect();
  const memory = (held() - before) / 1e6;
  const samples = batch.length;
  const known = best((i) => pass(parser, batch, i)) / samples;
  collect();
  const heapBefore = process.memoryUsage().heapUsed;
  pass(parser, batch, 0);
  const heap = (process.memoryUsage().heapUsed - heapBefore) / samples;
  const cold = best((i) => pass(make(new SeriesTable()), batch, i)) / samples;
  pass(parser, batch, 0);
  const document = JSON.stringify(
    Array.from({ length: samples }, (_, row) => ({
      metric: table.labels[batch.series[row]].toObject(),
      value: batch.v[row],
      ...(Number.isNaN(batch.t[row]) ? {} : { timestamp: batch.t[row] }),
    })),
  );
  const json = best(() => JSON.parse(document)) / samples;
  return { samples, known, cold, json, heap, memory };
}

/** Nanoseconds of the fastest run. */
function best(run: (i: number) => void): number {
  let least = Number.POSITIVE_INFINITY;
  const until = performance.now() + SECONDS * 1000;
  for (let i = 0; performance.now() < until || i < 3; i++) {
    const from = performance.now();
    run(i);
    least = Math.min(least, performance.now() - from);
  }
  return least * 1e6;
}

function held(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** 100,000 series of counters, gauges and histograms as services expose them. */
function generated(seed: number, form: 'text' | 'timed' | 'om'): Buffer {
  const random = mulberry32(seed);
  const lines: string[] = [];
  const time = form === 'timed' ? ` ${1_700_000_000_000 + seed * 15_000}` : '';
  let count = 0;
  const sample = (series: string, v: string, exemplar = '') => {
    lines.push(`${series} ${v}${time}${form === 'om' ? exemplar : ''}`);
    count++;
  };
  const family = (name: string, type: string) => {
    lines.push(`# HELP ${name} What ${name.replaceAll('_', ' ')} is about.`, `# TYPE ${name} ${type}`);
  };
  for (let f = 0; count < 100_000; f++) {
    const counter = `http_requests_${f}`;
    family(form === 'om' ? counter : `${counter}_total`, 'counter');
    for (let i = 0; i < 200; i++) {
      const labels = `{method="${i % 2 ? 'GET' : 'POST'}",handler="/api/v1/things/${i}",code="${200 + (i % 5)}"}`;
      sample(`${counter}_total${labels}`, String(Math.floor(random() * 1e7)));
    }
    const gauge = `queue_fill_ratio_${f}`;
    family(gauge, 'gauge');
    for (let i = 0; i < 100; i++) sample(`${gauge}{queue="q${i}",shard="${i % 7}"}`, String(random()));
    const histogram = `latency_seconds_${f}`;
    family(histogram, 'histogram');
    for (let i = 0; i < 10; i++) {
      for (const le of ['0.005', '0.01', '0.05', '0.1', '0.5', '1.0', '5.0', '+Inf']) {
        const n = Math.floor(random() * 1e5);
        const exemplar = le === '0.5' ? ` # {trace_id="${n}abcdef0123"} 0.25 1700000000.123` : '';
        sample(`${histogram}_bucket{handler="/h/${i}",le="${le}"}`, String(n), exemplar);
      }
      sample(`${histogram}_sum{handler="/h/${i}"}`, String(random() * 1e4));
      sample(`${histogram}_count{handler="/h/${i}"}`, String(Math.floor(random() * 1e5)));
    }
  }
  if (form === 'om') lines.push('# EOF');
  return Buffer.from(`${lines.join('\n')}\n`);
}

/** The body with one more label on every sample. */
function labelled(body: Buffer, i: number): Buffer {
  const label = `host="node-${String(i).padStart(3, '0')}"`;
  const lines = body
    .toString()
    .split('\n')
    .map((line) =>
      /^[^#{]+\{/.test(line) ? line.replace('{', `{${label},`) : line.replace(/^(\w+) /, `$1{${label}} `),
    );
  return Buffer.from(lines.join('\n'));
}

function mulberry32(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Two scrapes of a node_exporter, or undefined where there is none. */
async function nodeExporterBodies(): Promise<[Buffer, Buffer] | undefined> {
  const folders = [process.env['TSMON_PEERS'] ?? '', ...(process.env['PATH'] ?? '').split(delimiter)];
  const names = ['prometheus-node-exporter', 'node_exporter'];
  const program = folders.flatMap((folder) => names.map((name) => join(folder, name))).find(existsSync);
  if (program === undefined) return undefined;
  const port = await freePort();
  const child = spawn(program, [`--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' });
  try {
    const scrape = () => fetchBody(`http://127.0.0.1:${port}/metrics`);
    let first: Buffer | undefined;
    for (let tries = 0; first === undefined && tries < 50; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      first = await scrape().catch(() => undefined);
    }
    return first && [first, await scrape()];
  } finally {
    child.kill();
  }
}

function fetchBody(url: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    get(url, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () => resolve(Buffer.concat(pieces)));
    }).on('error', reject);
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address() as { port: number };
      server.close(() => resolve(address.port));
    });
  });
}
