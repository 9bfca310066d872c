import { Output } from '../../../cli/output.ts';
import { PromtoolCommand } from '../../../cli/promtool-command.ts';
import { databaseArg } from '../../../cli/promtool-data.ts';
import { dumpFlags, dumpOptions, openDatabase } from '../../../cli/promtool-dump.ts';
import { SampleColumns } from '../../../core/model/columns.ts';
import { formatHistogram } from '../../../core/model/histogram-format.ts';
import { labelsInBraces } from '../../../core/model/labels-text.ts';
import { formatG } from '../../../core/model/number.ts';
import { mergeSeriesSets } from '../../../core/tsdb/block/index.ts';

export default class PromtoolTsdbDump extends PromtoolCommand {
  static override summary = 'promtool tsdb dump: the samples of a directory';
  static override description =
    'What promtool prints. Nothing is written to the directory, which may also be one without a log. See also "tsmon tsdb dump", whose output can be read back.';

  static override examples = [
    {
      description: 'One metric',
      command: '<%= config.bin %> promtool tsdb dump --match \'{__name__="up"}\' /var/lib/prometheus',
    },
  ];

  static override args = { 'db path': databaseArg };
  static override flags = dumpFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(PromtoolTsdbDump);
    const { mint, maxt, selectors } = dumpOptions(flags);
    const source = openDatabase(args['db path'], (line) => this.say(line));
    const out = new Output();
    try {
      const lists = selectors.length === 0 ? [[]] : selectors;
      const set = mergeSeriesSets(
        await Promise.all(lists.map((matchers) => source.select(matchers, { mint, maxt }))),
      );
      const columns = new SampleColumns();
      for (let i = 0; i < set.length; i++) {
        columns.clear();
        set.read(i, columns);
        const series = labelsInBraces(set.labels(i));
        const { t, v, histograms } = columns;
        for (let row = 0; row < columns.length; row++) {
          if (t[row] < mint || t[row] > maxt) continue;
          const h = histograms?.[row] ?? null;
          out.line(`${series} ${h === null ? formatG(v[row]) : formatHistogram(h)} ${t[row]}`);
        }
      }
    } finally {
      await source.close();
    }
    out.flush();
  }
}
