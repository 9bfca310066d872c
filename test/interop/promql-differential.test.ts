/**
 * The query engine beside a real Prometheus on one directory: random queries over the whole grammar, instant and
 * range, must agree in status, error, labels, times, values and annotations. TSMON_FUZZ sets how many, TSMON_SEED
 * which; TSMON_FUZZ=20000 is the run whose result the changelog speaks of. TSMON_DELAYED_NAMES=1 has both of them remove
 * metric names at the end of a query.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { InputError } from '../../src/core/errors.ts';
import { formatAnnotation, instantQuery, rangeQuery, writeResultJson } from '../../src/core/promql/index.ts';
import { parserOptionsFor } from '../../src/core/promql/parser/index.ts';
import { DirectorySource } from '../../src/core/source/directory.ts';
import { QueryGenerator } from '../core/promql/parser/query-generator.ts';
import { describeWith, peer } from '../peers.ts';
import { RealPrometheus } from './prometheus.ts';
import { type Answer, differences, fromReal } from './query-answers.ts';
import {
  DATA_DURATIONS,
  DATA_END,
  DATA_HISTOGRAMS,
  DATA_INSTANTS,
  DATA_LABELS,
  DATA_METRICS,
  DATA_START,
  writeQueryData,
} from './query-data.ts';

const count = Number(process.env['TSMON_FUZZ'] ?? 600);
const seed = Number(process.env['TSMON_SEED'] ?? 1);
const delayedNameRemoval = process.env['TSMON_DELAYED_NAMES'] !== undefined;

/** Of subqueries with millions of steps Prometheus does not look at its own time limit. */
const PATIENCE_MS = 60_000;

/** What most people ask for. */
const TYPES = ['vector', 'vector', 'vector', 'vector', 'vector', 'vector', 'matrix', 'scalar'] as const;

/** It gives series that come and go the info of others. */
const MIXED_UP_BY_3_5 = /\binfo\(/;

/** With delayed name removal it forgets that a name is to go where these look at a subquery, or at info series. */
const LOSES_NAMES_IN_3_5 = /\b(last_over_time|info)\(/;

/** Queries whose results Prometheus itself does not define. */
const UNDEFINED = [
  // Ties among series whose order comes from a Go map.
  /\blimitk\b/,
  /\b(topk|bottomk)\b.*\b(topk|bottomk|count_values|build_info|sgn|ceil|floor|round|clamp\w*|hour|minute|year|month|day\w*)\b/,
  // Go's Pow loses all digits of numbers below the normal range.
  /5e-324.*\^/,
  // Go's Pow differs from V8's in the last digit, which `count_values` makes a label.
  /\bcount_values\b.*(\^|exp|sin|cos|tan|ln|log)/,
  // Go's cosine and exp differ from V8's in the last digit, which is all that is left of a difference of neighbours.
  /\b(cos|sin|tan|exp|sinh|cosh|tanh)\b.*%|%.*\b(cos|sin|tan|exp|sinh|cosh|tanh)\b/,
  /\b(acosh?|asin|atanh|avg\w*|sum\w*|delta|idelta|deriv|predict_linear|i?rate|increase|stddev\w*|stdvar\w*)\b.*\b(cos|sin|tan)\b/,
  // What is large has its last digit above the period of these.
  /\b(sin|cos|tan)\(.*(\b(exp|sinh|cosh|tan|ln|log\w*)\b|\^)/,
  // 3.5 looks for the labels that are asked of info series at the others, too; and for info at the time of the query.
  /\binfo\(.*\{[^}]*\b(job|instance|version)\b/,
  /\binfo\(.*(@|offset|\[|target_info)/,
  // Beside `@` it reads a selector's samples where its offset says, and then looks for them where the offset does not.
  /\btimestamp\(.*(\boffset\b.*@|@.*\boffset\b)/,
  // Of a parameter that is pinned it moves the time on with the steps.
  /\b(topk|bottomk|limit_ratio|quantile)\b[^,]*@/,
  // Since 3.8 buckets have a lower bound of zero where the first upper bound is above it.
  /\bhistogram_fraction\(.*\b(latency_seconds_bucket|custom)\b/,
  // Since 3.14 the rate of histograms ends, like that of floats, where the counter would have been zero.
  /\b(rate|increase)\(.*\b(native|custom|mixed)/,
];

describeWith('the query engine beside Prometheus', { prometheus: peer('prometheus') }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-promql-'));
  let prometheus: RealPrometheus;
  let source: DirectorySource;

  beforeAll(async () => {
    writeQueryData(join(dir, 'data'));
    const features = ['promql-experimental-functions', 'promql-duration-expr'];
    if (delayedNameRemoval) features.push('promql-delayed-name-removal');
    const flag = `--enable-feature=${features.join(',')}`;
    prometheus = await RealPrometheus.start(peer('prometheus')!, dir, '', [flag]);
    source = new DirectorySource(join(dir, 'data'));
  });

  afterAll(async () => {
    await source.close();
    await prometheus.stop();
    rmSync(dir, { recursive: true });
  });

  async function askPrometheus(path: string, params: Record<string, string>): Promise<Answer> {
    const response = await fetch(`${prometheus.url}/api/v1/${path}`, {
      method: 'POST',
      body: new URLSearchParams(params),
      signal: AbortSignal.timeout(PATIENCE_MS),
    }).catch((error) => {
      if (error.name === 'TimeoutError') return undefined;
      throw error;
    });
    if (response === undefined) return { error: 'query timed out' };
    return fromReal(await response.json());
  }

  async function askTsmon(
    query: string,
    times: { start: number; end: number; step: number } | number,
  ): Promise<Answer> {
    const options = { parser: parserOptionsFor(['promql-experimental-functions']), delayedNameRemoval };
    try {
      const result =
        typeof times === 'number'
          ? await instantQuery(source, query, times, options)
          : await rangeQuery(source, query, times.start, times.end, times.step, options);
      let json = '';
      writeResultJson(result.value, (piece) => {
        json += Buffer.from(piece).toString();
      });
      return {
        data: JSON.parse(json),
        annotations: result.annotations.map((annotation) => formatAnnotation(annotation, query)).sort(),
      };
    } catch (error) {
      if (!(error instanceof InputError)) throw new Error(`${query}: ${(error as Error).stack}`);
      return { error: error.code === 'bad_query' ? error.message : error.reason };
    }
  }

  /** Whether Prometheus, asked again, answers otherwise: ties are decided by the order of a Go map. */
  async function contradictsItself(
    query: string,
    real: Answer,
    ask: () => Promise<Answer>,
  ): Promise<boolean> {
    for (let i = 0; i < 20; i++) if (differences(query, await ask(), real) !== null) return true;
    return false;
  }

  it(`agrees on ${count} random queries`, async () => {
    const generator = new QueryGenerator(seed, {
      metrics: DATA_METRICS,
      histograms: DATA_HISTOGRAMS,
      labels: DATA_LABELS,
      newest: false,
      noise: false,
      depth: 3,
      durations: DATA_DURATIONS,
      instants: DATA_INSTANTS,
      matching: 0.25,
    });
    const found: string[] = [];
    for (let i = 0; i < count && found.length < 10; i++) {
      const query = generator.query(generator.pick(TYPES));
      if (UNDEFINED.some((pattern) => pattern.test(query))) continue;
      const at = DATA_START + generator.below(DATA_END - DATA_START);
      const range = { start: at, end: at + 40 * 60_000, step: 1000 * (1 + generator.below(120)) };
      const askInstant = () => askPrometheus('query', { query, time: String(at / 1000) });
      const askRange = () =>
        askPrometheus('query_range', {
          query,
          start: String(range.start / 1000),
          end: String(range.end / 1000),
          step: String(range.step / 1000),
        });
      const [instant, instantReal, ranged, rangedReal] = await Promise.all([
        askTsmon(query, at),
        askInstant(),
        askTsmon(query, range),
        askRange(),
      ]);
      for (const [kind, ours, real, ask] of [
        [`instant at ${at}`, instant, instantReal, askInstant],
        [`range ${JSON.stringify(range)}`, ranged, rangedReal, askRange],
      ] as const) {
        const difference = differences(query, ours, real);
        if (kind.startsWith('range') && MIXED_UP_BY_3_5.test(query)) continue;
        if (delayedNameRemoval && LOSES_NAMES_IN_3_5.test(query)) continue;
        if (difference === null || real.error?.startsWith('query timed out')) continue;
        if (await contradictsItself(query, real, ask)) continue;
        found.push(`${query}\n  ${kind}\n  ${difference}`);
      }
    }
    expect(found.join('\n\n')).toBe('');
  }, 3_600_000);
});
