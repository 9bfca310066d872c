/** What the engine makes of the flags in query-flags.ts; apart from them, for those who have no use for oclif. */
import { InputError } from '../core/errors.ts';
import { parseDuration } from '../core/model/duration.ts';
import type { EngineOptions } from '../core/promql/index.ts';
import { parserOptionsFor } from '../core/promql/parser/index.ts';

/** Prometheus' features that concern queries. */
export const QUERY_FEATURES = [
  'promql-experimental-functions',
  'promql-duration-expr',
  'promql-extended-range-selectors',
  'promql-binop-fill-modifiers',
  'promql-delayed-name-removal',
  'type-and-unit-labels',
  'use-start-timestamps',
];

/** Features that became part of the language; their names do nothing any more. */
const PERMANENT = ['promql-at-modifier', 'promql-negative-offset'];

/**
 * The names in `given`, of which each may be a list with commas. Throws InputError that has all names that no query
 * knows; Prometheus has more features, of which none changes what a query yields.
 */
export function features(given: readonly string[] | undefined): string[] {
  const names = (given ?? [])
    .flatMap((list) => list.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '' && !PERMANENT.includes(name));
  const unknown = names.filter((name) => !QUERY_FEATURES.includes(name));
  if (unknown.length > 0) throw new InputError('bad_feature', unknownFeatures(unknown));
  return names;
}

function unknownFeatures(names: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`).join(', ');
  const some = names.length === 1 ? 'is not a feature of queries' : 'are not features of queries';
  return `--enable-feature: ${quoted} ${some}; those are ${QUERY_FEATURES.join(', ')}`;
}

export interface EngineFlags {
  'lookback-delta'?: string | undefined;
  'max-samples': number;
  timeout?: string | undefined;
  'enable-feature'?: string[] | undefined;
}

export function engineOptions(flags: EngineFlags): EngineOptions & { lookbackMs: number; timeoutMs: number } {
  const enabled = features(flags['enable-feature']);
  return {
    lookbackMs: positive(flags['lookback-delta'] ?? '5m', '--lookback-delta'),
    maxSamples: flags['max-samples'],
    timeoutMs: positive(flags.timeout ?? '2m', '--timeout'),
    delayedNameRemoval: enabled.includes('promql-delayed-name-removal'),
    typeAndUnitLabels: enabled.includes('type-and-unit-labels'),
    useStartTimestamps: enabled.includes('use-start-timestamps'),
    parser: parserOptionsFor(enabled),
  };
}

function positive(text: string, flag: string): number {
  const ms = parseDuration(text);
  if (ms === 0) throw new InputError('bad_duration', `${flag} must be more than 0`);
  return ms;
}
