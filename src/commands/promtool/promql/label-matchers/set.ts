import { Args, Flags } from '@oclif/core';
import { Output } from '../../../../cli/output.ts';
import { PromtoolCommand } from '../../../../cli/promtool-command.ts';
import { withMatcher } from '../../../../cli/promtool-matchers.ts';
import { Matcher, type MatchType } from '../../../../core/model/matcher.ts';
import { parseQuery, prettyPrint } from '../../../../core/promql/parser/index.ts';

export default class PromtoolLabelMatchersSet extends PromtoolCommand {
  static override summary = 'promtool promql label-matchers set: a matcher in every selector of a query';
  static override description = 'What promtool prints.';

  static override examples = [
    {
      description: 'One cluster only',
      command: "<%= config.bin %> promtool promql label-matchers set --experimental 'sum(up)' cluster eu",
    },
  ];

  static override args = {
    query: Args.string({ description: 'PromQL query', required: true, ignoreStdin: true }),
    name: Args.string({ description: 'Name of the label matcher to set', required: true, ignoreStdin: true }),
    value: Args.string({
      description: 'Value of the label matcher to set',
      required: true,
      ignoreStdin: true,
    }),
  };

  static override flags = {
    type: Flags.string({
      char: 't',
      description: 'Type of the label matcher to set',
      options: ['=', '!=', '=~', '!~'],
      default: '=',
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(PromtoolLabelMatchersSet);
    this.requireExperimental(flags.experimental);
    const query = parseQuery(args.query, this.parserOptions(flags['enable-feature']));
    const matcher = new Matcher(flags.type as MatchType, args.name, args.value);
    const out = new Output();
    out.line(prettyPrint(withMatcher(query, args.name, matcher)));
    out.flush();
  }
}
