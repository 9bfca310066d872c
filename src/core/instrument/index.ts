export {
  ClassicHistogram,
  Counter,
  CounterChild,
  DEFAULT_BUCKETS,
  Gauge,
  GaugeChild,
  HistogramChild,
  Summary,
} from './metric.ts';
export { processFamilies } from './process.ts';
export { RecentValues } from './recent-values.ts';
export { Registry } from './registry.ts';
export { RuntimeWatch } from './runtime.ts';
