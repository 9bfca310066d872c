import { TsmonCommand } from '../../cli/command.ts';
import { features } from '../../cli/engine-options.ts';
import { Output } from '../../cli/output.ts';
import { taught } from '../../cli/query-failure.ts';
import { featureFlag } from '../../cli/query-flags.ts';
import { expressionArg, expressionText } from '../../cli/query-text-argument.ts';
import { parseQuery, parserOptionsFor, prettyPrint } from '../../core/promql/parser/index.ts';

export default class QueryFormat extends TsmonCommand {
  static override summary = 'Lay out an expression';
  static override description =
    'Prints an expression as Prometheus lays it out: in one line where it fits, else with each part in a line of its own. Faults in it are reported as a query would.';

  static override examples = [
    {
      description: 'A long expression made legible',
      command:
        '<%= config.bin %> query format \'sum(rate(a{code=~"5.."}[5m]))by(job)/sum(rate(a[5m]))by(job)\'',
    },
    { description: 'From a file', command: '<%= config.bin %> query format < expression.promql' },
  ];

  static override args = { expr: expressionArg };
  static override flags = { 'enable-feature': featureFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(QueryFormat);
    const query = expressionText(args.expr);
    const options = parserOptionsFor(features(flags['enable-feature']));
    const out = new Output();
    try {
      out.line(prettyPrint(parseQuery(query, options)));
    } catch (error) {
      throw taught(error, query);
    }
    out.flush();
  }
}
