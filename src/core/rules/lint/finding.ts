/** What a lint may find: every check with its id, which never changes, and how bad it is. */
import type { Place } from '../../errors.ts';

export const SEVERITIES = ['info', 'warning', 'error'] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface Check {
  id: string;
  severity: Severity;
  /** What it looks for, in a line. */
  about: string;
  /** Says nothing unless it is asked for. */
  optional?: boolean;
  needsData?: boolean;
}

export const CHECKS = [
  { id: 'never-true', severity: 'error', about: 'a comparison that no value can satisfy' },
  { id: 'always-true', severity: 'warning', about: 'a comparison that every value satisfies, in an alert' },
  { id: 'always-fires', severity: 'warning', about: 'an alert whose expression always has a result' },
  { id: 'no-condition', severity: 'info', about: 'an alert that fires for every series of a metric' },
  { id: 'no-for', severity: 'info', about: 'an alert that one bad sample fires' },
  { id: 'no-severity', severity: 'info', about: 'an alert without a severity label', optional: true },
  { id: 'no-summary', severity: 'info', about: 'an alert without any annotation', optional: true },
  {
    id: 'lost-label',
    severity: 'warning',
    about: "an alert's label made from one that the expression drops",
  },
  { id: 'lost-in-text', severity: 'info', about: 'an annotation with a label that the expression drops' },
  { id: 'lost-le', severity: 'error', about: 'a quantile of buckets without their le label' },
  { id: 'lost-match', severity: 'error', about: 'on(), or a grouping, by a label that the expression drops' },
  { id: 'raw-counter', severity: 'info', about: 'an alert that compares a counter itself' },
  { id: 'rate-of-sum', severity: 'warning', about: 'a rate of a sum: restarts of one part go unseen' },
  { id: 'wrong-type', severity: 'warning', about: 'a function for counters of a gauge, or the reverse' },
  { id: 'changing-members', severity: 'warning', about: 'topk or the like below an alert that has to last' },
  {
    id: 'missing-series',
    severity: 'warning',
    about: 'a selector that no series satisfies',
    needsData: true,
  },
  { id: 'no-match', severity: 'warning', about: 'sides of an operation that never meet', needsData: true },
  {
    id: 'query-fails',
    severity: 'error',
    about: 'an expression that has an error for a value',
    needsData: true,
  },
  { id: 'fires-throughout', severity: 'info', about: 'an alert that held all the time', needsData: true },
  { id: 'for-never-reached', severity: 'info', about: 'a condition that never lasts', needsData: true },
  {
    id: 'changing-labels',
    severity: 'warning',
    about: 'alerts named by short-lived labels',
    needsData: true,
  },
  { id: 'short-window', severity: 'warning', about: 'a window of less than two scrapes', needsData: true },
  { id: 'costly', severity: 'warning', about: 'an evaluation that reads very many samples', needsData: true },
] as const satisfies readonly Check[];

export type CheckId = (typeof CHECKS)[number]['id'];

export interface Finding {
  check: CheckId;
  severity: Severity;
  place: Place;
  group: string;
  rule: string;
  message: string;
}

export function checkOf(id: CheckId): Check {
  return CHECKS.find((check) => check.id === id)!;
}

export function isCheckId(text: string): text is CheckId {
  return CHECKS.some(({ id }) => id === text);
}
