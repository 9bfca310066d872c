import { Output } from '../../../cli/output.ts';
import { PromtoolCommand } from '../../../cli/promtool-command.ts';
import { databaseArg } from '../../../cli/promtool-data.ts';
import { dumpDatabase, dumpFlags, dumpOptions } from '../../../cli/promtool-dump.ts';
import { formatHistogram } from '../../../core/model/histogram-format.ts';
import { labelsInBraces } from '../../../core/model/labels-text.ts';
import { formatG } from '../../../core/model/number.ts';

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
    const out = new Output();
    const say = (line: string) => this.say(line);
    await dumpDatabase(args['db path'], dumpOptions(flags), say, ({ labels, t, v, row, histogram }) => {
      const value = histogram === null ? formatG(v[row]) : formatHistogram(histogram);
      out.line(`${labelsInBraces(labels)} ${value} ${t}`);
    });
    out.flush();
  }
}
