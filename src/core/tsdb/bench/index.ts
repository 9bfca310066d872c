export { type BenchOptions, type Measure, runBench } from './bench.ts';
