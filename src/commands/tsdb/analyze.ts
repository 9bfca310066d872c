import { existsSync } from 'node:fs';
import { Flags } from '@oclif/core';
import {
  type AnalysisStyle,
  analysisLines,
  analysisRecord,
  comparisonLines,
  comparisonRecord,
} from '../../cli/analysis-printer.ts';
import { EXIT_FAILED, TsmonCommand } from '../../cli/command.ts';
import { fromFlag, startFlag } from '../../cli/flags.ts';
import { interruptible } from '../../cli/interruptible.ts';
import { Output } from '../../cli/output.ts';
import { Progress } from '../../cli/progress.ts';
import { openSources } from '../../cli/sources.ts';
import { terminalWidth } from '../../cli/terminal.ts';
import { systemClock } from '../../core/clock.ts';
import { InputError } from '../../core/errors.ts';
import type { Matcher } from '../../core/model/matcher.ts';
import { parseTimestamp } from '../../core/model/timestamp.ts';
import { parseSelector } from '../../core/promql/parser/index.ts';
import { isDataDirectory } from '../../core/source/directory.ts';
import type { TimeRange } from '../../core/source/source.ts';
import {
  type Analysis,
  analyzeBlock,
  analyzeLabels,
  type BlockAnalysis,
  compareAnalyses,
} from '../../core/tsdb/analyze/index.ts';
import { runStepsWithPauses, takeInventory } from '../../core/tsdb/compaction/index.ts';

const DEFAULT_WINDOW_MS = 2 * 3600 * 1000;

interface Request {
  from: readonly string[];
  block: string | undefined;
  matchers: readonly Matcher[];
  /** Where given, series are looked at by time rather than a block. */
  window: TimeRange | undefined;
  chunks: boolean;
  signal: AbortSignal;
}

export default class TsdbAnalyze extends TsmonCommand {
  static override summary = 'Say where series, labels and bytes come from, and what grew';
  static override description =
    `Analyses the newest block of a directory (or the one that is named) as promtool tsdb analyze does, and says more: series by metric, label, label pair and job, bytes of chunks by metric and job, and churn, that is how many series' worth of time have no samples, by label. The directory may be tsmon's or Prometheus', also while a server writes to it.

With --start or --end it looks at all series that have samples in that time instead, by their labels alone, wherever they are: in blocks, in the log (what is happening now), on a server, in a file. So it does, with the last two hours, where there are no blocks.

--diff compares: with another directory or block, or with the same source at another time (the time at which an equally long window ends). What did not change is left out; the greatest changes come first.`;

  static override examples = [
    {
      description: 'What fills the newest block',
      command: '<%= config.bin %> tsdb analyze --from /var/lib/prometheus',
    },
    {
      description: 'What has more series now than yesterday',
      command: '<%= config.bin %> tsdb analyze --start now-1h --diff now-1d',
    },
    {
      description: 'What a new version of an exporter costs, by instance',
      command:
        '<%= config.bin %> tsdb analyze --from staging --diff production --match \'{job="app"}\' --by instance',
    },
    {
      description: 'The metrics of a running server, for a script',
      command:
        "<%= config.bin %> tsdb analyze --from http://localhost:9090 --output json | jq '.metricsBySeries[:5]'",
    },
  ];

  static override flags = {
    from: fromFlag,
    block: Flags.string({ description: 'The block to analyse (default: the newest)', helpValue: 'ULID' }),
    match: Flags.string({
      description: 'Only series that this selector matches',
      helpValue: 'SELECTOR',
    }),
    start: startFlag,
    end: Flags.string({ description: 'Up to and including this time (default: now)', helpValue: 'TIME' }),
    diff: Flags.string({
      description: 'Compare with this: a directory, a block, or a time',
      helpValue: 'DIR|TIME',
    }),
    by: Flags.string({
      description: 'The label whose values get lists of their own',
      default: 'job',
      helpValue: 'LABEL',
    }),
    limit: Flags.integer({ char: 'l', description: 'Entries of each list, 0 for all', default: 20, min: 0 }),
    extended: Flags.boolean({ description: 'Read every chunk of the block, and say how large they are' }),
    output: Flags.string({
      char: 'o',
      description: 'The format to print; json has times in milliseconds and sizes in bytes',
      options: ['text', 'json'],
      default: 'text',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(TsdbAnalyze);
    const now = systemClock.now();
    const { diff } = flags;
    const otherTime = diff === undefined || existsSync(diff) ? undefined : parseTimestamp(diff, now);
    const end = flags.end === undefined ? now : parseTimestamp(flags.end, now);
    const start = flags.start === undefined ? end - DEFAULT_WINDOW_MS : parseTimestamp(flags.start, now);
    if (start > end) throw new InputError('bad_range', '--start is after --end');
    const byTime = flags.start !== undefined || flags.end !== undefined || otherTime !== undefined;
    if (byTime && (flags.block !== undefined || flags.extended)) {
      throw new InputError('bad_flags', '--block and --extended are about one block, and times about many');
    }
    const style: AnalysisStyle = {
      limit: flags.limit,
      by: flags.by,
      width: terminalWidth(),
      paint: this.paintOut,
    };
    const window = byTime ? { mint: start, maxt: end } : undefined;
    await interruptible(async (signal) => {
      const request: Request = {
        from: flags.from,
        block: flags.block,
        matchers: flags.match === undefined ? [] : parseSelector(flags.match),
        window,
        chunks: flags.extended,
        signal,
      };
      const after = await this.analyze(request);
      if (diff === undefined) {
        this.print(after, style, flags.output);
        return;
      }
      const before = await this.analyze(
        otherTime === undefined
          ? { ...request, from: [diff], block: undefined }
          : { ...request, window: { mint: otherTime - (end - start), maxt: otherTime } },
      );
      this.printComparison(before.analysis, after.analysis, style, flags.output);
    });
  }

  private async analyze(request: Request): Promise<BlockAnalysis> {
    const progress = new Progress();
    const block = request.window === undefined ? blockOf(request) : undefined;
    const update = (done: number, total: number) => progress.update('analysing', done, total);
    try {
      if (block === undefined) return { analysis: await this.analyzeTime(request, update) };
      const { matchers, chunks } = request;
      const steps = analyzeBlock(block, { matchers, chunks, progress: update });
      return await runStepsWithPauses(steps, request.signal);
    } finally {
      progress.clear();
    }
  }

  private async analyzeTime(
    request: Request,
    update: (done: number, total: number) => void,
  ): Promise<Analysis> {
    const onDamage = (error: Error) => {
      this.complain(error.message);
      process.exitCode = EXIT_FAILED;
    };
    const source = await openSources(request.from, { onDamage });
    try {
      const window = request.window ?? lastWindow(await source.extent());
      const set = await source.select(request.matchers, { ...window, labelsOnly: true });
      const subject = request.from.join(', ');
      return await runStepsWithPauses(analyzeLabels(subject, set, window, update), request.signal);
    } finally {
      await source.close();
    }
  }

  private print({ analysis, shapes }: BlockAnalysis, style: AnalysisStyle, format: string): void {
    const output = new Output();
    if (format === 'json') output.line(JSON.stringify(analysisRecord(analysis, shapes, style)));
    else for (const line of analysisLines(analysis, shapes, style)) output.line(line);
    output.flush();
    analysis.close();
  }

  private printComparison(before: Analysis, after: Analysis, style: AnalysisStyle, format: string): void {
    const comparison = compareAnalyses(before, after, style.by, style.limit);
    const output = new Output();
    if (format === 'json') output.line(JSON.stringify(comparisonRecord(before, after, comparison)));
    else for (const line of comparisonLines(before, after, comparison, style)) output.line(line);
    output.flush();
    before.close();
    after.close();
  }
}

/** The last hours of what there is. */
function lastWindow(extent: TimeRange | undefined): TimeRange {
  const maxt = extent?.maxt ?? systemClock.now();
  return { mint: Math.max(maxt - DEFAULT_WINDOW_MS, extent?.mint ?? maxt), maxt };
}

/** The directory of the block that is meant; undefined where there are no blocks, or more than one source. */
function blockOf({ from, block }: Request): string | undefined {
  if (from.length !== 1 || !isDataDirectory(from[0])) {
    if (block !== undefined) throw new InputError('bad_flags', '--block wants one directory (--from)');
    return undefined;
  }
  const blocks = takeInventory(from[0]).blocks.filter(({ state }) => state === 'live');
  if (block !== undefined) {
    const found = blocks.find(({ name }) => name === block);
    if (found === undefined) throw new InputError('not_found', `has no block ${block}`, { file: from[0] });
    return found.path;
  }
  return blocks.at(-1)?.path;
}
