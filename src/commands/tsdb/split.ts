import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { blockRangeOf, maxBlockDurationFlag } from '../../cli/block-range.ts';
import { EXIT_FAILED, TsmonCommand } from '../../cli/command.ts';
import { endFlag, fromFlag, matchFlag, startFlag } from '../../cli/flags.ts';
import { interruptible } from '../../cli/interruptible.ts';
import { printMadeBlocks } from '../../cli/made-blocks.ts';
import { plural } from '../../cli/plural.ts';
import { Progress } from '../../cli/progress.ts';
import { openSources } from '../../cli/sources.ts';
import { systemClock } from '../../core/clock.ts';
import { InputError } from '../../core/errors.ts';
import type { Matcher } from '../../core/model/matcher.ts';
import { MAX_TIMESTAMP, MIN_TIMESTAMP, parseTimestamp } from '../../core/model/timestamp.ts';
import { parseSelector } from '../../core/promql/parser/index.ts';
import type { Source } from '../../core/source/source.ts';
import { type CopyOptions, copySamples } from '../../core/tsdb/copy/index.ts';
import { isSelected } from '../../core/tsdb/rewrite/index.ts';

/** One of the copies that make a split. */
type Part = Pick<CopyOptions, 'selectors' | 'mint' | 'maxt' | 'map'>;

export default class TsdbSplit extends TsmonCommand {
  static override summary = 'Copy some series or some time to another directory, and the rest to a third';
  static override description =
    `Writes what is selected, by series or by time or both, into blocks of one directory, and, where --rest is given, all else into blocks of another one: together they have what the source has. The source stays as it is; a server may go on writing to it.

The new blocks of a directory are seen when all of them are complete. In memory are the labels of one block's series and the samples of one series. Where a file of the source is damaged, the rest is copied, standard error says what is wrong, and the exit status is 1.`;

  static override examples = [
    {
      description: 'A tenant of its own',
      command: '<%= config.bin %> tsdb split --from data --match \'{tenant="acme"}\' --to acme --rest others',
    },
    {
      description: 'What is older than a year, for the archive',
      command: '<%= config.bin %> tsdb split --from data --end now-1y --to archive --max-block-duration 31d',
    },
  ];

  static override flags = {
    from: fromFlag,
    to: Flags.string({
      description: 'The data directory for what is selected; made where it does not exist',
      helpValue: 'DIR',
      required: true,
    }),
    rest: Flags.string({
      description: 'The data directory for everything else',
      helpValue: 'DIR',
    }),
    match: matchFlag,
    start: startFlag,
    end: endFlag,
    'max-block-duration': maxBlockDurationFlag('1d'),
    quiet: Flags.boolean({ char: 'q', description: 'Print nothing but what is wrong' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(TsdbSplit);
    const now = systemClock.now();
    const dirs = [...flags.from, flags.to, ...(flags.rest === undefined ? [] : [flags.rest])];
    if (new Set(dirs.map((dir) => resolve(dir))).size < dirs.length) {
      throw new InputError('bad_flags', '--from, --to and --rest must be different directories');
    }
    if (flags.match === undefined && flags.start === undefined && flags.end === undefined) {
      throw new InputError('bad_flags', 'nothing says what to select: use --match, --start or --end');
    }
    const selectors = (flags.match ?? []).map((selector) => parseSelector(selector));
    const mint = flags.start === undefined ? MIN_TIMESTAMP : parseTimestamp(flags.start, now);
    const maxt = flags.end === undefined ? MAX_TIMESTAMP : parseTimestamp(flags.end, now);
    const blockRange = blockRangeOf(flags['max-block-duration']);
    const progress = new Progress();
    const onDamage = (error: Error) => {
      progress.clear();
      this.complain(error.message);
      process.exitCode = EXIT_FAILED;
    };
    await interruptible(async (signal) => {
      const source = await openSources(flags.from, { onDamage });
      const copy = (parts: readonly Part[], to: string) =>
        this.copy(source, parts, to, flags.quiet, progress, { blockRange, signal });
      try {
        await copy([{ selectors, mint, maxt }], flags.to);
        if (flags.rest !== undefined) await copy(restOf(selectors, mint, maxt), flags.rest);
      } finally {
        progress.clear();
        await source.close();
      }
    });
  }

  private async copy(
    source: Source,
    parts: readonly Part[],
    to: string,
    quiet: boolean,
    progress: Progress,
    options: Pick<CopyOptions, 'blockRange' | 'signal'>,
  ): Promise<void> {
    let samples = 0;
    for (const part of parts) {
      const result = await copySamples([source], to, {
        ...options,
        ...part,
        progress: (done) => progress.update(`writing ${to}`, done, 1),
        onNotice: (notice) => this.say(notice),
      });
      progress.clear();
      samples += result.samples;
      if (!quiet) printMadeBlocks(to, result.blocks, this.paintOut);
    }
    if (!quiet) this.say(`copied ${plural(samples, 'sample')} to ${to}`);
  }
}

/** What is left: the time before, the time after, and in between the series that are not selected. */
function restOf(selectors: readonly (readonly Matcher[])[], mint: number, maxt: number): Part[] {
  const rest: Part[] = [];
  if (mint > MIN_TIMESTAMP) rest.push({ maxt: mint - 1 });
  if (selectors.length > 0) {
    rest.push({ mint, maxt, map: (labels) => (isSelected(labels, selectors) ? null : labels) });
  }
  if (maxt < MAX_TIMESTAMP) rest.push({ mint: maxt + 1 });
  return rest;
}
