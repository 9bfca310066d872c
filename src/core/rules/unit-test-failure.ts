/** What a unit test of rules has found wrong. */
import type { Labels } from '../model/labels.ts';
import type { Annotations } from './alert.ts';

/** What did not hold. `expected` and `got` are lines to be shown beside each other, where there are any. */
export type UnitTestFailure =
  | {
      kind: 'rule';
      group: string;
      rule: string;
      timeMs: number;
      error: string;
      file: string;
      line: number | undefined;
    }
  | {
      kind: 'alert';
      alert: string;
      /** Those that have such an alert. */
      groups: string[];
      timeMs: number;
      line: number | undefined;
      expected: string[];
      got: string[];
      /** The same as the lines, in their order. */
      alerts: { expected: AlertTexts[]; got: AlertTexts[] };
    }
  | {
      kind: 'expr';
      expr: string;
      timeMs: number;
      line: number | undefined;
      expected: string[];
      got: string[];
    }
  | { kind: 'error'; expr: string; timeMs: number; line: number | undefined; error: string };

/** What an alert is compared by. */
export interface AlertTexts {
  labels: Labels;
  annotations: Annotations;
}
