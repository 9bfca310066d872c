import { Args } from '@oclif/core';
import { Output } from '../../../cli/output.ts';
import { PromtoolCommand } from '../../../cli/promtool-command.ts';
import { parseQuery, prettyPrint } from '../../../core/promql/parser/index.ts';

export default class PromtoolPromqlFormat extends PromtoolCommand {
  static override summary = 'promtool promql format: a query over several lines';
  static override description = 'What promtool prints. See also "tsmon query format".';

  static override examples = [
    {
      description: 'A query',
      command: "<%= config.bin %> promtool promql format --experimental 'sum(a)/sum(b)'",
    },
  ];

  static override args = {
    query: Args.string({ description: 'PromQL query', required: true, ignoreStdin: true }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(PromtoolPromqlFormat);
    this.requireExperimental(flags.experimental);
    const out = new Output();
    out.line(prettyPrint(parseQuery(args.query, this.parserOptions(flags['enable-feature']))));
    out.flush();
  }
}
