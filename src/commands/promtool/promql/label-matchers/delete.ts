import { Args } from '@oclif/core';
import { Output } from '../../../../cli/output.ts';
import { PromtoolCommand } from '../../../../cli/promtool-command.ts';
import { withMatcher } from '../../../../cli/promtool-matchers.ts';
import { parseQuery, prettyPrint } from '../../../../core/promql/parser/index.ts';

export default class PromtoolLabelMatchersDelete extends PromtoolCommand {
  static override summary =
    'promtool promql label-matchers delete: no matcher of a label in any selector of a query';
  static override description = 'What promtool prints.';

  static override examples = [
    {
      description: 'All clusters',
      command:
        '<%= config.bin %> promtool promql label-matchers delete --experimental \'sum(up{cluster="eu"})\' cluster',
    },
  ];

  static override args = {
    query: Args.string({ description: 'PromQL query', required: true, ignoreStdin: true }),
    name: Args.string({ description: 'Name of the label to delete', required: true, ignoreStdin: true }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(PromtoolLabelMatchersDelete);
    this.requireExperimental(flags.experimental);
    const query = parseQuery(args.query, this.parserOptions(flags['enable-feature']));
    const out = new Output();
    out.line(prettyPrint(withMatcher(query, args.name, undefined)));
    out.flush();
  }
}
