/**
 * A relabel rule, as `relabel_configs` and its siblings hold them.
 * See https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config
 */
import type { ValidationScheme } from '../model/index.ts';
import type { Regex } from '../regex/index.ts';

export const RELABEL_ACTIONS = [
  'replace',
  'keep',
  'drop',
  'keepequal',
  'dropequal',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase',
] as const;

export type RelabelAction = (typeof RELABEL_ACTIONS)[number];

export interface RelabelRule {
  readonly action: RelabelAction;
  /** The values of these labels, joined by `separator`, are what the rule looks at. */
  readonly sourceLabels: readonly string[];
  readonly separator: string;
  readonly regex: Regex;
  /** A whole number below 2^64; as a number it may have lost its last digits. */
  readonly modulus: number;
  /** For `replace` a template, as `replacement`. */
  readonly targetLabel: string;
  readonly replacement: string;
  /** Which names `replace` may produce. */
  readonly nameScheme: ValidationScheme;
}

export const DEFAULT_SEPARATOR = ';';
export const DEFAULT_REGEX = '(.*)';
export const DEFAULT_REPLACEMENT = '$1';
