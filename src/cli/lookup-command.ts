/** What the commands share that look up labels, series, metadata and exemplars: where, of when, and how to print. */
import { Flags } from '@oclif/core';
import { systemClock } from '../core/clock.ts';
import { parseDuration } from '../core/model/duration.ts';
import type { Matcher } from '../core/model/matcher.ts';
import { MAX_TIMESTAMP, MIN_TIMESTAMP, parseTimestamp } from '../core/model/timestamp.ts';
import { parseSelector } from '../core/promql/parser/index.ts';
import type { Source, TimeRange } from '../core/source/source.ts';
import { EXIT_FAILED, TsmonCommand } from './command.ts';
import { fromFlag } from './flags.ts';
import { httpFlags } from './http-flags.ts';
import { Output } from './output.ts';
import { timeFlags } from './query-flags.ts';
import { printData } from './query-json.ts';
import { openSources, type SourceOptions } from './sources.ts';

export const lookupFlags = {
  from: fromFlag,
  ...timeFlags,
  limit: Flags.integer({ description: 'Print so many at most', helpValue: 'N', min: 1 }),
  output: Flags.string({
    char: 'o',
    description: "How to print: text, or the whole answer of Prometheus' HTTP API as json",
    options: ['text', 'json'],
    default: 'text',
  }),
  'fail-if-empty': Flags.boolean({ description: 'Status 1 where there is nothing' }),
  ...httpFlags,
};

export interface LookupFlags {
  from: string[];
  start?: string | undefined;
  end?: string | undefined;
  since?: string | undefined;
  limit?: number | undefined;
  output: string;
  'fail-if-empty': boolean;
}

/** What was found: for programs, and for people one by one. */
export interface Found {
  data: unknown;
  lines: Iterable<string>;
  count: number;
}

export abstract class LookupCommand extends TsmonCommand {
  protected async lookUp(
    flags: LookupFlags & NonNullable<SourceOptions['http']>,
    find: (source: Source, range: TimeRange) => Promise<Found>,
  ): Promise<void> {
    const range = rangeOf(flags, systemClock.now());
    const source = await openSources(flags.from, {
      onDamage: (error) => {
        process.exitCode = EXIT_FAILED;
        this.complain(error.message);
      },
      onWarning: (text) => this.complain(text),
      http: flags,
    });
    try {
      const { data, lines, count } = await find(source, range);
      const out = new Output();
      if (flags.output === 'json') printData(data, out);
      else for (const line of lines) out.line(line);
      out.flush();
      if (count === 0 && flags['fail-if-empty']) process.exitCode = EXIT_FAILED;
    } finally {
      await source.close();
    }
  }
}

/** All that there is, where no flag says otherwise. */
function rangeOf({ start, end, since }: LookupFlags, now: number): TimeRange {
  const maxt = end === undefined ? MAX_TIMESTAMP : parseTimestamp(end, now);
  if (since !== undefined) return { mint: Math.min(maxt, now) - parseDuration(since), maxt };
  return { mint: start === undefined ? MIN_TIMESTAMP : parseTimestamp(start, now), maxt };
}

/** Lists of matchers, of which a series has to satisfy one; a list without matchers where none is given. */
export function selectors(texts: readonly string[] | undefined): readonly (readonly Matcher[])[] {
  return texts === undefined || texts.length === 0 ? [[]] : texts.map((text) => parseSelector(text));
}

/** The strings that several lookups found, sorted and each once, as far as the limit goes. */
export function union(lists: readonly (readonly string[])[], limit: number | undefined): string[] {
  if (lists.length === 1) return lists[0].slice(0, limit);
  return [...new Set(lists.flat())].sort().slice(0, limit);
}
