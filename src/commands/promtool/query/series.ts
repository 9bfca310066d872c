import { Args, Flags } from '@oclif/core';
import { Output } from '../../../cli/output.ts';
import { farRange, matchesFlag, PromtoolQuery, queryFlags } from '../../../cli/promtool-query.ts';
import { type Labels, labelsFromObject } from '../../../core/model/labels.ts';
import { labelsInBraces } from '../../../core/model/labels-text.ts';
import { formatApiTimestamp } from '../../../core/model/timestamp.ts';
import { parseSelector } from '../../../core/promql/parser/index.ts';
import type { ApiClient } from '../../../core/source/http/api-client.ts';
import type { TimeRange } from '../../../core/source/source.ts';

export default class PromtoolQuerySeries extends PromtoolQuery {
  static override summary = 'promtool query series: which series there are';
  static override description =
    'What promtool prints: a server is asked, and its order kept. See also "tsmon query series".';

  static override examples = [
    {
      description: 'A server',
      command: '<%= config.bin %> promtool query series --match up http://localhost:9090',
    },
  ];

  static override args = {
    server: Args.string({ description: 'Prometheus server to query', required: true, ignoreStdin: true }),
  };

  static override flags = {
    ...queryFlags,
    match: matchesFlag,
    start: Flags.string({ description: 'Start time (RFC 3339 or Unix timestamp)' }),
    end: Flags.string({ description: 'End time (RFC 3339 or Unix timestamp)' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(PromtoolQuerySeries);
    const range = farRange(flags);
    const found = await this.ask(args.server, flags, async ({ source, server }) => {
      if (server !== undefined) return askServer(server, flags.match, range);
      const all = new Map<string, Labels>();
      for (const text of flags.match) {
        const set = await source.select(parseSelector(text), { ...range, labelsOnly: true });
        for (let i = 0; i < set.length; i++) all.set(set.labels(i).toString(), set.labels(i));
      }
      return [...all.values()];
    });
    const out = new Output();
    if (flags.format === 'json') out.line(JSON.stringify(found.map((labels) => labels.toObject())));
    else for (const labels of found) out.line(labelsInBraces(labels));
    out.flush();
  }
}

/** In the order of the answer, which means nothing, but is what promtool prints. */
async function askServer(
  server: ApiClient,
  matches: readonly string[],
  { mint, maxt }: TimeRange,
): Promise<Labels[]> {
  const { data } = await server.post<Record<string, string>[]>('series', [
    ...matches.map((match): [string, string] => ['match[]', match]),
    ['start', formatApiTimestamp(mint)],
    ['end', formatApiTimestamp(maxt)],
  ]);
  return data.map(labelsFromObject);
}
