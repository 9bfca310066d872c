import { Flags } from '@oclif/core';
import { BLOCK_COLUMNS, blockRecord, blockRow } from '../../cli/block-printer.ts';
import { TsmonCommand } from '../../cli/command.ts';
import { dataFlag } from '../../cli/flags.ts';
import { Output } from '../../cli/output.ts';
import { terminalWidth } from '../../cli/terminal.ts';
import { tableLines } from '../../cli/text-table.ts';
import { takeInventory } from '../../core/tsdb/compaction/index.ts';

export default class TsdbLs extends TsmonCommand {
  static override summary = 'List the blocks of a data directory';
  static override description =
    "Lists blocks in order of time. The directory may be tsmon's or Prometheus', also while a server writes to it. Samples that are only in the log are in no block yet: see tsdb info.\n\nSTATE is empty for a block that counts. Otherwise: replaced (a newer block has all of it), deletable (nothing is left of it), broken (it cannot be read; why), and what else is special.";

  static override examples = [
    {
      description: 'The blocks of a Prometheus',
      command: '<%= config.bin %> tsdb ls --from /var/lib/prometheus',
    },
    {
      description: 'The largest three',
      command: "<%= config.bin %> tsdb ls -o jsonl | jq -s 'sort_by(-.sizeBytes)[:3][].ulid'",
    },
  ];

  static override flags = {
    from: dataFlag,
    output: Flags.string({
      char: 'o',
      description: 'The format to print; json and jsonl have times in milliseconds',
      options: ['table', 'json', 'jsonl', 'csv'],
      default: 'table',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(TsdbLs);
    const blocks = flags.from.flatMap((dir) => takeInventory(dir).blocks);
    const output = new Output();
    switch (flags.output) {
      case 'json':
        output.line(JSON.stringify(blocks.map(blockRecord)));
        break;
      case 'jsonl':
        for (const block of blocks) output.line(JSON.stringify(blockRecord(block)));
        break;
      case 'csv':
        output.line('ulid,minTime,maxTime,samples,series,chunks,sizeBytes,level,state');
        for (const { name, meta, sizeBytes, state } of blocks) {
          const { numSamples, numSeries, numChunks } = meta?.stats ?? {};
          const level = meta?.compaction.level;
          const cells = [
            name,
            meta?.minTime,
            meta?.maxTime,
            numSamples,
            numSeries,
            numChunks,
            sizeBytes,
            level,
            state,
          ];
          output.line(cells.map((cell) => cell ?? '').join(','));
        }
        break;
      default: {
        const bold = (title: string) => this.paintOut.bold(title);
        for (const line of tableLines(BLOCK_COLUMNS, blocks.map(blockRow), terminalWidth(), bold))
          output.line(line);
      }
    }
    output.flush();
  }
}
