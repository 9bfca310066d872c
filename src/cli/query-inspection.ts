/** What `query explain` and `query profile` share: their arguments, and the query that they look into. */
import { Args, Flags } from '@oclif/core';
import { systemClock } from '../core/clock.ts';
import type { EngineOptions } from '../core/promql/index.ts';
import type { Source } from '../core/source/source.ts';
import { fromFlag } from './flags.ts';
import { httpFlags } from './http-flags.ts';
import { taught } from './query-failure.ts';
import { engineFlags, queryTimeFlags } from './query-flags.ts';
import { type QueryTimes, queryTimes, type TimeFlags } from './query-times.ts';

export const inspectionArgs = {
  expr: Args.string({ description: 'A PromQL expression', required: true, ignoreStdin: true }),
};

/** `printed` is what --output is a form of. */
export const inspectionFlags = (printed: string) => ({
  from: fromFlag,
  ...queryTimeFlags,
  output: Flags.string({
    char: 'o',
    description: `How to print ${printed}`,
    options: ['text', 'json'],
    default: 'text',
  }),
  ...engineFlags,
  ...httpFlags,
});

/** Has `inspect` look into a query at the times that the flags name. A fault of the query is one that teaches. */
export async function inspected<T>(
  inspect: (source: Source, query: string, times: QueryTimes, options: EngineOptions) => Promise<T>,
  source: Source,
  query: string,
  flags: TimeFlags,
  options: EngineOptions,
): Promise<T> {
  const times = await queryTimes(flags, false, source, systemClock.now());
  return inspect(source, query, times, options).catch((error: unknown) => {
    throw taught(error, query);
  });
}
