import { Args, Flags } from '@oclif/core';
import { Output } from '../../../cli/output.ts';
import { PromtoolQuery, printValue, queryFlags, timeOf } from '../../../cli/promtool-query.ts';
import { runQuery } from '../../../cli/query-run.ts';
import { systemClock } from '../../../core/clock.ts';

export default class PromtoolQueryInstant extends PromtoolQuery {
  static override summary = 'promtool query instant: ask for one time';
  static override description =
    'What promtool prints. Instead of a server it may be a data directory or a file. See also "tsmon query".';

  static override examples = [
    { description: 'A server', command: '<%= config.bin %> promtool query instant http://localhost:9090 up' },
  ];

  static override args = {
    server: Args.string({ description: 'Prometheus server to query', required: true, ignoreStdin: true }),
    expr: Args.string({ description: 'PromQL query expression', required: true, ignoreStdin: true }),
  };

  static override flags = {
    ...queryFlags,
    time: Flags.string({ description: 'Query evaluation time (RFC 3339 or Unix timestamp)' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(PromtoolQueryInstant);
    const t = timeOf(flags.time, 'evaluation time', systemClock.now());
    const options = { parser: this.parserOptions(flags['enable-feature']) };
    const answer = await this.ask(args.server, flags, (opened) =>
      runQuery(opened, args.expr, { kind: 'instant', t }, options, {}),
    );
    const out = new Output();
    printValue(answer, flags.format, out);
    out.flush();
  }
}
