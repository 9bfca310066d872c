import { Flags } from '@oclif/core';
import { EXIT_FAILED, TsmonCommand } from '../../cli/command.ts';
import { endFlag, fromFlag, matchFlag, startFlag } from '../../cli/flags.ts';
import { omissions } from '../../cli/omissions.ts';
import { Output } from '../../cli/output.ts';
import { openSources } from '../../cli/sources.ts';
import { systemClock } from '../../core/clock.ts';
import { CsvWriter } from '../../core/exposition/csv-writer.ts';
import { createWriter } from '../../core/exposition/format.ts';
import type { ExpositionFormat } from '../../core/exposition/parser.ts';
import { MAX_TIMESTAMP, MIN_TIMESTAMP, parseTimestamp } from '../../core/model/timestamp.ts';
import { parseSelector } from '../../core/promql/parser/index.ts';
import { dumpSource } from '../../core/source/dump.ts';

export default class TsdbDump extends TsmonCommand {
  static override summary = 'Print the raw samples of a data directory';
  static override description =
    `Prints all samples, or those of some series or some time, one series after another. The directory may be tsmon's or Prometheus', also while a server writes to it: what is printed is what was there at the start. Nothing is written to it. Memory is bounded: it holds the labels of the series that are printed, and some 128 MiB of samples.

The formats differ in what they can carry: jsonl carries everything, the others leave out what standard error then names. Where a file is damaged, the rest is printed, standard error says what is wrong, and the exit status is 1.`;

  static override examples = [
    {
      description: 'All that is known of one target since yesterday',
      command: '<%= config.bin %> tsdb dump --match \'{instance="db1:9100"}\' --start now-1d',
    },
    {
      description: "Copy a running Prometheus' data, losing nothing",
      command:
        '<%= config.bin %> tsdb dump --from /var/lib/prometheus --output jsonl | <%= config.bin %> tsdb append --to copy',
    },
    {
      description: 'For a spreadsheet',
      command: '<%= config.bin %> tsdb dump --match node_load1 --output csv',
    },
  ];

  static override flags = {
    from: fromFlag,
    match: matchFlag,
    start: startFlag,
    end: endFlag,
    output: Flags.string({
      char: 'o',
      description: 'The format to print: text has millisecond time stamps, jsonl loses nothing',
      options: ['text', 'openmetrics', 'jsonl', 'protobuf', 'csv'],
      default: 'text',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(TsdbDump);
    const now = systemClock.now();
    const options = {
      selectors: (flags.match ?? []).map((selector) => parseSelector(selector)),
      mint: flags.start === undefined ? MIN_TIMESTAMP : parseTimestamp(flags.start, now),
      maxt: flags.end === undefined ? MAX_TIMESTAMP : parseTimestamp(flags.end, now),
    };
    const writer = flags.output === 'csv' ? new CsvWriter() : createWriter(flags.output as ExpositionFormat);
    const output = new Output();
    let damaged = false;
    const onDamage = (error: Error) => {
      damaged = true;
      this.complain(error.message);
    };
    const source = await openSources(flags.from, { onDamage });
    try {
      await dumpSource(source, writer, options, (piece) => output.bytes(piece));
    } finally {
      await source.close();
    }
    const lost = omissions(writer.omitted);
    if (lost.length > 0) {
      this.complain(
        `left out, because ${flags.output} cannot carry them (--output jsonl can): ${lost.join(', ')}`,
      );
    }
    if (damaged) process.exitCode = EXIT_FAILED;
  }
}
