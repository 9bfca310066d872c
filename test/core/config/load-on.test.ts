import { expect, it } from 'vitest';
import { parseConfig } from '../../../src/core/config/index.ts';

const JOBS = `scrape_configs:
- {job_name: a}
- {job_name: b, scrape_native_histograms: false}
`;

it.each([
  ['is on in every job that does not say otherwise', JOBS, [true, false], true],
  [
    'is off where the file says so',
    `global: {scrape_native_histograms: false}\n${JOBS}`,
    [false, false],
    true,
  ],
])('a setting that a feature switches on %s', (_, text, native, extra) => {
  const { config } = parseConfig(text, { on: ['scrape_native_histograms', 'extra_scrape_metrics'] });
  expect(config.scrapeConfigs.map((job) => job.scrapeNativeHistograms)).toEqual(native);
  expect(config.scrapeConfigs.map((job) => job.scrapeProtocols[0])).toEqual(
    native.map((on) => (on ? 'PrometheusProto' : 'OpenMetricsText1.0.0')),
  );
  expect(config.scrapeConfigs.every((job) => job.extraScrapeMetrics)).toBe(extra);
});
