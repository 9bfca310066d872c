/**
 * CPU of 100,000 data points in one OTLP request, a new value for each of as many series with each request: `tsmon serve`,
 * VictoriaMetrics' receiver, and (most builds of Prometheus at hand have none) Prometheus' for remote write, which gets
 * the same series translated already. `npm run bench -- otlp`; TSMON_PEERS names the folder of the real programs, and
 * dist has to be built. A Prometheus with the receiver takes part with its own.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { labelsFromObject } from '../src/core/model/labels.ts';
import { WRITE_V1_HEADERS, WriteRequestV1 } from '../src/core/remote/write-request.ts';
import { type Metric, type Point, protobufOf } from '../test/core/otlp/otlp-message.ts';
import { cpuMs, freePort, peakMiB } from './promql-server.ts';

const POINTS = 100_000;
const METRICS = 100;
const ROUNDS = 12;

const peers = process.env['TSMON_PEERS'];
if (peers === undefined) throw new Error('TSMON_PEERS names no folder');
const dir = mkdtempSync(join(tmpdir(), 'tsmon-bench-otlp-'));
const base = Date.now() - ROUNDS * 10_000;

function attributesOf(i: number): [string, string][] {
  return [
    ['http.request.method', ['GET', 'POST', 'PUT'][i % 3]],
    ['http.response.status_code', String(200 + (i % 5))],
    ['http.route', `/api/v1/things/${i % 97}`],
    ['server.address', `host-${i}.example.org`],
  ];
}

function otlp(round: number): Uint8Array<ArrayBuffer> {
  const ns = BigInt(base + round * 10_000) * 1_000_000n;
  const metrics: Metric[] = [];
  for (let m = 0; m < METRICS; m++) {
    const points: Point[] = [];
    for (let i = m; i < POINTS; i += METRICS)
      points.push({ ns, double: i + round * 7, attributes: attributesOf(i) });
    metrics.push({
      name: `app.requests.${m}`,
      unit: 's',
      kind: 'sum',
      temporality: 2,
      isMonotonic: true,
      points,
    });
  }
  return protobufOf([{ attributes: [['service.name', 'shop']], scopes: [{ metrics }] }]);
}

function remoteWrite(round: number): Uint8Array<ArrayBuffer> {
  const request = new WriteRequestV1();
  for (let i = 0; i < POINTS; i++) {
    const labels = labelsFromObject({
      __name__: `app_requests_${i % METRICS}_seconds_total`,
      job: 'shop',
      ...Object.fromEntries(attributesOf(i).map(([key, value]) => [key.replaceAll('.', '_'), value])),
    });
    request.addSample(labels, base + round * 10_000, Float64Array.of(i + round * 7), 0);
  }
  return request.body().slice() as Uint8Array<ArrayBuffer>;
}

const PROTOBUF = { 'Content-Type': 'application/x-protobuf' };

interface Contender {
  name: string;
  program: string;
  flags: (port: number, data: string) => string[];
  ready: string;
  path: string;
  headers: Readonly<Record<string, string>>;
  body: (round: number) => Uint8Array<ArrayBuffer>;
}

const config = join(dir, 'prometheus.yml');
writeFileSync(config, '');
const serverFlags = (port: number, data: string) => [
  `--config.file=${config}`,
  `--storage.tsdb.path=${data}`,
  `--web.listen-address=127.0.0.1:${port}`,
];
const real = join(peers, 'prometheus');
const hasReceiver = execFileSync(real, ['--help'], { encoding: 'utf8' }).includes('enable-otlp-receiver');
const receiver = { path: '/api/v1/otlp/v1/metrics', headers: PROTOBUF, body: otlp, ready: '/-/ready' };
const writing = { path: '/api/v1/write', headers: WRITE_V1_HEADERS, body: remoteWrite, ready: '/-/ready' };
const all: Contender[] = [
  {
    name: 'tsmon, OTLP',
    program: process.execPath,
    flags: (port, data) => [
      'bin/tsmon.cjs',
      'serve',
      ...serverFlags(port, data),
      '--web.enable-otlp-receiver',
    ],
    ...receiver,
  },
  {
    name: 'tsmon, remote write',
    program: process.execPath,
    flags: (port, data) => [
      'bin/tsmon.cjs',
      'serve',
      ...serverFlags(port, data),
      '--web.enable-remote-write-receiver',
    ],
    ...writing,
  },
  {
    name: hasReceiver ? 'Prometheus, OTLP' : 'Prometheus, remote write',
    program: real,
    flags: (port, data) => [
      ...serverFlags(port, data),
      hasReceiver ? '--web.enable-otlp-receiver' : '--web.enable-remote-write-receiver',
    ],
    ...(hasReceiver ? receiver : writing),
  },
  {
    name: 'VictoriaMetrics, OTLP',
    program: join(peers, 'victoria-metrics'),
    flags: (port, data) => [
      `-httpListenAddr=127.0.0.1:${port}`,
      `-storageDataPath=${data}`,
      '-opentelemetry.usePrometheusNaming',
    ],
    ...receiver,
    path: '/opentelemetry/v1/metrics',
    ready: '/health',
  },
];

console.log(`${POINTS} points a request, ${(otlp(0).length / 2 ** 20).toFixed(1)} MiB of OTLP`);
for (const contender of all) await measure(contender);
rmSync(dir, { recursive: true });

async function measure({ name, program, flags, ready, path, headers, body }: Contender): Promise<void> {
  const port = await freePort();
  const child: ChildProcess = spawn(program, flags(port, mkdtempSync(join(dir, 'data-'))), {
    stdio: 'ignore',
  });
  const url = `http://127.0.0.1:${port}`;
  for (let i = 0; !(await fetch(url + ready).catch(() => undefined))?.ok; i++) {
    if (i > 400) throw new Error(`${name} did not become ready`);
    await sleep(50);
  }
  await sleep(2000);
  const running = { name, process: child, port };
  const cpu: number[] = [];
  const wall: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const message = body(round);
    await sleep(500);
    const before = cpuMs(running);
    const begun = performance.now();
    const response = await fetch(url + path, { method: 'POST', headers, body: message });
    if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`);
    wall.push(performance.now() - begun);
    // What goes on behind the answer is its price, too.
    await sleep(1000);
    cpu.push(cpuMs(running) - before);
  }
  const peak = peakMiB(running);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  await ended;
  const [firstCpu, ...laterCpu] = cpu;
  const [firstWall, ...laterWall] = wall;
  console.log(
    `${name.padEnd(26)} new series ${ms(firstCpu)} CPU, ${ms(firstWall)}; known ${ms(median(laterCpu))} CPU, ${ms(median(laterWall))}; peak ${peak.toFixed(0)} MiB`,
  );
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}
