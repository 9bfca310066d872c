/** Runs the real Prometheus on a directory of the test, on a free port, and feeds and asks it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ByteWriter } from '../../src/core/encoding/byte-writer.ts';
import { snappyCompress, snappyMaxCompressedLength } from '../../src/core/encoding/snappy.ts';
import { CounterReset, type Histogram, type Labels } from '../../src/core/model/index.ts';

export interface RemoteSeries {
  labels: Labels;
  samples?: { t: number; v: number }[];
  histograms?: { t: number; h: Histogram }[];
}

export class RealPrometheus {
  readonly url: string;
  /** Its data directory. */
  readonly data: string;
  private readonly process: ChildProcess;
  private output = '';

  private constructor(process: ChildProcess, url: string, data: string) {
    this.process = process;
    this.url = url;
    this.data = data;
    for (const stream of [process.stdout, process.stderr]) {
      stream!.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
  }

  /** Starts `program` with `dir` for its configuration and (in `data`) its storage; returns when it is ready. */
  static async start(
    program: string,
    dir: string,
    config = '',
    flags: string[] = [],
  ): Promise<RealPrometheus> {
    const data = join(dir, 'data');
    mkdirSync(data, { recursive: true });
    const file = join(dir, 'prometheus.yml');
    writeFileSync(file, config);
    const port = await freePort();
    const child = spawn(program, [
      `--config.file=${file}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-admin-api',
      '--web.enable-remote-write-receiver',
      '--enable-feature=native-histograms',
      '--storage.tsdb.retention.time=100y',
      ...flags,
    ]);
    const prometheus = new RealPrometheus(child, `http://127.0.0.1:${port}`, data);
    for (let i = 0; i < 200; i++) {
      if (child.exitCode !== null) throw new Error(`Prometheus ended:\n${prometheus.output}`);
      const ready = await fetch(`${prometheus.url}/-/ready`).catch(() => undefined);
      if (ready?.ok) return prometheus;
      await sleep(50);
    }
    await prometheus.stop();
    throw new Error(`Prometheus did not become ready:\n${prometheus.output}`);
  }

  /** What it logged so far. */
  get log(): string {
    return this.output;
  }

  /** Log lines of level warn or error. */
  get complaints(): string[] {
    return this.output.split('\n').filter((line) => /level=(WARN|ERROR)/i.test(line));
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGTERM');
    await ended;
  }

  async write(series: readonly RemoteSeries[]): Promise<void> {
    const message = writeRequest(series);
    const body = new Uint8Array(snappyMaxCompressedLength(message.length));
    const length = snappyCompress(message, 0, message.length, body, 0);
    const response = await fetch(`${this.url}/api/v1/write`, {
      method: 'POST',
      headers: {
        'Content-Encoding': 'snappy',
        'Content-Type': 'application/x-protobuf',
        'X-Prometheus-Remote-Write-Version': '0.1.0',
      },
      body: body.subarray(0, length),
    });
    if (!response.ok) throw new Error(`remote write: ${response.status} ${await response.text()}`);
  }

  /** Asks the HTTP API; returns `data` of its answer. */
  async get(path: string, params: Record<string, string> = {}, method = 'GET'): Promise<unknown> {
    const response = await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(params)}`, { method });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text).data;
  }

  /** Writes all it has into blocks; returns the directory that holds them. */
  async snapshot(): Promise<string> {
    const { name } = (await this.get('admin/tsdb/snapshot', {}, 'POST')) as { name: string };
    return join(this.data, 'snapshots', name);
  }
}

/** A port of the loopback interface that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A remote write 1.0 request. */
function writeRequest(all: readonly RemoteSeries[]): Uint8Array {
  const request = new ByteWriter();
  for (const { labels, samples = [], histograms = [] } of all) {
    const series = new ByteWriter();
    for (const [name, value] of labels) {
      const label = new ByteWriter();
      label.byte(0x0a);
      label.string(name);
      label.byte(0x12);
      label.string(value);
      embed(series, 1, label);
    }
    for (const { t, v } of samples) {
      const sample = new ByteWriter();
      double(sample, 1, v);
      varint(sample, 2, t);
      embed(series, 2, sample);
    }
    for (const { t, h } of histograms) embed(series, 4, histogramMessage(t, h));
    embed(request, 1, series);
  }
  return request.view();
}

const RESET_HINTS = {
  [CounterReset.unknown]: 0,
  [CounterReset.reset]: 1,
  [CounterReset.notReset]: 2,
  [CounterReset.gauge]: 3,
};

function histogramMessage(t: number, h: Histogram): ByteWriter {
  const w = new ByteWriter();
  if (h.isFloat) double(w, 2, h.count);
  else varint(w, 1, h.count);
  double(w, 3, h.sum, h.stale);
  varint(w, 4, zigzag(h.schema));
  double(w, 5, h.zeroThreshold);
  if (h.isFloat) double(w, 7, h.zeroCount);
  else varint(w, 6, h.zeroCount);
  for (const [field, spans, buckets] of [
    [8, h.negativeSpans, h.negativeBuckets],
    [11, h.positiveSpans, h.positiveBuckets],
  ] as const) {
    for (const span of spans) {
      const message = new ByteWriter();
      varint(message, 1, zigzag(span.offset));
      varint(message, 2, span.length);
      embed(w, field, message);
    }
    const packed = new ByteWriter();
    let previous = 0;
    for (const count of buckets) {
      if (h.isFloat) littleEndian(packed, count);
      else packed.varint(count - previous);
      previous = count;
    }
    embed(w, h.isFloat ? field + 2 : field + 1, packed);
  }
  varint(w, 14, RESET_HINTS[h.counterReset]);
  varint(w, 15, t);
  const bounds = new ByteWriter();
  for (const bound of h.customValues) littleEndian(bounds, bound);
  embed(w, 16, bounds);
  return w;
}

function varint(w: ByteWriter, field: number, value: number): void {
  w.uvarint(field * 8);
  w.uvarint(value);
}

function double(w: ByteWriter, field: number, value: number, stale = false): void {
  w.uvarint(field * 8 + 1);
  littleEndian(w, value, stale);
}

function littleEndian(w: ByteWriter, value: number, stale = false): void {
  const bytes = new DataView(new ArrayBuffer(8));
  if (stale) bytes.setBigUint64(0, 0x7ff0000000000002n, true);
  else bytes.setFloat64(0, value, true);
  w.copy(new Uint8Array(bytes.buffer));
}

function embed(w: ByteWriter, field: number, message: ByteWriter): void {
  w.uvarint(field * 8 + 2);
  w.uvarint(message.length);
  w.copy(message.bytes, 0, message.length);
}

function zigzag(value: number): number {
  return value < 0 ? -value * 2 - 1 : value * 2;
}
