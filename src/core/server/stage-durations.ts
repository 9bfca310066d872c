/**
 * How long the stages of queries take, as upstream's summary `prometheus_engine_query_duration_seconds`: quantiles over the
 * queries of the last minutes, which dashboards know it by.
 */
import type { Clock } from '../clock.ts';
import type { FamilySample, MetricFamily } from '../model/family.ts';
import { labelsFromObject, METRIC_NAME } from '../model/labels.ts';

const NAME = 'prometheus_engine_query_duration_seconds';
const QUANTILES = [0.5, 0.9, 0.99];
const WINDOW_MS = 10 * 60_000;
/** The newest durations of a stage; of a busier server they are of less than the window. */
const MOST_KEPT = 1024;

class Stage {
  sum = 0;
  count = 0;
  private readonly seconds = new Float64Array(MOST_KEPT);
  private readonly times = new Float64Array(MOST_KEPT);

  observe(seconds: number, now: number): void {
    const at = this.count % MOST_KEPT;
    this.seconds[at] = seconds;
    this.times[at] = now;
    this.count++;
    this.sum += seconds;
  }

  /** Those within the window, ascending. */
  recent(now: number): Float64Array {
    const kept = Math.min(this.count, MOST_KEPT);
    return this.seconds
      .subarray(0, kept)
      .filter((_, i) => now - this.times[i] <= WINDOW_MS)
      .sort();
  }
}

export class StageDurations {
  private readonly clock: Clock;
  private readonly stages = { inner_eval: new Stage(), queue_time: new Stage() };

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
    const samples: FamilySample[] = [];
    for (const [slice, stage] of Object.entries(this.stages)) {
      const add = (suffix: string, v: number, more: Record<string, string> = {}) => {
        samples.push({ labels: labelsFromObject({ [METRIC_NAME]: NAME + suffix, slice, ...more }), v });
      };
      const recent = stage.recent(now);
      for (const quantile of QUANTILES) {
        const v = recent.length === 0 ? Number.NaN : recent[Math.ceil(quantile * recent.length) - 1];
        add('', v, { quantile: String(quantile) });
      }
      add('_sum', stage.sum);
      add('_count', stage.count);
    }
    return { name: NAME, type: 'summary', help: 'Query timings', unit: '', samples };
  }
}
