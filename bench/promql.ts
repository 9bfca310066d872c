/**
 * Queries beside a real Prometheus on the same directory, in one run, alternating, both over HTTP: latency (median) and
 * CPU time of each. TSMON_PEERS names the folder of the real programs; TSMON_BENCH_DATA one for the data, to be kept;
 * TSMON_BENCH_VICTORIA=1 has VictoriaMetrics take part, whose ratios to Prometheus are then printed last.
 *
 *     TSMON_PEERS=$(../shared/tools/peers) npm run bench -- promql [engine|fleet] [rounds] [pattern of queries]
 *
 * Bar: geometric mean of the ratios at most 0.5, none above 1.0.
 */
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Case, engineCases, fleetCases } from './promql-cases.ts';
import { type BenchData, writeEngineData, writeFleetData } from './promql-data.ts';
import {
  ask,
  cpuMs,
  peakMiB,
  type Running,
  serveEngine,
  startEngine,
  startPrometheus,
} from './promql-server.ts';
import { startVictoria } from './promql-victoria.ts';

/** In each round a query is repeated until it has taken so much CPU time: others may have the machine, too. */
const ROUND_MS = 100;
/** Compiled code comes late, and goes again when another query shows what the first did not have. */
const WARMING_PASSES = 2;
const WARMING_MS = 300;
/** Reading the CPU time is not free. */
const CHECK_EVERY_MS = 20;

interface Cost {
  wallMs: number[];
  /** A query's share of the CPU time of its round. */
  cpuMs: number[];
}

interface Ratio {
  label: string;
  cpu: number;
  wall: number;
}

if (process.argv[2] === 'serve') serveEngine(process.argv[3]);
else
  await compareAll(process.argv[2] ?? 'all', Number(process.argv[3] ?? 5), new RegExp(process.argv[4] ?? ''));

async function compareAll(only: string, rounds: number, pattern: RegExp): Promise<void> {
  if (only !== 'fleet') await compare('engine', writeEngineData, engineCases(), rounds, pattern);
  if (only !== 'engine') await compare('fleet', writeFleetData, fleetCases(), rounds, pattern);
}

async function compare(
  name: string,
  writeData: (dir: string) => BenchData,
  cases: Case[],
  rounds: number,
  pattern: RegExp,
): Promise<void> {
  const peers = process.env['TSMON_PEERS'];
  const kept = process.env['TSMON_BENCH_DATA'];
  const dir = kept === undefined ? mkdtempSync(join(tmpdir(), 'tsmon-bench-')) : join(kept, name);
  const data = join(dir, 'data');
  const { start, end, series, samples } = prepareData(dir, data, writeData);
  console.log(`\n${name}: ${series} series, ${(samples / 1e6).toFixed(1)} M samples`);
  const real = peers === undefined ? null : await startPrometheus(join(peers, 'prometheus'), dir, data);
  const ours = await startEngine(process.argv[1], data);
  const victoria =
    real === null || process.env['TSMON_BENCH_VICTORIA'] === undefined
      ? null
      : await startVictoria(join(peers!, 'victoria-metrics'), dir, data);
  const programs = [ours, real, victoria].filter((program) => program !== null);
  try {
    const ratios: Ratio[] = [];
    const victorias: Ratio[] = [];
    const asked = cases.filter(({ query }) => pattern.test(query));
    // Servers are measured warm: compiled code, caches, the files in memory.
    for (let pass = 0; pass < WARMING_PASSES; pass++) {
      for (const one of asked) {
        const request = requestOf(one, start, end);
        await warm(await thatAnswer(programs, request), request);
      }
    }
    for (const one of asked) {
      const { query, steps } = one;
      const request = requestOf(one, start, end);
      const [mine, theirs, third] = await measure(await thatAnswer(programs, request), request, rounds);
      const label = `${steps === 0 ? 'instant' : `${steps} steps`}`.padEnd(10);
      let line = `${label} wall ${ms(median(mine.wallMs))} cpu ${ms(mean(mine.cpuMs))}`;
      if (theirs !== undefined) {
        const ratio = ratioOf(`${label} ${query}`, mine, theirs);
        ratios.push(ratio);
        if (third !== undefined) victorias.push(ratioOf(ratio.label, third, theirs));
        line += `  real ${ms(median(theirs.wallMs))} ${ms(mean(theirs.cpuMs))}  ratio ${times2(ratio)}`;
      }
      console.log(`${line}  ${query}`);
    }
    if (real !== null) {
      summarize(name, ratios);
      if (victoria !== null) summarize(`${name}, VictoriaMetrics`, victorias);
      console.log(`peak resident memory: tsmon ${peakMiB(ours)} MiB, Prometheus ${peakMiB(real)} MiB`);
    }
  } finally {
    for (const { process } of programs) process.kill('SIGTERM');
    await Promise.all(programs.map(({ process }) => process.exitCode ?? once(process, 'exit')));
    if (kept === undefined) rmSync(dir, { recursive: true });
  }
}

function ratioOf(label: string, one: Cost, other: Cost): Ratio {
  return {
    label,
    wall: median(one.wallMs) / median(other.wallMs),
    cpu: mean(one.cpuMs) / mean(other.cpuMs),
  };
}

interface Request {
  path: string;
  body: string;
}

function requestOf({ query, steps, stepMs }: Case, start: number, end: number): Request {
  const from = steps === 0 ? end : Math.max(start, end - steps * stepMs);
  const times: Record<string, string> =
    steps === 0
      ? { time: String(end / 1000) }
      : { start: String(from / 1000), end: String(end / 1000), step: String(stepMs / 1000) };
  const path = steps === 0 ? '/api/v1/query' : '/api/v1/query_range';
  return { path, body: new URLSearchParams({ query, ...times }).toString() };
}

function prepareData(dir: string, data: string, writeData: (dir: string) => BenchData): BenchData {
  const facts = join(dir, 'facts.json');
  if (existsSync(facts)) return JSON.parse(readFileSync(facts, 'utf8'));
  mkdirSync(data, { recursive: true });
  const written = writeData(data);
  writeFileSync(facts, JSON.stringify(written));
  return written;
}

/** Ours and Prometheus answer all of them; VictoriaMetrics has a language of its own. */
async function thatAnswer(programs: readonly Running[], { path, body }: Request): Promise<Running[]> {
  const answering = programs.slice(0, 2);
  for (const program of programs.slice(2)) {
    const answers = await ask(program, path, body).then(
      () => true,
      () => false,
    );
    if (answers) answering.push(program);
  }
  return answering;
}

async function warm(programs: readonly Running[], request: Request): Promise<void> {
  for (const program of programs) await repeat(program, request, WARMING_MS);
}

/** Asks until so much CPU time is used; returns how long each took, ms. */
async function repeat(program: Running, { path, body }: Request, ofCpuMs: number): Promise<number[]> {
  const walls: number[] = [];
  const before = cpuMs(program);
  do {
    const until = performance.now() + CHECK_EVERY_MS;
    do {
      const from = performance.now();
      await ask(program, path, body);
      walls.push(performance.now() - from);
    } while (performance.now() < until);
  } while (cpuMs(program) - before < ofCpuMs);
  return walls;
}

/** The cost of a query to each, in as many rounds, after one that does not count. */
async function measure(programs: readonly Running[], request: Request, rounds: number): Promise<Cost[]> {
  const costs: Cost[] = programs.map(() => ({ wallMs: [], cpuMs: [] }));
  for (let round = -1; round < rounds; round++) {
    for (const [i, program] of programs.entries()) {
      const cpu = cpuMs(program);
      const walls = await repeat(program, request, ROUND_MS);
      if (round < 0) continue;
      costs[i].wallMs.push(...walls);
      costs[i].cpuMs.push((cpuMs(program) - cpu) / walls.length);
    }
  }
  return costs;
}

function summarize(name: string, ratios: readonly Ratio[]): void {
  const geometric = (key: 'cpu' | 'wall') =>
    Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio[key]), 0) / ratios.length);
  const above = ratios.filter(({ wall, cpu }) => wall > 1 || cpu > 1);
  console.log(
    `${name}: geometric mean of ratios: wall ${geometric('wall').toFixed(2)}, cpu ${geometric('cpu').toFixed(2)}; ` +
      `above 1.0: ${above.length} of ${ratios.length}`,
  );
  for (const ratio of above.sort((a, b) => Math.max(b.wall, b.cpu) - Math.max(a.wall, a.cpu))) {
    console.log(`  ${times2(ratio)}  ${ratio.label}`);
  }
}

function times2({ wall, cpu }: Ratio): string {
  return `${wall.toFixed(2).padStart(5)} ${cpu.toFixed(2).padStart(5)}`;
}

function ms(value: number): string {
  return value.toFixed(2).padStart(8);
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function mean(values: number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
