/** The two stores that bench/promql.ts asks: upstream's engine benchmark, and a fleet of hosts. */
import { type Labels, labelsFromObject, SampleColumns } from '../src/core/model/index.ts';
import { BlockWriter } from '../src/core/tsdb/block/index.ts';

const BLOCK_MS = 7_200_000;

export interface BenchData {
  start: number;
  end: number;
  series: number;
  samples: number;
}

interface BenchSeries {
  labels: Labels;
  /** Greatest growth from one sample to the next. */
  pace: number;
}

/** 1,494 series every 10 s for two days, in one block, as upstream's engine benchmark has them. */
export function writeEngineData(dir: string): BenchData {
  const series: BenchSeries[] = [];
  const buckets = ['0.1', '0.5', '1', '2', '5', '10', '30', '+Inf'];
  for (const [size, count] of [
    ['one', 1],
    ['ten', 10],
    ['hundred', 100],
  ] as const) {
    for (let l = 0; l < count; l++) {
      const label: Record<string, string> = count === 1 ? {} : { l: String(l) };
      for (const name of ['a', 'b']) series.push(made({ __name__: `${name}_${size}`, ...label }, 7));
      for (const le of buckets) series.push(made({ __name__: `h_${size}`, ...label, le }, 5));
    }
  }
  return write(dir, series, 10_000, 2 * 24 * 3_600_000);
}

/** 50,000 series of 200 hosts every 15 s for two hours: counters by mode, gauges, request histograms. */
export function writeFleetData(dir: string): BenchData {
  const series: BenchSeries[] = [];
  for (let host = 0; host < 200; host++) {
    const base = {
      instance: `host-${String(host).padStart(3, '0')}:9100`,
      cluster: `c${host % 4}`,
      job: 'node',
    };
    for (let cpu = 0; cpu < 16; cpu++) {
      for (const mode of ['user', 'system', 'idle', 'iowait', 'irq', 'nice', 'softirq', 'steal']) {
        series.push(made({ __name__: 'node_cpu_seconds_total', ...base, cpu: String(cpu), mode }, 15));
      }
    }
    for (let path = 0; path < 6; path++) {
      for (const le of ['0.005', '0.01', '0.05', '0.1', '0.5', '1', '2.5', '5', '10', '+Inf']) {
        series.push(
          made({ __name__: 'http_request_duration_seconds_bucket', ...base, path: `/p${path}`, le }, 50),
        );
      }
      for (const code of ['200', '404', '500']) {
        series.push(made({ __name__: 'http_requests_total', ...base, path: `/p${path}`, code }, 80));
      }
    }
    for (let i = 0; i < 44; i++) series.push(made({ __name__: `node_gauge_${i}`, ...base }, 0));
  }
  return write(dir, series, 15_000, BLOCK_MS);
}

function made(labels: Record<string, string>, pace: number): BenchSeries {
  return { labels: labelsFromObject(labels), pace };
}

function write(dir: string, series: BenchSeries[], stepMs: number, rangeMs: number): BenchData {
  series.sort((a, b) => a.labels.compare(b.labels));
  const end = Math.floor(Date.UTC(2026, 0, 20) / BLOCK_MS) * BLOCK_MS;
  const start = end - rangeMs;
  const steps = Math.floor(rangeMs / stepMs);
  const writer = new BlockWriter(dir);
  const columns = new SampleColumns();
  columns.reserve(steps);
  let seed = 1;
  for (const { labels, pace } of series) {
    let v = 0;
    for (let i = 0; i < steps; i++) {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
      v = pace === 0 ? 50 + (seed % 1000) / 10 : v + (seed % (pace * 8)) / 8;
      columns.t[i] = start + i * stepMs + (seed & 7);
      columns.v[i] = v;
    }
    columns.length = steps;
    writer.addSamples(labels, columns);
  }
  writer.finish();
  return { start, end: end - stepMs, series: series.length, samples: series.length * steps };
}
