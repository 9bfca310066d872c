import { Flags } from '@oclif/core';
import { CommandFailure, EXIT_FAILED, TsmonCommand } from '../../cli/command.ts';
import { filesArg, formatFlag, toFlag } from '../../cli/flags.ts';
import { inputName } from '../../cli/input.ts';
import { plural } from '../../cli/plural.ts';
import { CREATED_ZEROS, featureFlag, featuresAmong } from '../../cli/scrape-features.ts';
import { streamPieces } from '../../cli/stream-input.ts';
import { systemClock } from '../../core/clock.ts';
import { InputError } from '../../core/errors.ts';
import { Batch } from '../../core/exposition/batch.ts';
import { detectFormat } from '../../core/exposition/detection.ts';
import { createParser } from '../../core/exposition/format.ts';
import type { ExpositionFormat, ExpositionParser } from '../../core/exposition/parser.ts';
import { SeriesTable } from '../../core/exposition/series-table.ts';
import { Outcome } from '../../core/model/outcome.ts';
import { parseTimestamp } from '../../core/model/timestamp.ts';
import {
  type AppendCounts,
  BatchAppender,
  type BatchAppenderOptions,
} from '../../core/source/batch-appender.ts';
import { LogAppender } from '../../core/tsdb/append/index.ts';

const FORMATS: readonly ExpositionFormat[] = ['text', 'openmetrics', 'protobuf', 'jsonl'];

export default class TsdbAppend extends TsmonCommand {
  static override summary = 'Append samples to a data directory';
  static override description =
    `Reads samples in any exposition format, one scrape or many, and writes them to the log of a data directory in Prometheus' own format: a Prometheus that is started on the directory has them. The cost follows what is appended, not what is stored. Readers of the directory are not disturbed; where somebody else writes to it (a running Prometheus), the command refuses and says who.

Samples without a time get the time at which they are read. What is read is stored and visible piece by piece, and synced to the disk at the end. Samples that the directory has already are left alone. Samples that are older than the newest of their series or than the blocks, that contradict a sample for the same time, or that are more than 10 minutes ahead of the clock are refused and counted on standard error, and the exit status is then 1. At a fault in the input everything before it has been stored, and the status is 2.`;

  static override examples = [
    {
      description: 'Store one scrape of an exporter',
      command: '<%= config.bin %> scrape localhost:9100 | <%= config.bin %> tsdb append --to data',
    },
    {
      description: 'From cron, where programs write metrics to files',
      command: '<%= config.bin %> tsdb append --quiet --to /var/lib/metrics /run/metrics/*.prom',
    },
    {
      description: 'Copy some series from one directory to another',
      command:
        '<%= config.bin %> tsdb dump --from old --match \'{job="node"}\' --output jsonl | <%= config.bin %> tsdb append --to new',
    },
    {
      description: 'Note that a job is done',
      command: 'echo backup_last_success_seconds $(date +%s) | <%= config.bin %> tsdb append',
    },
  ];

  static override strict = false;
  static override args = { file: filesArg };

  static override flags = {
    to: toFlag,
    format: formatFlag(FORMATS),
    timestamp: Flags.string({
      description: 'The time of samples that have none (default: when they are read)',
      helpValue: 'TIME',
    }),
    'enable-feature': featureFlag(
      `${CREATED_ZEROS}: a series that says when it began gets a zero at that time`,
    ),
    quiet: Flags.boolean({ char: 'q', description: 'Say nothing where nothing was refused' }),
  };

  private appender: LogAppender | undefined;

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(TsdbAppend);
    const files = argv.length === 0 ? ['-'] : (argv as string[]);
    const time =
      flags.timestamp === undefined ? undefined : parseTimestamp(flags.timestamp, systemClock.now());
    const startZeros = featuresAmong(flags['enable-feature'], [CREATED_ZEROS]).length > 0;
    const abort = new AbortController();
    let interrupted: NodeJS.Signals | undefined;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        interrupted = signal;
        abort.abort();
      });
    }
    const counts: AppendCounts[] = [];
    try {
      for (const file of files) {
        if (abort.signal.aborted) break;
        await this.appendFile(file, flags.to, flags.format, { time, startZeros }, counts, abort.signal);
      }
    } finally {
      this.appender?.close();
      if (counts.length > 0) this.sayCounts(counts, flags.to, flags.quiet);
    }
    if (interrupted !== undefined) throw new CommandFailure(interrupted === 'SIGINT' ? 130 : 143);
    if (counts.some((c) => c.refused > 0 || c.refusedExemplars > 0)) process.exitCode = EXIT_FAILED;
  }

  /** Appends one file; `counts` gets an entry as soon as there is something in it. */
  private async appendFile(
    file: string,
    to: string,
    format: ExpositionFormat | undefined,
    options: BatchAppenderOptions,
    counts: AppendCounts[],
    signal: AbortSignal,
  ): Promise<void> {
    const table = new SeriesTable();
    const batch = new Batch();
    let parser: ExpositionParser | undefined;
    let intake: BatchAppender | undefined;
    const store = () => {
      if (batch.length === 0 || intake === undefined) return;
      intake.append(batch);
      this.appender!.commit();
    };
    try {
      for await (const piece of streamPieces(file, signal)) {
        if (parser === undefined || intake === undefined) {
          parser = createParser(format ?? detectFormat(piece), table, {
            concatenated: true,
            createdAsStart: options.startZeros ?? false,
          });
          this.appender ??= this.open(to);
          intake = new BatchAppender(this.appender, table, systemClock, options);
          counts.push(intake.counts);
        }
        parser.write(piece, batch);
        store();
      }
      parser?.end(batch);
      store();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      // The rows before the fault are good.
      store();
      throw error.in({ file: inputName(file) });
    }
  }

  private open(to: string): LogAppender {
    const appender = new LogAppender(to, { clock: systemClock });
    for (const notice of appender.notices) this.complain(notice);
    return appender;
  }

  private sayCounts(all: readonly AppendCounts[], to: string, quiet: boolean): void {
    const total = (outcome: Outcome, what: 'samples' | 'exemplars') =>
      all.reduce((sum, counts) => sum + counts[what][outcome], 0);
    if (!quiet) {
      const exemplars = total(Outcome.ok, 'exemplars');
      const known = total(Outcome.duplicate, 'samples');
      this.say(
        `appended ${plural(total(Outcome.ok, 'samples'), 'sample')}${exemplars > 0 ? ` and ${plural(exemplars, 'exemplar')}` : ''} to ${to}` +
          (known > 0 ? `; it had ${plural(known, 'sample')} already` : ''),
      );
    }
    const starts = all.reduce((sum, counts) => sum + counts.startTimestamps, 0);
    if (starts > 0)
      this.complain(
        `${plural(starts, 'start timestamp')} left out: Prometheus 3.5 reads no log that has them`,
      );
    for (const [outcome, reason] of REFUSALS) {
      const samples = total(outcome, 'samples');
      const first = all.flatMap((counts) => counts.first.get(outcome) ?? [])[0];
      if (samples > 0) {
        const at = new Date(first.t).toISOString();
        this.complain(
          `${plural(samples, 'sample')} refused: ${reason}; the first is of ${first.series} at ${at}`,
        );
      }
      const exemplars = total(outcome, 'exemplars');
      if (exemplars > 0) this.complain(`${plural(exemplars, 'exemplar')} refused: ${reason}`);
    }
  }
}

const REFUSALS: readonly (readonly [Outcome, string])[] = [
  [Outcome.conflict, 'another value is stored for the same time'],
  [Outcome.outOfOrder, 'older than the newest of the same series'],
  [Outcome.tooOld, 'older than what the blocks cover'],
  [Outcome.tooFarAhead, 'more than 10 minutes ahead of the clock'],
  [Outcome.tooLong, 'their labels have more than 128 characters'],
];
