import { TsmonCommand } from '../../cli/command.ts';
import { features } from '../../cli/engine-options.ts';
import { Output } from '../../cli/output.ts';
import { taught } from '../../cli/query-failure.ts';
import { featureFlag } from '../../cli/query-flags.ts';
import { expressionArg, expressionText } from '../../cli/query-text-argument.ts';
import { isTerminal } from '../../cli/terminal.ts';
import { exprToJson, parseQuery, parserOptionsFor } from '../../core/promql/parser/index.ts';

export default class QueryParse extends TsmonCommand {
  static override summary = 'Print the syntax tree of an expression as JSON';
  static override description =
    "Prints the tree that Prometheus' /api/v1/parse_query answers with (its data): nodes with their type and what belongs to it.";

  static override examples = [
    {
      description: 'Which metrics an expression uses',
      command:
        "<%= config.bin %> query parse 'a/on(job)b' | jq -r '..|select(.type?==\"vectorSelector\").name'",
    },
  ];

  static override args = { expr: expressionArg };
  static override flags = { 'enable-feature': featureFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(QueryParse);
    const query = expressionText(args.expr);
    const options = parserOptionsFor(features(flags['enable-feature']));
    const out = new Output();
    try {
      const tree = exprToJson(parseQuery(query, options));
      out.line(JSON.stringify(tree, null, isTerminal(1) ? 2 : 0));
    } catch (error) {
      throw taught(error, query);
    }
    out.flush();
  }
}
