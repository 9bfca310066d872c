import { Flags } from '@oclif/core';
import { Output } from '../../../cli/output.ts';
import { promtoolBlocks } from '../../../cli/promtool-blocks.ts';
import { PromtoolCommand } from '../../../cli/promtool-command.ts';
import { databaseArg, requireDatabase } from '../../../cli/promtool-data.ts';

export default class PromtoolTsdbList extends PromtoolCommand {
  static override summary = 'promtool tsdb list: the blocks of a directory';
  static override description = 'What promtool prints. See also "tsmon tsdb ls".';

  static override examples = [
    {
      description: 'With dates and units',
      command: '<%= config.bin %> promtool tsdb list -r /var/lib/prometheus',
    },
  ];

  static override args = { 'db path': databaseArg };

  static override flags = {
    'human-readable': Flags.boolean({ char: 'r', description: 'Print human readable values', allowNo: true }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(PromtoolTsdbList);
    requireDatabase(args['db path']);
    const out = new Output();
    for (const line of promtoolBlocks(args['db path'], flags['human-readable'])) out.line(line);
    out.flush();
  }
}
