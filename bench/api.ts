/**
 * The HTTP API beside a real Prometheus on the same data, queries in its own thread and in others: latency and CPU of small and large answers, and what memory a
 * large answer takes. `npm run bench -- api`; TSMON_PEERS names the folder of the real programs.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { systemClock } from '../src/core/clock.ts';
import { Registry } from '../src/core/instrument/index.ts';
import { EMPTY_LABELS } from '../src/core/model/labels.ts';
import { DEFAULT_PARSER_OPTIONS } from '../src/core/promql/parser/index.ts';
import {
  DEFAULT_SERVER_LIMITS,
  InlineRunner,
  Notifications,
  PLAIN_WEB,
  PrometheusServer,
  QueryJournal,
  QueryLog,
  type StatusView,
  silentLogger,
  WebSecurity,
  WorkerRunner,
} from '../src/core/server/index.ts';
import { Database } from '../src/core/tsdb/db/index.ts';
import { writeEngineData } from './promql-data.ts';
import { ask, cpuMs, peakMiB, type Running, startEngine, startPrometheus } from './promql-server.ts';

if (process.argv[2] === 'serve') await serve(process.argv[3]);
else await compare();

async function serve(dir: string): Promise<void> {
  const database = await Database.open(dir, { clock: systemClock });
  const source = () => database.reader();
  const worker = pathToFileURL(join(process.cwd(), 'dist', 'workers', 'queries.cjs'));
  const inThreads = process.env['BENCH_THREADS'] !== undefined;
  const runner = inThreads
    ? new WorkerRunner({ database, worker, threads: 2, engine: {}, clock: systemClock })
    : new InlineRunner({ source, engine: {}, clock: systemClock });
  const registry = new Registry();
  const server = new PrometheusServer(
    {
      source,
      appender: undefined,
      runner,
      journal: new QueryJournal(registry, systemClock, new QueryLog()),
      targets: {
        pools: () => [],
        active: () => [],
        dropped: () => [],
        droppedCounts: () => new Map(),
        relabelRules: () => undefined,
      },
      rules: { groups: () => [] },
      alertmanagers: { active: () => [], dropped: () => [] },
      // Nobody asks for it here.
      status: {} as StatusView,
      notifications: new Notifications(systemClock),
      lifecycle: { reload: async () => {}, quit: () => {} },
      admin: undefined,
      externalLabels: () => EMPTY_LABELS,
      state: () => 'ready',
    },
    {
      ...DEFAULT_SERVER_LIMITS,
      clock: systemClock,
      registry,
      logger: silentLogger,
      security: new WebSecurity({ file: '', load: () => PLAIN_WEB, logger: silentLogger }),
      parser: DEFAULT_PARSER_OPTIONS,
    },
  );
  console.log((await server.listen(0, '127.0.0.1')).port);
}

async function compare(): Promise<void> {
  const peers = process.env['TSMON_PEERS'];
  if (peers === undefined) throw new Error('TSMON_PEERS names no folder');
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-bench-api-'));
  const { start, end } = writeEngineData(join(dir, 'data'));
  for (const copy of ['real', 'threads']) cpSync(join(dir, 'data'), join(dir, copy), { recursive: true });
  const [at, from] = [end / 1000, start / 1000];
  const cases: [name: string, path: string, body: string, rounds: number][] = [
    ['vector(1)', '/api/v1/query', `query=vector(1)&time=${at}`, 3000],
    ['one series', '/api/v1/query', `query=a_one&time=${at}`, 2000],
    ['100 series', '/api/v1/query', `query=a_hundred&time=${at}`, 1000],
    ['range of one', '/api/v1/query_range', `query=a_one&start=${at - 3600}&end=${at}&step=30`, 1000],
    ['label values', '/api/v1/series', `match[]=a_hundred&start=${from}&end=${at}`, 500],
    [
      '38 MB',
      '/api/v1/query_range',
      `query=h_hundred&start=${from + 60}&end=${from + 60 + 14_400}&step=10`,
      8,
    ],
  ];
  const engine = await startEngine(process.argv[1], join(dir, 'data'));
  process.env['BENCH_THREADS'] = '1';
  const threads = await startEngine(process.argv[1], join(dir, 'threads'));
  const rivals = [
    engine,
    { ...threads, name: 'threads' },
    await startPrometheus(join(peers, 'prometheus'), dir, join(dir, 'real')),
  ];
  try {
    for (const [name, path, body, rounds] of cases) {
      for (const rival of rivals) await measure(rival, name, path, body, rounds);
    }
  } finally {
    for (const { process: child } of rivals) child.kill();
    rmSync(dir, { recursive: true });
  }
}

async function measure(
  rival: Running,
  name: string,
  path: string,
  body: string,
  rounds: number,
): Promise<void> {
  for (let i = 0; i < Math.max(2, rounds / 10); i++) await ask(rival, path, body);
  const before = residentMiB(rival);
  const cpu = cpuMs(rival);
  const times: number[] = [];
  let bytes = 0;
  for (let i = 0; i < rounds; i++) {
    const started = performance.now();
    bytes = await ask(rival, path, body);
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  const used = (cpuMs(rival) - cpu) / rounds;
  const at = (q: number) => times[Math.min(rounds - 1, Math.floor(rounds * q))].toFixed(3).padStart(9);
  console.log(
    `${name.padEnd(14)} ${rival.name.padEnd(10)} p50 ${at(0.5)} ms  p99 ${at(0.99)} ms  CPU ${used.toFixed(3).padStart(9)} ms` +
      `  ${String(bytes).padStart(9)} bytes  resident ${before} -> ${residentMiB(rival)} MiB, at most ${peakMiB(rival)}`,
  );
}

function residentMiB({ process: child }: Running): number {
  const now = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
  return Math.round(Number(now?.[1] ?? 0) / 1024);
}
