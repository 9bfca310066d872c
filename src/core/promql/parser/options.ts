/**
 * Which experimental parts of the language are accepted, by the names of Prometheus' `--enable-feature`
 * (https://prometheus.io/docs/prometheus/latest/feature_flags/), and how large a query may be.
 */

export interface ParserOptions {
  /** `promql-experimental-functions`: functions marked experimental, and `limitk` and `limit_ratio`. */
  readonly experimentalFunctions: boolean;
  /** `promql-duration-expr`: arithmetic in durations. On by default since Prometheus 3.14. */
  readonly durationExpressions: boolean;
  /** `promql-extended-range-selectors`: `anchored` and `smoothed`. */
  readonly extendedRangeSelectors: boolean;
  /** `promql-binop-fill-modifiers`: `fill`, `fill_left` and `fill_right`. */
  readonly fillModifiers: boolean;
  /** The longest query that is read, in UTF-16 units. */
  readonly maxLength: number;
  /** How many levels deep an expression may nest; what walks the tree may count on it. */
  readonly maxDepth: number;
}

/** What Prometheus 3.14 accepts when no feature is enabled. */
export const DEFAULT_PARSER_OPTIONS: ParserOptions = {
  experimentalFunctions: false,
  durationExpressions: true,
  extendedRangeSelectors: false,
  fillModifiers: false,
  maxLength: 1 << 20,
  maxDepth: 1000,
};

/** The whole language. */
export const ALL_PARSER_FEATURES: ParserOptions = {
  ...DEFAULT_PARSER_OPTIONS,
  experimentalFunctions: true,
  extendedRangeSelectors: true,
  fillModifiers: true,
};

const FEATURES: ReadonlyMap<string, Partial<ParserOptions>> = new Map<string, Partial<ParserOptions>>([
  ['promql-experimental-functions', { experimentalFunctions: true }],
  ['promql-duration-expr', { durationExpressions: true }],
  ['promql-extended-range-selectors', { extendedRangeSelectors: true }],
  ['promql-binop-fill-modifiers', { fillModifiers: true }],
]);

/** The defaults plus the named features; names that do not concern the parser are ignored. */
export function parserOptionsFor(features: Iterable<string>): ParserOptions {
  let options = DEFAULT_PARSER_OPTIONS;
  for (const name of features) options = { ...options, ...FEATURES.get(name) };
  return options;
}
