/**
 * How long the stages of queries take, as upstream's summary `prometheus_engine_query_duration_seconds`: quantiles over the
 * queries of the last minutes, which dashboards know it by.
 */
import type { Clock } from '../clock.ts';
import { RecentValues } from '../instrument/index.ts';
import type { MetricFamily } from '../model/family.ts';
import { labelsFromPairs, METRIC_NAME } from '../model/labels.ts';

const NAME = 'prometheus_engine_query_duration_seconds';
const QUANTILES = [0.5, 0.9, 0.99];

export class StageDurations {
  private readonly clock: Clock;
  private readonly stages = { inner_eval: new RecentValues(), queue_time: new RecentValues() };

  constructor(clock: Clock) {
    this.clock = clock;
  }

  observe(queuedMs: number, evaluatedMs: number): void {
    const now = this.clock.monotonic();
    this.stages.queue_time.observe(queuedMs / 1000, now);
    this.stages.inner_eval.observe(evaluatedMs / 1000, now);
  }

  family(): MetricFamily {
    const now = this.clock.monotonic();
    const samples = Object.entries(this.stages).flatMap(([slice, stage]) =>
      stage.samples(QUANTILES, now, (suffix, ...more) =>
        labelsFromPairs([[METRIC_NAME, NAME + suffix], ['slice', slice], ...more]),
      ),
    );
    return { name: NAME, type: 'summary', help: 'Query timings', unit: '', samples };
  }
}
