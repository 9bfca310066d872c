/** The summary `prometheus_target_sync_length_seconds`, without quantiles: how long it takes to sort out a job's targets. */
import type { FamilySample, MetricFamily } from '../model/family.ts';
import { labelsFromPairs, METRIC_NAME } from '../model/index.ts';

const NAME = 'prometheus_target_sync_length_seconds';

export class SyncLengths {
  private readonly byJob = new Map<string, { sum: number; count: number }>();

  observe(job: string, seconds: number): void {
    const lengths = this.byJob.get(job) ?? { sum: 0, count: 0 };
    lengths.sum += seconds;
    lengths.count++;
    this.byJob.set(job, lengths);
  }

  collect(): MetricFamily {
    const samples: FamilySample[] = [];
    for (const [job, { sum, count }] of this.byJob) {
      const add = (suffix: string, v: number) =>
        samples.push({
          labels: labelsFromPairs([
            [METRIC_NAME, NAME + suffix],
            ['scrape_job', job],
          ]),
          v,
        });
      add('_sum', sum);
      add('_count', count);
    }
    return {
      name: NAME,
      type: 'summary',
      help: 'Actual interval to sync the scrape pool.',
      unit: '',
      samples,
    };
  }
}
