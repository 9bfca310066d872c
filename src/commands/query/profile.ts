import { TsmonCommand } from '../../cli/command.ts';
import { engineOptions } from '../../cli/engine-options.ts';
import { Output } from '../../cli/output.ts';
import { inspected, inspectionArgs, inspectionFlags } from '../../cli/query-inspection.ts';
import { planJson, planRows, planTotals } from '../../cli/query-plan.ts';
import { resultSize } from '../../cli/query-printer.ts';
import { openSources } from '../../cli/sources.ts';
import { terminalWidth } from '../../cli/terminal.ts';
import { type Column, tableLines, tableWidth } from '../../cli/text-table.ts';
import { formatByteSize } from '../../core/model/byte-size.ts';
import { type PlanNode, profileQuery } from '../../core/promql/inspect/index.ts';

const COLUMNS: readonly Column[] = [
  { title: 'operator', align: 'left', shrinks: true },
  ...['time', 'self', 'series', 'points', 'samples', 'chunks', 'bytes', 'held'].map(
    (title): Column => ({ title, align: 'right', shrinks: false }),
  ),
];

/** A point in memory: its value, and what says whether there is one. */
const POINT_BYTES = 9;

export default class QueryProfile extends TsmonCommand {
  static override summary = 'Run a query and show what each part of it cost';
  static override description =
    'Evaluates the query, throws the result away, and prints for each part: the time it took with and without its parts, in milliseconds; the series it announced; the points it handed on; the samples, the chunks and the bytes of chunks that it read; and the memory of points that it kept at most. Measuring makes the query itself somewhat slower.';

  static override examples = [
    {
      description: 'Why a dashboard is slow',
      command:
        "<%= config.bin %> query profile --since 6h 'histogram_quantile(0.9,sum(rate(latency_seconds_bucket[5m]))by(le))'",
    },
  ];

  static override args = inspectionArgs;
  static override flags = inspectionFlags('the profile');

  async run(): Promise<void> {
    const { flags, args } = await this.parse(QueryProfile);
    const options = engineOptions(flags);
    const opening = performance.now();
    const source = await openSources(flags.from, {
      onDamage: (error) => this.complain(error.message),
      http: flags,
    });
    try {
      const openMs = performance.now() - opening;
      const started = performance.now();
      const { plan, result } = await inspected(profileQuery, source, args.expr, flags, options);
      const queryMs = performance.now() - started;
      const out = new Output();
      const rssBytes = process.resourceUsage().maxRSS * 1024;
      if (flags.output === 'json') {
        const { samplesRead, peakSamples } = result.stats;
        const totals = { openMs, queryMs, samplesRead, peakSamples, peakRssBytes: rssBytes };
        out.line(JSON.stringify({ ...totals, plan: plan === undefined ? null : planJson(plan, true) }));
      } else {
        if (plan !== undefined) for (const line of this.lines(plan)) out.line(line);
        const { samples = 0, chunks = 0, bytes = 0 } = plan === undefined ? {} : planTotals(plan);
        const size = resultSize(result.value);
        out.line('');
        out.line(
          `${ms(queryMs)} ms for the query and ${ms(openMs)} ms to open the source; ${size} series, ${samples} samples from ${chunks} chunks (${formatByteSize(bytes)})`,
        );
        out.line(
          `${result.stats.peakSamples} points in memory at most; the process had ${formatByteSize(rssBytes)} at most`,
        );
      }
      out.flush();
    } finally {
      await source.close();
    }
  }

  private lines(plan: PlanNode): string[] {
    const rows = planRows(plan);
    const cells = rows.map(({ node, text }) => [
      text,
      ms(node.totalMs),
      ms(node.selfMs),
      node.series === undefined ? '' : String(node.series),
      String(node.points),
      ...[node.samples, node.chunks, node.bytes].map((n) => (n === 0 ? '' : String(n))),
      node.heldPeak === 0 ? '' : formatByteSize(node.heldPeak * POINT_BYTES),
    ]);
    const width = terminalWidth();
    let shown = COLUMNS.map((_, i) => i);
    const of = <T>(row: readonly T[]) => shown.map((i) => row[i]);
    // In a narrow terminal the tree is worth more than the last of the numbers.
    for (const title of ['chunks', 'points', 'bytes', 'held', 'self']) {
      if (tableWidth(of(COLUMNS), cells.map(of)) <= width) break;
      shown = shown.filter((i) => COLUMNS[i].title !== title);
    }
    return tableLines(of(COLUMNS), cells.map(of), width, this.paintOut.dim);
  }
}

function ms(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1);
}
