/** Flags of the commands that run PromQL, and what the engine makes of them. */
import { Flags } from '@oclif/core';
import { InputError } from '../core/errors.ts';
import { parseDuration } from '../core/model/duration.ts';
import type { EngineOptions } from '../core/promql/index.ts';
import { parserOptionsFor } from '../core/promql/parser/index.ts';
import { endFlag, startFlag } from './flags.ts';

const TIME = 'TIME';
const ENGINE = 'ENGINE';

/** A result with more samples than this is a mistake more often than not. */
const DEFAULT_MAX_SAMPLES = 10_000_000;

export const timeFlags = {
  start: { ...startFlag, helpGroup: TIME },
  end: {
    ...endFlag,
    description: 'Up to and including this time, or latest (default: now)',
    helpGroup: TIME,
  },
  since: Flags.string({
    description: 'Instead of --start: so long before the end',
    helpValue: 'DURATION',
    helpGroup: TIME,
  }),
};

export const queryTimeFlags = {
  at: Flags.string({
    description:
      'The time to ask for: RFC 3339, a Unix time in seconds or milliseconds, now-1h, or latest for that of the newest sample (default: now)',
    helpValue: 'TIME',
    helpGroup: TIME,
  }),
  ...timeFlags,
  step: Flags.string({
    description: 'How far apart the times of a range are (default: 250 of them, whole seconds apart)',
    helpValue: 'DURATION',
    helpGroup: TIME,
  }),
};

export const featureFlag = Flags.string({
  description:
    "Prometheus' feature flags, with commas between, for example promql-experimental-functions; repeat for several",
  helpValue: 'NAME,…',
  helpGroup: ENGINE,
  multiple: true,
  multipleNonGreedy: true,
});

export const engineFlags = {
  'lookback-delta': Flags.string({
    description: 'How old the newest sample of a series may be (default: 5m)',
    helpValue: 'DURATION',
    helpGroup: ENGINE,
  }),
  'max-samples': Flags.integer({
    description: 'Give up a query that would hold more samples in memory',
    helpValue: 'N',
    helpGroup: ENGINE,
    default: DEFAULT_MAX_SAMPLES,
    min: 1,
  }),
  timeout: Flags.string({
    description: 'Give up a query that takes longer (default: 2m)',
    helpValue: 'DURATION',
    helpGroup: ENGINE,
  }),
  'enable-feature': featureFlag,
};

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
