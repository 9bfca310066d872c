import { Args, Flags } from '@oclif/core';
import { Output } from '../../../cli/output.ts';
import { farRange, matchesFlag, PromtoolQuery, queryFlags } from '../../../cli/promtool-query.ts';
import type { Labels } from '../../../core/model/labels.ts';
import { labelsInBraces } from '../../../core/model/labels-text.ts';
import { parseSelector } from '../../../core/promql/parser/index.ts';

export default class PromtoolQuerySeries extends PromtoolQuery {
  static override summary = 'promtool query series: which series there are';
  static override description = 'What promtool prints, sorted. See also "tsmon query series".';

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
    const found = await this.ask(args.server, flags, async ({ source }) => {
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
