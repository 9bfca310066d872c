import { Args, Flags } from '@oclif/core';
import { CommandFailure, EXIT_FAILED } from '../../../cli/command.ts';
import { Output } from '../../../cli/output.ts';
import { headerFlag } from '../../../cli/promtool-http.ts';
import { PromtoolQuery, printValue, queryFlags, timeOf } from '../../../cli/promtool-query.ts';
import { runQuery } from '../../../cli/query-run.ts';
import { systemClock } from '../../../core/clock.ts';
import { parseApiDuration } from '../../../core/model/timestamp.ts';

const DEFAULT_RANGE_MS = 5 * 60_000;
const DEFAULT_STEPS = 250;

export default class PromtoolQueryRange extends PromtoolQuery {
  static override summary = 'promtool query range: ask for a range of times';
  static override description =
    'What promtool prints. Instead of a server it may be a data directory or a file. See also "tsmon query".';

  static override examples = [
    {
      description: 'Ten minutes of a server',
      command:
        '<%= config.bin %> promtool query range --start 1700000000 --end 1700000600 --step 1m http://localhost:9090 up',
    },
  ];

  static override args = {
    server: Args.string({ description: 'Prometheus server to query', required: true, ignoreStdin: true }),
    expr: Args.string({ description: 'PromQL query expression', required: true, ignoreStdin: true }),
  };

  static override flags = {
    ...queryFlags,
    start: Flags.string({ description: 'Query range start time (RFC 3339 or Unix timestamp)' }),
    end: Flags.string({ description: 'Query range end time (RFC 3339 or Unix timestamp)' }),
    header: headerFlag,
    step: Flags.string({ description: 'Query step size (duration)' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(PromtoolQueryRange);
    const end = timeOf(flags.end, 'end time', systemClock.now());
    const start = timeOf(flags.start, 'start time', end - DEFAULT_RANGE_MS);
    if (start >= end) throw new CommandFailure(EXIT_FAILED, 'start time is not before end time');
    const stepMs =
      flags.step === undefined
        ? Math.max(Math.floor((end - start) / 1000 / DEFAULT_STEPS), 1) * 1000
        : Math.round(parseApiDuration(flags.step));
    const options = { parser: this.parserOptions(flags['enable-feature']) };
    const answer = await this.ask(args.server, flags, (opened) =>
      runQuery(opened, args.expr, { kind: 'range', start, end, stepMs }, options, {}),
    );
    const out = new Output();
    printValue(answer, flags.format, out);
    out.flush();
  }
}
