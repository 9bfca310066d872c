/** What the engine makes of the flags in query-flags.ts; apart from them, for those who have no use for oclif. */
import { InputError } from '../core/errors.ts';
import { parseDuration } from '../core/model/duration.ts';
import type { EngineOptions } from '../core/promql/index.ts';
import { parserOptionsFor } from '../core/promql/parser/index.ts';

/** Names that Prometheus knows and that concern queries. */
const FEATURES = [
  'promql-experimental-functions',
  'promql-duration-expr',
  'promql-extended-range-selectors',
  'promql-binop-fill-modifiers',
  'promql-delayed-name-removal',
];

/** Throws InputError for a name that is none of Prometheus'. */
export function features(given: readonly string[] | undefined): string[] {
  const names = (given ?? []).flatMap((list) => list.split(',')).map((name) => name.trim());
  for (const name of names) {
    if (!FEATURES.includes(name))
      throw new InputError('bad_feature', `there is no feature "${name}"; there are ${FEATURES.join(', ')}`);
  }
  return names;
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
    parser: parserOptionsFor(enabled),
  };
}

function positive(text: string, flag: string): number {
  const ms = parseDuration(text);
  if (ms === 0) throw new InputError('bad_duration', `${flag} must be more than 0`);
  return ms;
}
