import { Flags } from '@oclif/core';
import { EXIT_FAILED, TsmonCommand } from '../../cli/command.ts';
import { endFlag, fromFlag, matchFlag, startFlag } from '../../cli/flags.ts';
import { Output } from '../../cli/output.ts';
import { plural } from '../../cli/plural.ts';
import { systemClock } from '../../core/clock.ts';
import { CsvWriter } from '../../core/exposition/csv-writer.ts';
import { createWriter } from '../../core/exposition/format.ts';
import type { ExpositionFormat } from '../../core/exposition/parser.ts';
import type { ExpositionWriter } from '../../core/exposition/writer.ts';
import { MAX_TIMESTAMP, MIN_TIMESTAMP, parseTimestamp } from '../../core/model/timestamp.ts';
import { parseSelector } from '../../core/promql/parser/index.ts';
import { DirectorySource } from '../../core/source/directory.ts';
import { dumpSources } from '../../core/source/dump.ts';

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
    const sources: DirectorySource[] = [];
    try {
      for (const from of flags.from) sources.push(new DirectorySource(from, { onDamage }));
      await dumpSources(sources, writer, options, (piece) => output.bytes(piece));
    } finally {
      for (const source of sources) await source.close();
    }
    this.reportOmissions(writer, flags.output);
    if (damaged) process.exitCode = EXIT_FAILED;
  }

  /** What the format cannot carry must not get lost unnoticed. */
  private reportOmissions({ omitted }: ExpositionWriter, format: string): void {
    const kinds: [number, string][] = [
      [omitted.histograms, 'native histogram'],
      [omitted.staleMarkers, 'stale marker'],
      [omitted.exemplars, 'exemplar'],
      [omitted.startTimestamps, 'start timestamp'],
      [omitted.nameless, 'nameless sample'],
    ];
    const lost = kinds.filter(([count]) => count > 0).map(([count, what]) => plural(count, what));
    if (lost.length > 0) {
      this.complain(`left out, because ${format} cannot carry them (--output jsonl can): ${lost.join(', ')}`);
    }
  }
}
