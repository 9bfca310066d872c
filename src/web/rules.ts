/** Rules as the API gives them, and what pages about them share. */
import type { LabelSet } from './api.ts';
import { h } from './dom.ts';

export interface Group {
  name: string;
  file: string;
  interval: number;
  evaluationTime: number;
  lastEvaluation: string;
  rules: Rule[];
}

export type AlertState = 'firing' | 'pending' | 'inactive' | 'unknown';

export interface Rule {
  type: 'alerting' | 'recording';
  name: string;
  query: string;
  health: string;
  lastError?: string;
  evaluationTime: number;
  lastEvaluation: string;
  labels?: LabelSet;
  state?: AlertState;
  /** `for`, seconds. */
  duration?: number;
  /** Seconds. */
  keepFiringFor?: number;
  alerts?: {
    labels: LabelSet;
    annotations: Record<string, string>;
    state: AlertState;
    activeAt: string;
    value: string;
  }[];
}

/** The expression, which leads to the page that runs it. */
export function expressionLink({ query }: Rule): HTMLElement {
  const href = `query?${new URLSearchParams({ 'g0.expr': query, 'g0.tab': 'graph' })}`;
  return h('pre', {}, h('a', { href }, query));
}
