import { Args, Flags } from '@oclif/core';
import { Output } from '../../../cli/output.ts';
import { farRange, PromtoolQuery, queryFlags } from '../../../cli/promtool-query.ts';
import { parseSelector } from '../../../core/promql/parser/index.ts';

export default class PromtoolQueryLabels extends PromtoolQuery {
  static override summary = 'promtool query labels: the values of a label';
  static override description = 'What promtool prints. See also "tsmon query values".';

  static override examples = [
    { description: 'A server', command: '<%= config.bin %> promtool query labels http://localhost:9090 job' },
  ];

  static override args = {
    server: Args.string({ description: 'Prometheus server to query', required: true, ignoreStdin: true }),
    name: Args.string({
      description: 'Label name to provide label values for',
      required: true,
      ignoreStdin: true,
    }),
  };

  static override flags = {
    ...queryFlags,
    match: Flags.string({
      description: 'Series selector; repeat for several',
      multiple: true,
      multipleNonGreedy: true,
    }),
    start: Flags.string({ description: 'Start time (RFC 3339 or Unix timestamp)' }),
    end: Flags.string({ description: 'End time (RFC 3339 or Unix timestamp)' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(PromtoolQueryLabels);
    const range = farRange(flags);
    const values = await this.ask(args.server, flags, async ({ source }) => {
      const all = new Set<string>();
      for (const text of flags.match ?? [undefined]) {
        const matchers = text === undefined ? [] : parseSelector(text);
        for (const value of await source.labelValues(args.name, matchers, range)) all.add(value);
      }
      return [...all].sort();
    });
    const out = new Output();
    if (flags.format === 'json') out.line(JSON.stringify(values));
    else for (const value of values) out.line(value);
    out.flush();
  }
}
