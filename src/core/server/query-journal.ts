/** What is kept of every query that was run, whoever asked: how long it took and what it read, in metrics and in the query log. */
import type { Clock } from '../clock.ts';
import type { Counter, Registry, Summary } from '../instrument/index.ts';
import type { QueryStats } from '../promql/index.ts';
import type { QueryLog } from './query-log.ts';
import { partsOf, type QueryTimes, shownStats } from './query-runner.ts';

/** Who asked, as the log shows it. */
export type QueryOrigin =
  | { httpRequest: { clientIP: string; method: string; path: string } }
  | { ruleGroup: { file: string; name: string } };

export interface JournalEntry {
  query: string;
  times: QueryTimes;
  origin: QueryOrigin;
  /** How long it waited for its turn, ms. */
  queuedMs: number;
}

const NOTHING: QueryStats = { samplesRead: 0, peakSamples: 0, prepareMs: 0, sortMs: 0 };
const QUANTILES = [0.5, 0.9, 0.99];
/** No query is traced. */
const NO_SPAN = '0000000000000000';

export class QueryJournal {
  private readonly clock: Clock;
  private readonly log: QueryLog;
  private readonly stages: Summary;
  private readonly samples: Counter;

  constructor(registry: Registry, clock: Clock, log: QueryLog) {
    this.clock = clock;
    this.log = log;
    log.register(registry);
    this.stages = registry.summary('prometheus_engine_query_duration_seconds', 'Query timings', {
      labelNames: ['slice'],
      quantiles: QUANTILES,
      now: () => clock.monotonic(),
    });
    for (const slice of ['inner_eval', 'prepare_time', 'queue_time', 'result_sort']) this.stages.with(slice);
    this.samples = registry.counter(
      'prometheus_engine_query_samples_total',
      'The total number of samples loaded by all queries.',
    );
  }

  /** Runs a query and notes what came of it. */
  async noting<T extends { stats: QueryStats }>(entry: JournalEntry, run: () => Promise<T>): Promise<T> {
    const began = this.clock.monotonic();
    const took = () => (this.clock.monotonic() - began) / 1000;
    try {
      const evaluated = await run();
      this.note(entry, took(), evaluated.stats);
      return evaluated;
    } catch (error) {
      this.note(entry, took(), NOTHING, (error as Error).message);
      throw error;
    }
  }

  private note(
    { query, times, origin, queuedMs }: JournalEntry,
    seconds: number,
    stats: QueryStats,
    error?: string,
  ) {
    const queued = queuedMs / 1000;
    this.samples.inc(stats.samplesRead);
    this.stages.observe(queued, 'queue_time');
    const { prepared, inner, sorted } = partsOf(stats, seconds);
    this.stages.observe(prepared, 'prepare_time');
    this.stages.observe(inner, 'inner_eval');
    this.stages.observe(sorted, 'result_sort');
    if (!this.log.enabled) return;
    const { start, end, step } =
      times.kind === 'instant'
        ? { start: times.t, end: times.t, step: 0 }
        : { start: times.start, end: times.end, step: Math.trunc(times.stepMs / 1000) };
    this.log.write({
      time: new Date(this.clock.now()).toISOString(),
      level: 'INFO',
      msg: 'promql query logged',
      params: { end: shownTime(end), query, start: shownTime(start), step },
      ...(error !== undefined && { error }),
      stats: shownStats(stats, seconds, queued),
      spanID: NO_SPAN,
      ...origin,
    });
  }
}

/** A query may be about times that no date can tell. */
function shownTime(t: number): string {
  const date = new Date(t);
  return Number.isNaN(date.getTime()) ? String(t) : date.toISOString();
}
