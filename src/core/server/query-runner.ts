/**
 * The seam between a request and the evaluation of its query. What stands behind it may run the query here or in a
 * worker; either way the answer comes as bytes of JSON, a piece at a time, as they are asked for.
 */
import type { Clock } from '../clock.ts';
import {
  answerPieces,
  type EngineOptions,
  instantQuery,
  type QueryStats,
  rangeQuery,
  worded,
} from '../promql/index.ts';
import type { Source } from '../source/source.ts';
import type { Pieces } from './http/reply.ts';

export type QueryTimes =
  | { kind: 'instant'; t: number }
  /** ms, `end` inclusive. */
  | { kind: 'range'; start: number; end: number; stepMs: number };

export interface QueryTask {
  query: string;
  times: QueryTimes;
  timeoutMs: number;
  /** Undefined for the server's. */
  lookbackMs: number | undefined;
  /** Most series in the answer, 0 for all. */
  limit: number;
  /** Whether the answer tells what the query cost. */
  stats: boolean;
  /** How long the query waited for its turn, ms. */
  queuedMs: number;
}

export interface QueryRunner {
  /**
   * Evaluates; resolves with the whole answer of the API when the value is there, so that nothing of it has to be taken back.
   * Rejects with InputError. The pieces hold what they need until they are read to the end, or returned.
   */
  run(task: QueryTask, signal: AbortSignal): Promise<Evaluated<Pieces>>;
}

/** An answer, or a value, and what it took. */
export interface Evaluated<T> {
  result: T;
  stats: QueryStats;
}

export interface InlineRunnerOptions {
  /** A source for one query, which is closed after it. */
  source: () => Source;
  engine: EngineOptions;
  clock: Clock;
}

/** Evaluates in this thread. */
export class InlineRunner implements QueryRunner {
  private readonly options: InlineRunnerOptions;

  constructor(options: InlineRunnerOptions) {
    this.options = options;
  }

  async run(task: QueryTask, signal: AbortSignal): Promise<Evaluated<Pieces>> {
    const source = this.options.source();
    // This thread looks at it between two waits; nobody else does.
    const cancelFlag = new Int32Array(1);
    const cancel = () => Atomics.store(cancelFlag, 0, 1);
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return await evaluateTask(task, source, { ...this.options.engine, cancelFlag }, this.options.clock);
    } finally {
      signal.removeEventListener('abort', cancel);
      await source.close();
    }
  }
}

/** Runs a task on a source; what it returns needs the source no more. */
export async function evaluateTask(
  task: QueryTask,
  source: Source,
  engine: EngineOptions,
  clock: Clock,
): Promise<Evaluated<Iterable<Uint8Array>>> {
  const { query, times, timeoutMs, lookbackMs, limit, stats, queuedMs } = task;
  const options: EngineOptions = { ...engine, timeoutMs, clock };
  if (lookbackMs !== undefined) options.lookbackMs = lookbackMs;
  const started = clock.monotonic();
  const result =
    times.kind === 'instant'
      ? await instantQuery(source, query, times.t, options)
      : await rangeQuery(source, query, times.start, times.end, times.stepMs, options);
  const { value } = result;
  const warnings = worded(result, query, 'warning');
  const infos = worded(result, query, 'info');
  if (limit > 0 && (value.type === 'vector' || value.type === 'matrix') && value.series.length > limit) {
    value.series.length = limit;
    warnings.push('results truncated due to limit');
  }
  const seconds = (clock.monotonic() - started) / 1000;
  const pieces = answerPieces({
    value,
    warnings,
    infos,
    ...(stats ? { stats: shownStats(result.stats, seconds, queuedMs / 1000) } : {}),
  });
  return { result: pieces, stats: result.stats };
}

/** How long each part of an evaluation took that took `evaluated` in all; seconds. */
export function partsOf({ prepareMs, sortMs }: QueryStats, evaluated: number): EvaluationParts {
  const prepared = prepareMs / 1000;
  const sorted = sortMs / 1000;
  return { prepared, inner: Math.max(0, evaluated - prepared - sorted), sorted };
}

export interface EvaluationParts {
  prepared: number;
  inner: number;
  sorted: number;
}

/** Times are seconds. */
export function shownStats(stats: QueryStats, evaluated: number, queued: number): object {
  const { prepared, inner, sorted } = partsOf(stats, evaluated);
  return {
    timings: {
      evalTotalTime: evaluated,
      resultSortTime: sorted,
      queryPreparationTime: prepared,
      innerEvalTime: inner,
      execQueueTime: queued,
      execTotalTime: evaluated + queued,
    },
    samples: { totalQueryableSamples: stats.samplesRead, peakSamples: stats.peakSamples },
  };
}
