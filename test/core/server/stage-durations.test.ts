import { expect, it } from 'vitest';
import { StageDurations } from '../../../src/core/server/stage-durations.ts';

it('quantiles are of the last ten minutes, sums of all', () => {
  let now = 0;
  const durations = new StageDurations({ now: () => now, monotonic: () => now, sleep: async () => {} });
  const shown = () =>
    Object.fromEntries(durations.family().samples.map(({ labels, v }) => [labels.toString(), v]));
  const evaluated = (rest: string) =>
    `prometheus_engine_query_duration_seconds${rest.replace('}', 'slice="inner_eval"}')}`;
  expect(shown()[evaluated('{quantile="0.5", }')]).toBeNaN();
  durations.observe(5, 9000);
  now = 11 * 60_000;
  for (let i = 1; i <= 10; i++) durations.observe(0, i * 1000);
  const after = shown();
  expect(after[evaluated('{quantile="0.5", }')]).toBe(5);
  expect(after[evaluated('{quantile="0.9", }')]).toBe(9);
  expect(after[evaluated('{quantile="0.99", }')]).toBe(10);
  expect(after[evaluated('_sum{}')]).toBe(64);
  expect(after[evaluated('_count{}')]).toBe(11);
});

it('a busy server keeps the newest', () => {
  const durations = new StageDurations({ now: () => 0, monotonic: () => 0, sleep: async () => {} });
  for (let i = 0; i < 5000; i++) durations.observe(0, i < 3000 ? 60_000 : 1000);
  const { samples } = durations.family();
  const highest = samples.find(
    ({ labels }) => labels.get('quantile') === '0.99' && labels.get('slice') === 'inner_eval',
  );
  expect(highest?.v).toBe(1);
});
