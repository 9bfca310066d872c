/** The series that a scrape adds about itself, in the order in which Prometheus appends them. */
import type { Family } from '../exposition/series-table.ts';
import { type Labels, METRIC_NAME } from '../model/labels.ts';

/** A scrape's own series are numbered by their place here. */
export const REPORT_FAMILIES: readonly Family[] = [
  gauge('up', 'Whether the last scrape of the target succeeded.'),
  gauge('scrape_duration_seconds', 'How long the scrape took.', 'seconds'),
  gauge('scrape_samples_scraped', 'Samples that the target exposed.'),
  gauge('scrape_samples_post_metric_relabeling', 'Samples that were left after relabelling.'),
  gauge('scrape_series_added', 'Series that the previous scrape did not have.'),
];

/** The label sets of REPORT_FAMILIES for a target. */
export function reportLabels(target: Labels): Labels[] {
  return REPORT_FAMILIES.map((family) => target.with(METRIC_NAME, family.name));
}

export interface ReportValues {
  up: boolean;
  durationSeconds: number;
  scraped: number;
  relabelled: number;
  added: number;
}

/** The values of REPORT_FAMILIES. */
export function reportValues(of: ReportValues): number[] {
  return [of.up ? 1 : 0, of.durationSeconds, of.scraped, of.relabelled, of.added];
}

function gauge(name: string, help: string, unit = ''): Family {
  return { name, type: 'gauge', help, unit };
}
