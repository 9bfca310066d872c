/** Flags of the commands that run PromQL; engine-options.ts says what the engine makes of them. */
import { Flags } from '@oclif/core';
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
