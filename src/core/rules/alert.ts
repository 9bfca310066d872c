/** An alert as the rule that made it sees it. */
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import { LabelsBuilder } from '../model/labels-builder.ts';

export type AlertState = 'pending' | 'firing' | 'inactive';

/** Times are milliseconds since the epoch. */
export interface Alert {
  state: AlertState;
  labels: Labels;
  annotations: Labels;
  value: number;
  activeAt: number;
  firedAt: number | undefined;
  resolvedAt: number | undefined;
  /** When the condition ended that `keep_firing_for` bridges. */
  keepFiringSince: number | undefined;
}

/** The labels of the sample of `ALERTS` that stands for an alert. */
export function alertSeries(alert: Alert): Labels {
  return new LabelsBuilder(alert.labels).set(METRIC_NAME, 'ALERTS').set('alertstate', alert.state).labels();
}

export function alertStateSeries(alert: Alert): Labels {
  return new LabelsBuilder(alert.labels).set(METRIC_NAME, 'ALERTS_FOR_STATE').labels();
}
