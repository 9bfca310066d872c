/**
 * Summaries by the interval of jobs, such as `prometheus_target_interval_length_seconds`: how far apart scrapes really
 * are. Quantiles are of the last observations of each interval, exactly.
 */
import type { FamilySample, MetricFamily } from '../model/family.ts';
import { formatDuration, labelsFromPairs, METRIC_NAME } from '../model/index.ts';
import { formatG } from '../model/number.ts';

const QUANTILES: readonly number[] = [0.01, 0.05, 0.5, 0.9, 0.99];
/** Observations of one interval that quantiles are taken of. */
const WINDOW = 2048;

class Lengths {
  readonly recent = new Float64Array(WINDOW);
  count = 0;
  sum = 0;

  add(seconds: number): void {
    this.recent[this.count++ % WINDOW] = seconds;
    this.sum += seconds;
  }
}

export class IntervalLengths {
  private readonly name: string;
  private readonly help: string;
  private readonly byInterval = new Map<number, Lengths>();

  constructor(name: string, help: string) {
    this.name = name;
    this.help = help;
  }

  observe(intervalMs: number, lengthMs: number): void {
    let lengths = this.byInterval.get(intervalMs);
    if (lengths === undefined) this.byInterval.set(intervalMs, (lengths = new Lengths()));
    lengths.add(lengthMs / 1000);
  }

  collect(): MetricFamily {
    const samples: FamilySample[] = [];
    for (const [intervalMs, { recent, count, sum }] of this.byInterval) {
      const interval: [string, string] = ['interval', formatDuration(intervalMs)];
      const add = (suffix: string, v: number, ...more: [string, string][]) =>
        samples.push({ labels: labelsFromPairs([[METRIC_NAME, this.name + suffix], interval, ...more]), v });
      const sorted = recent.slice(0, Math.min(count, WINDOW)).sort();
      for (const q of QUANTILES) {
        const at = Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1);
        add('', sorted[Math.max(0, at)], ['quantile', formatG(q)]);
      }
      add('_sum', sum);
      add('_count', count);
    }
    return { name: this.name, type: 'summary', help: this.help, unit: '', samples };
  }
}
