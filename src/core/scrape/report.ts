/** The series that a scrape adds about itself, in the order in which Prometheus appends them. */
import type { Family } from '../exposition/series-table.ts';
import { type Labels, METRIC_NAME } from '../model/labels.ts';

const REPORT_FAMILIES: readonly Family[] = [
  gauge('up', 'Whether the last scrape of the target succeeded.'),
  gauge('scrape_duration_seconds', 'How long the scrape took.', 'seconds'),
  gauge('scrape_samples_scraped', 'Samples that the target exposed.'),
  gauge('scrape_samples_post_metric_relabeling', 'Samples that were left after relabelling.'),
  gauge('scrape_series_added', 'Series that the previous scrape did not have.'),
];

/** With `extra_scrape_metrics`. */
const EXTRA_FAMILIES: readonly Family[] = [
  gauge('scrape_timeout_seconds', 'How long a scrape may take.', 'seconds'),
  gauge('scrape_sample_limit', 'How many samples the target may expose, 0 for any number.'),
  gauge('scrape_body_size_bytes', 'The size of the body, -1 where it exceeded the limit.', 'bytes'),
];

/** The settings that the extra series repeat. */
export interface ExtraReport {
  timeoutMs: number;
  sampleLimit: number;
}

/** A scrape's own series are numbered by their place here. */
export function reportFamilies(extra: boolean): readonly Family[] {
  return extra ? [...REPORT_FAMILIES, ...EXTRA_FAMILIES] : REPORT_FAMILIES;
}

/** The label sets of the report families for a target. */
export function reportLabels(target: Labels, extra: boolean): Labels[] {
  return reportFamilies(extra).map((family) => target.with(METRIC_NAME, family.name));
}

export interface ReportValues {
  up: boolean;
  durationSeconds: number;
  scraped: number;
  relabelled: number;
  added: number;
  /** -1 where the limit was exceeded. */
  bodyBytes: number;
}

/** The values of the report families. */
export function reportValues(of: ReportValues, extra: ExtraReport | undefined): number[] {
  const values = [of.up ? 1 : 0, of.durationSeconds, of.scraped, of.relabelled, of.added];
  if (extra !== undefined) values.push(extra.timeoutMs / 1000, extra.sampleLimit, of.bodyBytes);
  return values;
}

function gauge(name: string, help: string, unit = ''): Family {
  return { name, type: 'gauge', help, unit };
}
