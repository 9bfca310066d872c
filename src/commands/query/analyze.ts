import { Flags } from '@oclif/core';
import { TsmonCommand } from '../../cli/command.ts';
import { engineOptions } from '../../cli/engine-options.ts';
import { fromFlag } from '../../cli/flags.ts';
import { httpFlags } from '../../cli/http-flags.ts';
import { Output } from '../../cli/output.ts';
import { taught } from '../../cli/query-failure.ts';
import { engineFlags, queryTimeFlags } from '../../cli/query-flags.ts';
import { queryTimes } from '../../cli/query-times.ts';
import { openSources } from '../../cli/sources.ts';
import { systemClock } from '../../core/clock.ts';
import { InputError } from '../../core/errors.ts';
import type { FetchClient } from '../../core/http/fetch.ts';
import { parseDuration } from '../../core/model/duration.ts';
import type { Labels } from '../../core/model/labels.ts';
import { type HistogramUsage, histogramUsage } from '../../core/promql/inspect/index.ts';

export default class QueryAnalyze extends TsmonCommand {
  static override summary = 'Show how many of their buckets histograms use';
  static override description =
    'Reads histograms over a stretch of time, classic and native ones, and prints for each of them the least, the mean and the greatest number of buckets that hold anything, and how many buckets there are where these are more; then the same over all of them. The output is that of promtool query analyze.';

  static override examples = [
    {
      description: 'Whether a classic histogram wastes series',
      command:
        '<%= config.bin %> query analyze --type histogram --match \'{__name__=~"http_request_duration_seconds.*"}\'',
    },
  ];

  static override flags = {
    from: fromFlag,
    at: queryTimeFlags.at,
    type: Flags.string({ description: 'What to analyze', options: ['histogram'], default: 'histogram' }),
    match: Flags.string({
      description: 'Series to look at; repeat for several',
      helpValue: 'SELECTOR',
      multiple: true,
      multipleNonGreedy: true,
      required: true,
    }),
    duration: Flags.string({ description: 'How far back to look', helpValue: 'DURATION', default: '1h' }),
    output: Flags.string({
      char: 'o',
      description: 'How to print',
      options: ['text', 'json'],
      default: 'text',
    }),
    ...engineFlags,
    ...httpFlags,
  };

  /** What speaks to servers, where the flags do not say it. */
  client: FetchClient | undefined = undefined;

  async run(): Promise<void> {
    const { flags } = await this.parse(QueryAnalyze);
    const options = engineOptions(flags);
    const durationMs = parseDuration(flags.duration);
    if (durationMs === 0) throw new InputError('bad_duration', '--duration must be more than 0');
    const source = await openSources(flags.from, {
      onDamage: (error) => this.complain(error.message),
      http: flags,
      ...(this.client !== undefined && { client: this.client }),
    });
    try {
      const times = await queryTimes({ at: flags.at }, false, source, systemClock.now());
      if (times.kind !== 'instant') throw new Error('there is no flag for a range');
      const usages = await histogramUsage(source, flags.match, times.t, durationMs, options).catch(
        (error: unknown) => {
          throw taught(error, flags.match.join(' '));
        },
      );
      const out = new Output();
      if (flags.output === 'json') {
        out.line(
          JSON.stringify(usages.map(({ labels, ...usage }) => ({ metric: labels.toObject(), ...usage }))),
        );
      } else {
        out.text(report(usages));
      }
      out.flush();
    } finally {
      await source.close();
    }
  }
}

const OVER_TIME = `Bucket stats for each histogram series over time
------------------------------------------------
First the min, avg, and max number of populated buckets, followed by the total
number of buckets (only if different from the max number of populated buckets
which is typical for classic but not native histograms).
`;

const OVER_SERIES = `Aggregated bucket stats
-----------------------
Each line shows min/avg/max over the series above.
`;

function report(usages: readonly HistogramUsage[]): string {
  const lines = usages.map(
    ({ labels, kind, min, avg, max, total }) =>
      `- ${nameOf(labels, kind)} (${kind}): ${min}/${avg.toFixed(3)}/${max}${total === max ? '' : `/${total}`}\n`,
  );
  const native = usages.filter(({ kind }) => kind === 'native');
  const classic = usages.filter(({ kind }) => kind === 'classic');
  const aggregates = [...aggregate('Native', native), ...aggregate('Classic', classic)];
  return [OVER_TIME, lines.join(''), OVER_SERIES, ...aggregates].join('\n');
}

function aggregate(kind: string, usages: readonly HistogramUsage[]): string[] {
  if (usages.length === 0) return [];
  const rows = [
    `${kind} histogram series (${usages.length} in total):`,
    `- min populated: ${spread(usages.map(({ min }) => min))}`,
    // Whole numbers, as promtool has them here.
    `- avg populated: ${spread(usages.map(({ avg }) => Math.trunc(avg)))}`,
    `- max populated: ${spread(usages.map(({ max }) => max))}`,
  ];
  if (usages.some(({ total, max }) => total !== max))
    rows.push(`- total: ${spread(usages.map(({ total }) => total))}`);
  return [`${rows.join('\n')}\n`];
}

/** Of a classic histogram the braces stay, whose `le` was taken out. */
function nameOf(labels: Labels, kind: HistogramUsage['kind']): string {
  const name = String(labels);
  return kind === 'native' || name.endsWith('}') ? name : `${name}{}`;
}

function spread(values: readonly number[]): string {
  const sum = values.reduce((total, v) => total + v, 0);
  return `${Math.min(...values)}/${(sum / values.length).toFixed(3)}/${Math.max(...values)}`;
}
