import { Args, Flags } from '@oclif/core';
import { EXIT_FAILED, TsmonCommand } from '../../cli/command.ts';
import { ExportFile } from '../../cli/export-file.ts';
import { endFlag, fromFlag, matchFlag, startFlag } from '../../cli/flags.ts';
import { interruptibleOnceBegun } from '../../cli/interruptible.ts';
import { omissions } from '../../cli/omissions.ts';
import { plural } from '../../cli/plural.ts';
import { Progress } from '../../cli/progress.ts';
import { openSources } from '../../cli/sources.ts';
import { systemClock } from '../../core/clock.ts';
import { InputError } from '../../core/errors.ts';
import { CsvWriter, type CsvWriterOptions } from '../../core/exposition/csv-writer.ts';
import { createWriter } from '../../core/exposition/format.ts';
import type { ExpositionFormat } from '../../core/exposition/parser.ts';
import type { ExpositionWriter } from '../../core/exposition/writer.ts';
import { MAX_TIMESTAMP, MIN_TIMESTAMP, parseTimestamp } from '../../core/model/timestamp.ts';
import { parseSelector } from '../../core/promql/parser/index.ts';
import { type DumpOptions, dumpSource } from '../../core/source/dump.ts';
import type { Source } from '../../core/source/source.ts';

type ExportFormat = ExpositionFormat | 'csv';
const FORMATS: readonly ExportFormat[] = ['jsonl', 'openmetrics', 'text', 'protobuf', 'csv'];
/** By the end of a file's name. */
const SUFFIXES: Readonly<Record<string, ExportFormat>> = {
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  om: 'openmetrics',
  openmetrics: 'openmetrics',
  prom: 'text',
  txt: 'text',
  pb: 'protobuf',
  csv: 'csv',
};
/** Longest stretch of work between two turns of the event loop. */
const STRETCH_MS = 20;

export default class TsdbExport extends TsmonCommand {
  static override summary = 'Write samples to a file that other programs read';
  static override description =
    `Writes the samples of a data directory (also while a server writes to it), of a server or of other files, one series after another: as JSON Lines, which VictoriaMetrics imports and which loses nothing; as OpenMetrics, which promtool imports; as Prometheus text, protobuf, or CSV with a column for each label, which spreadsheets and data frames read. tsdb import reads all of them.

The file is there when it is complete: what was there before stays until then. A name that ends in .gz is compressed. In memory are the labels of the series that are written and the samples of one. Where a file of the source is damaged, the rest is written, standard error says what is wrong, and the exit status is 1.`;

  static override examples = [
    {
      description: 'A month of one job, for a data frame',
      command:
        '<%= config.bin %> tsdb export --match \'{job="node"}\' --start 2026-03-01 --end 2026-04-01 --times rfc3339 march.csv',
    },
    {
      description: 'To VictoriaMetrics',
      command:
        '<%= config.bin %> tsdb export --from /var/lib/prometheus | curl -T - -X POST localhost:8428/api/v1/import',
    },
    {
      description: 'A backup that any system reads',
      command: '<%= config.bin %> tsdb export --output openmetrics archive.om.gz',
    },
  ];

  static override args = {
    file: Args.string({ description: 'The file to write; standard output if not given', ignoreStdin: true }),
  };

  static override flags = {
    from: fromFlag,
    match: matchFlag,
    start: startFlag,
    end: endFlag,
    output: Flags.string({
      char: 'o',
      description: 'The format; if not given, what the name of the file says, else jsonl',
      options: [...FORMATS],
    }),
    times: Flags.string({
      description: 'How CSV has times: milliseconds or seconds since 1970, or dates',
      options: ['ms', 's', 'rfc3339'],
      default: 'ms',
    }),
    columns: Flags.string({
      description: 'What CSV has of series: a column for each label, or one as PromQL selects it',
      options: ['labels', 'series'],
      default: 'labels',
    }),
    quiet: Flags.boolean({ char: 'q', description: 'Say nothing but what is wrong' }),
  };

  async run(): Promise<void> {
    const { flags, args } = await this.parse(TsdbExport);
    const now = systemClock.now();
    const format = (flags.output ?? formatOf(args.file) ?? 'jsonl') as ExportFormat;
    if (format !== 'csv' && (flags.times !== 'ms' || flags.columns !== 'labels')) {
      throw new InputError('bad_flags', `--times and --columns are about CSV, not ${format}`);
    }
    const progress = new Progress();
    const options = {
      selectors: (flags.match ?? []).map((selector) => parseSelector(selector)),
      mint: flags.start === undefined ? MIN_TIMESTAMP : parseTimestamp(flags.start, now),
      maxt: flags.end === undefined ? MAX_TIMESTAMP : parseTimestamp(flags.end, now),
    };
    const onDamage = (error: Error) => {
      progress.clear();
      this.complain(error.message);
      process.exitCode = EXIT_FAILED;
    };
    const source = await openSources(flags.from, { onDamage });
    try {
      const writer =
        format === 'csv'
          ? new CsvWriter({
              times: flags.times as CsvWriterOptions['times'] & string,
              ...(flags.columns === 'labels' && { labels: await labelNames(source, options) }),
            })
          : createWriter(format);
      await this.write(args.file ?? '-', source, writer, options, progress, flags.quiet);
      const lost = omissions(writer.omitted);
      if (lost.length > 0) {
        this.complain(`left out, because ${format} cannot carry them (jsonl can): ${lost.join(', ')}`);
      }
    } finally {
      await source.close();
    }
  }

  private async write(
    path: string,
    source: Source,
    writer: ExpositionWriter,
    options: DumpOptions,
    progress: Progress,
    quiet: boolean,
  ): Promise<void> {
    const file = new ExportFile(path);
    let finished = false;
    try {
      const { series, samples } = await interruptibleOnceBegun((signal, begin) => {
        let since = performance.now();
        const pause = (done: number, total: number) => {
          begin();
          if (performance.now() - since < STRETCH_MS) return undefined;
          progress.update('exporting', done, total);
          return new Promise<void>((resolve, reject) => {
            setImmediate(() => {
              since = performance.now();
              if (signal.aborted) reject(signal.reason);
              else resolve();
            });
          });
        };
        return dumpSource(source, writer, { ...options, progress: pause }, (piece) => file.write(piece));
      });
      file.finish();
      finished = true;
      progress.clear();
      if (!quiet && path !== '-') {
        this.say(`exported ${plural(samples, 'sample')} of ${series} series to ${path}`);
      }
    } finally {
      progress.clear();
      if (!finished) file.abandon();
    }
  }
}

function formatOf(file: string | undefined): ExportFormat | undefined {
  const suffix = /\.([a-z]+)(\.gz)?$/.exec(file ?? '')?.[1];
  return suffix === undefined ? undefined : SUFFIXES[suffix];
}

/** The names of all labels, that of the metric first. */
async function labelNames(source: Source, { selectors, mint, maxt }: DumpOptions): Promise<string[]> {
  const names = new Set<string>();
  for (const matchers of selectors.length === 0 ? [[]] : selectors) {
    for (const name of await source.labelNames(matchers, { mint, maxt })) names.add(name);
  }
  return [...names];
}
