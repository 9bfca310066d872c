import { existsSync } from 'node:fs';
import { TsmonCommand } from '../../cli/command.ts';
import { wrap } from '../../cli/display-width.ts';
import { engineOptions } from '../../cli/engine-options.ts';
import { DEFAULT_DATA_DIR } from '../../cli/flags.ts';
import { Output } from '../../cli/output.ts';
import { inspected, inspectionArgs, inspectionFlags } from '../../cli/query-inspection.ts';
import { planJson, planRows, remark } from '../../cli/query-plan.ts';
import { openSources } from '../../cli/sources.ts';
import { terminalWidth } from '../../cli/terminal.ts';
import { type Column, tableLines, tableWidth } from '../../cli/text-table.ts';
import { explainQuery, type PlanNode } from '../../core/promql/inspect/index.ts';
import { MemorySource } from '../../core/source/memory.ts';

const COLUMNS: readonly Column[] = [
  { title: '', align: 'right', shrinks: false },
  { title: 'operator', align: 'left', shrinks: true },
  { title: 'series', align: 'right', shrinks: false },
  { title: '', align: 'left', shrinks: false },
];

export default class QueryExplain extends TsmonCommand {
  static override summary = 'Show how a query is evaluated, without evaluating it';
  static override description =
    'Prints the plan: each part of the query with the series that it will have, what is selected and of which time, what is evaluated once because it occurs twice, and what is evaluated once because @ pins it. Labels are read, and no sample. Without a data directory at hand the plan has no series.';

  static override examples = [
    {
      description: 'An error ratio over a day',
      command:
        "<%= config.bin %> query explain --since 1d 'sum(rate(errors_total[5m]))/sum(rate(requests_total[5m]))'",
    },
  ];

  static override args = inspectionArgs;
  static override flags = inspectionFlags('the plan');

  async run(): Promise<void> {
    const { flags, args } = await this.parse(QueryExplain);
    const options = engineOptions(flags);
    const nothingThere = flags.from.join() === DEFAULT_DATA_DIR && !existsSync(DEFAULT_DATA_DIR);
    const source = nothingThere
      ? new MemorySource()
      : await openSources(flags.from, { onDamage: (e) => this.complain(e.message), http: flags });
    try {
      const { plan } = await inspected(explainQuery, source, args.expr, flags, options);
      const out = new Output();
      if (plan === undefined)
        out.line(flags.output === 'json' ? 'null' : 'a constant: there is nothing to evaluate');
      else if (flags.output === 'json') out.line(JSON.stringify(planJson(plan, false)));
      else for (const line of this.lines(plan)) out.line(line);
      out.flush();
    } finally {
      await source.close();
    }
  }

  private lines(plan: PlanNode): string[] {
    const rows = planRows(plan);
    const numberOf = new Map(rows.map(({ node, number }) => [node, number]));
    const cells = rows.map(({ node, number, text }) => [
      String(number),
      text,
      node.series === undefined ? '' : String(node.series),
      remark(node, numberOf),
    ]);
    const width = terminalWidth();
    if (tableWidth(COLUMNS, cells) <= width) return tableLines(COLUMNS, cells, width, this.paintOut.dim);
    // The remarks go below, where there is no room beside the tree.
    const tree = cells.map((row) => row.slice(0, -1));
    const remarks = cells
      .filter((row) => row[3] !== '')
      .flatMap((row) => wrap(`${row[0]}: ${row[3]}`, width));
    return [...tableLines(COLUMNS.slice(0, -1), tree, width, this.paintOut.dim), '', ...remarks];
  }
}
