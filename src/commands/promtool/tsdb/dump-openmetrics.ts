import { Output } from '../../../cli/output.ts';
import { PromtoolCommand } from '../../../cli/promtool-command.ts';
import { databaseArg } from '../../../cli/promtool-data.ts';
import { dumpDatabase, dumpFlags, dumpOptions } from '../../../cli/promtool-dump.ts';
import { METRIC_NAME } from '../../../core/model/labels.ts';
import { labelsInBraces } from '../../../core/model/labels-text.ts';
import { formatG } from '../../../core/model/number.ts';
import { isStale } from '../../../core/model/value.ts';

export default class PromtoolTsdbDumpOpenMetrics extends PromtoolCommand {
  static override summary = 'promtool tsdb dump-openmetrics: the samples of a directory as OpenMetrics';
  static override description =
    'What promtool prints: samples without native histograms and stale markers. See also "tsmon tsdb dump", which has metadata, too.';

  static override examples = [
    {
      description: 'One metric',
      command:
        '<%= config.bin %> promtool tsdb dump-openmetrics --match \'{__name__="up"}\' /var/lib/prometheus',
    },
  ];

  static override args = { 'db path': databaseArg };
  static override flags = dumpFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(PromtoolTsdbDumpOpenMetrics);
    const out = new Output();
    const say = (line: string) => this.say(line);
    await dumpDatabase(args['db path'], dumpOptions(flags), say, ({ labels, t, v, row, histogram }) => {
      if (histogram !== null || isStale(v, row)) return;
      const name = labels.get(METRIC_NAME);
      const others = labelsInBraces(labels.without(METRIC_NAME));
      out.line(`${name}${others} ${formatG(v[row])} ${(t / 1000).toFixed(3)}`);
    });
    out.line('# EOF');
    out.flush();
  }
}
