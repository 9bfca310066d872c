import { expect, it } from 'vitest';
import { Registry } from '../../../src/core/instrument/index.ts';

function summary(quantiles: readonly number[], kept?: number) {
  let now = 0;
  const registry = new Registry();
  const options = { labelNames: ['slice'], quantiles, now: () => now, ...(kept !== undefined && { kept }) };
  const durations = registry.summary('took_seconds', 'Times.', options);
  const shown = () =>
    Object.fromEntries(registry.collect()[0].samples.map(({ labels, v }) => [labels.toString(), v]));
  const at = (ms: number) => {
    now = ms;
  };
  return { durations, shown, at };
}

it('quantiles are of the last ten minutes, sums of all', () => {
  const { durations, shown, at } = summary([0.5, 0.9, 0.99]);
  durations.with('a');
  expect(shown()['took_seconds{quantile="0.5", slice="a"}']).toBeNaN();
  durations.observe(9, 'a');
  at(11 * 60_000);
  for (let i = 1; i <= 10; i++) durations.observe(i, 'a');
  expect(shown()).toEqual({
    'took_seconds{quantile="0.5", slice="a"}': 5,
    'took_seconds{quantile="0.9", slice="a"}': 9,
    'took_seconds{quantile="0.99", slice="a"}': 10,
    'took_seconds_sum{slice="a"}': 64,
    'took_seconds_count{slice="a"}': 11,
  });
});

it('where there is much, the newest are kept', () => {
  const { durations, shown } = summary([0.99], 10);
  for (let i = 0; i < 50; i++) durations.observe(i < 30 ? 60 : 1, 'a');
  expect(shown()['took_seconds{quantile="0.99", slice="a"}']).toBe(1);
});

it('without quantiles there are a sum and a count', () => {
  const { durations, shown } = summary([]);
  durations.observe(2, 'a');
  expect(shown()).toEqual({ 'took_seconds_sum{slice="a"}': 2, 'took_seconds_count{slice="a"}': 1 });
});
