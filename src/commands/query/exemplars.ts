import { Args } from '@oclif/core';
import { LookupCommand, lookupFlags } from '../../cli/lookup-command.ts';
import type { Matcher } from '../../core/model/matcher.ts';
import { formatG, formatJson } from '../../core/model/number.ts';
import { parseQuery, walk } from '../../core/promql/parser/index.ts';
import type { ExemplarSeries } from '../../core/source/source.ts';

export default class QueryExemplars extends LookupCommand {
  static override summary = 'Show the exemplars of series';
  static override description =
    'Prints the exemplars of all series that the selectors in an expression select: the series, the labels of the exemplar (usually a trace), its value, and its time in milliseconds.';

  static override examples = [
    {
      description: 'Traces of slow requests of the last hour',
      command: "<%= config.bin %> query exemplars 'rate(latency_seconds_bucket[5m])' --since 1h",
    },
  ];

  static override args = {
    expr: Args.string({
      description: 'A selector, or any expression that has some',
      required: true,
      ignoreStdin: true,
    }),
  };
  static override flags = lookupFlags;

  async run(): Promise<void> {
    const { flags, args } = await this.parse(QueryExemplars);
    const lists: (readonly Matcher[])[] = [];
    walk(parseQuery(args.expr), (node) => {
      if (node.kind === 'vectorSelector') lists.push(node.matchers);
    });
    await this.lookUp(flags, async (source, range) => {
      const found = await source.exemplars(lists, range);
      const shown = limited(found, flags.limit ?? Number.POSITIVE_INFINITY);
      const lines = shown.flatMap(({ labels, exemplars }) =>
        exemplars.map((e) => `${labels} ${e.labels} ${formatG(e.v)} ${e.t}`),
      );
      return { count: lines.length, lines, data: shown.map(apiSeries) };
    });
  }
}

/** The first `limit` exemplars. */
function limited(found: readonly ExemplarSeries[], limit: number): ExemplarSeries[] {
  let left = limit;
  return found
    .map(({ labels, exemplars }) => {
      const kept = exemplars.slice(0, left);
      left -= kept.length;
      return { labels, exemplars: kept };
    })
    .filter(({ exemplars }) => exemplars.length > 0);
}

/** As the HTTP API has it. */
function apiSeries({ labels, exemplars }: ExemplarSeries) {
  return {
    seriesLabels: labels.toObject(),
    exemplars: exemplars.map((e) => ({
      labels: e.labels.toObject(),
      value: formatJson(e.v),
      timestamp: e.t! / 1000,
    })),
  };
}
