import { Output } from '../../../cli/output.ts';
import { PromtoolCommand } from '../../../cli/promtool-command.ts';
import { databaseArg } from '../../../cli/promtool-data.ts';
import { dumpFlags, dumpOptions, openDatabase } from '../../../cli/promtool-dump.ts';
import { createWriter } from '../../../core/exposition/format.ts';
import { dumpSource } from '../../../core/source/dump.ts';

export default class PromtoolTsdbDumpOpenMetrics extends PromtoolCommand {
  static override summary = 'promtool tsdb dump-openmetrics: the samples of a directory as OpenMetrics';
  static override description =
    'The samples that promtool prints, without native histograms and stale markers, and with the types that the directory knows. See also "tsmon tsdb dump".';

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
    const source = openDatabase(args['db path'], (line) => this.say(line));
    const out = new Output();
    try {
      await dumpSource(source, createWriter('openmetrics'), dumpOptions(flags), (piece) => out.bytes(piece));
    } finally {
      await source.close();
    }
    out.flush();
  }
}
