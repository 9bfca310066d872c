/**
 * How Node's event loop and garbage collector fare, under the names of prom-client. They have to be watched: this is
 * for processes that stay. What can be read at any time is in process.ts.
 */
import { constants, monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import type { MetricFamily } from '../model/family.ts';
import { ClassicHistogram, Gauge } from './metric.ts';

const GC_BUCKETS = [0.001, 0.01, 0.1, 1, 2, 5];

const GC_KINDS = new Map<number, string>([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
]);

const LAG = 'nodejs_eventloop_lag';

export class RuntimeWatch {
  private readonly delay = monitorEventLoopDelay();
  private readonly observer: PerformanceObserver;
  private readonly gc = new ClassicHistogram(
    'nodejs_gc_duration_seconds',
    'Garbage collection duration by kind, one of major, minor, incremental or weakcb.',
    ['kind'],
    GC_BUCKETS,
  );
  private lagSeconds: number | undefined;

  /** Watches until `close`; keeps no process alive. */
  constructor() {
    this.delay.enable();
    this.observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { kind } = (entry as unknown as { detail: { kind: number } }).detail;
        this.gc.with(GC_KINDS.get(kind) ?? 'unknown').observe(entry.duration / 1000);
      }
    });
    this.observer.observe({ entryTypes: ['gc'] });
    this.measureLag();
  }

  /** What was seen since the last call (lag) and since the start (garbage collection). */
  families(): MetricFamily[] {
    const out: MetricFamily[] = [];
    const gauge = (name: string, help: string, seconds: number) => {
      const metric = new Gauge(name, help);
      metric.set(seconds);
      out.push(metric.collect());
    };
    if (this.lagSeconds !== undefined) {
      gauge(`${LAG}_seconds`, 'Lag of event loop in seconds.', this.lagSeconds);
    }
    const { delay } = this;
    // In nanoseconds; before the first turn of the loop there is nothing to tell.
    if (delay.max > 0) {
      gauge(`${LAG}_min_seconds`, 'The minimum recorded event loop delay.', delay.min / 1e9);
      gauge(`${LAG}_max_seconds`, 'The maximum recorded event loop delay.', delay.max / 1e9);
      gauge(`${LAG}_mean_seconds`, 'The mean of the recorded event loop delays.', delay.mean / 1e9);
      gauge(
        `${LAG}_stddev_seconds`,
        'The standard deviation of the recorded event loop delays.',
        delay.stddev / 1e9,
      );
      for (const p of [50, 90, 99]) {
        gauge(
          `${LAG}_p${p}_seconds`,
          `The ${p}th percentile of the recorded event loop delays.`,
          delay.percentile(p) / 1e9,
        );
      }
    }
    delay.reset();
    this.measureLag();
    out.push(this.gc.collect());
    return out;
  }

  close(): void {
    this.delay.disable();
    this.observer.disconnect();
  }

  /** How long a callback waits that could run at once. */
  private measureLag(): void {
    const asked = performance.now();
    setImmediate(() => {
      this.lagSeconds = (performance.now() - asked) / 1000;
    }).unref();
  }
}
