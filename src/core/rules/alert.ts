/** An alert as the rule that made it sees it. */
import { compareStrings, isLegacyLabelName, type Labels, METRIC_NAME } from '../model/labels.ts';
import { LabelsBuilder } from '../model/labels-builder.ts';
import { goQuote } from '../model/quote.ts';
import type { LabelPairs } from './rule-file.ts';

/** Sorted by name. Unlike labels they may be empty. */
export type Annotations = readonly (readonly [name: string, text: string])[];

export function annotationsFrom(pairs: Iterable<readonly [string, string]>): Annotations {
  return [...pairs].sort(([a], [b]) => compareStrings(a, b));
}

/** As labels are ordered: by the first name or text that differs, then by number. */
export function compareAnnotations(a: Annotations, b: Annotations): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const order = compareStrings(a[i][0], b[i][0]) || compareStrings(a[i][1], b[i][1]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** As labels are printed. */
export function annotationsText(annotations: Annotations): string {
  return `{${annotations.map(([name, text]) => `${isLegacyLabelName(name) ? name : goQuote(name)}=${goQuote(text)}`).join(', ')}}`;
}

export type AlertState = 'pending' | 'firing' | 'inactive';

/** Times are milliseconds since the epoch. */
export interface Alert {
  state: AlertState;
  labels: Labels;
  annotations: Annotations;
  value: number;
  activeAt: number;
  /** When the rule was last evaluated and the condition held. */
  heldAt: number;
  firedAt: number | undefined;
  resolvedAt: number | undefined;
  /** When the condition ended that `keep_firing_for` bridges. */
  keepFiringSince: number | undefined;
  /** When it was last handed over to be sent, and until when a receiver may take that for true. */
  lastSentAt: number | undefined;
  validUntil: number | undefined;
}

/**
 * The labels of the sample of `ALERTS` that stands for an alert. As in Prometheus the rule's labels come first, as they
 * are written: one whose template comes out empty, and so is none of the alert's, stays as its template.
 */
export function alertSeries(alert: Alert, ruleLabels: LabelPairs): Labels {
  return stateSeries(alert, ruleLabels, 'ALERTS').set('alertstate', alert.state).labels();
}

export function alertStateSeries(alert: Alert, ruleLabels: LabelPairs): Labels {
  return stateSeries(alert, ruleLabels, 'ALERTS_FOR_STATE').labels();
}

function stateSeries(alert: Alert, ruleLabels: LabelPairs, metric: string): LabelsBuilder {
  const builder = new LabelsBuilder();
  for (const [name, value] of ruleLabels) builder.set(name, value);
  for (const [name, value] of alert.labels) builder.set(name, value);
  return builder.set(METRIC_NAME, metric);
}
