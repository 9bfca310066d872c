import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { blockRangeOf, maxBlockDurationFlag } from '../../cli/block-range.ts';
import { EXIT_FAILED, TsmonCommand } from '../../cli/command.ts';
import { endFlag, matchFlag, startFlag } from '../../cli/flags.ts';
import { interruptible } from '../../cli/interruptible.ts';
import { printMadeBlocks } from '../../cli/made-blocks.ts';
import { plural } from '../../cli/plural.ts';
import { Progress } from '../../cli/progress.ts';
import { openSources } from '../../cli/sources.ts';
import { systemClock } from '../../core/clock.ts';
import { InputError } from '../../core/errors.ts';
import { MAX_TIMESTAMP, MIN_TIMESTAMP, parseTimestamp } from '../../core/model/timestamp.ts';
import { parseSelector } from '../../core/promql/parser/index.ts';
import type { Source } from '../../core/source/source.ts';
import { type CopyResult, copySamples } from '../../core/tsdb/copy/index.ts';

export default class TsdbMerge extends TsmonCommand {
  static override summary = 'Make one data directory of several';
  static override description =
    `Copies the samples of several data directories (blocks and logs, also while servers write to them), servers or files into blocks of a new directory, or of one that is there. The sources stay as they are. Series that several have become one; a sample that several have is there once.

The two servers of a high-availability pair scrape the same at different moments: mixed, their counters would seem to go back and forth. With --replicas each series is taken from one of the sources, and from another one only where that has a gap. --replica-label does so for series that differ in that label alone, and leaves the label out.

The new blocks are seen when all are complete. In memory are the labels of one block's series and the samples of one series. Where a file of a source is damaged, the rest is copied, standard error says what is wrong, and the exit status is 1.`;

  static override examples = [
    {
      description: 'A high-availability pair',
      command: '<%= config.bin %> tsdb merge --replicas --from /srv/prom-a --from /srv/prom-b --to merged',
    },
    {
      description: 'The same where both wrote to one place',
      command: '<%= config.bin %> tsdb merge --from receiver --replica-label prometheus_replica --to merged',
    },
    {
      description: 'A year of an old server into the directory of a new one',
      command:
        '<%= config.bin %> tsdb merge --from old --start 2025-01-01 --end 2026-01-01 --max-block-duration 31d --to data',
    },
  ];

  static override flags = {
    from: Flags.string({
      description: 'Where to read: a data directory, a block, a file, - for stdin, or an http(s) URL; repeat',
      helpValue: 'SOURCE',
      multiple: true,
      multipleNonGreedy: true,
      required: true,
    }),
    to: Flags.string({
      description: 'The data directory to write to; made where it does not exist',
      helpValue: 'DIR',
      required: true,
    }),
    match: matchFlag,
    start: startFlag,
    end: endFlag,
    replicas: Flags.boolean({ description: 'The sources are replicas of each other' }),
    'replica-label': Flags.string({
      description: 'Series that differ in this label alone are replicas; repeat for several',
      helpValue: 'NAME',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'max-block-duration': maxBlockDurationFlag('1d'),
    quiet: Flags.boolean({ char: 'q', description: 'Print nothing but what is wrong' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(TsdbMerge);
    const now = systemClock.now();
    if (flags.from.some((name) => resolve(name) === resolve(flags.to))) {
      throw new InputError('bad_flags', 'is both --from and --to; what is in --to stays there anyway', {
        file: flags.to,
      });
    }
    const replicaLabels = flags['replica-label'] ?? [];
    const progress = new Progress();
    const options = {
      selectors: (flags.match ?? []).map((selector) => parseSelector(selector)),
      mint: flags.start === undefined ? MIN_TIMESTAMP : parseTimestamp(flags.start, now),
      maxt: flags.end === undefined ? MAX_TIMESTAMP : parseTimestamp(flags.end, now),
      blockRange: blockRangeOf(flags['max-block-duration']),
      replicas: flags.replicas || replicaLabels.length > 0,
      progress: (part: number, samples: number) => progress.update(`merging (${samples} samples)`, part, 1),
      onNotice: (notice: string) => this.say(notice),
    };
    const result = await interruptible(async (signal) => {
      const sources: Source[] = [];
      try {
        for (const name of flags.from) {
          sources.push(await openSources([name], { onDamage: (error) => this.sayDamage(error, progress) }));
        }
        return await copySamples(sources, flags.to, {
          ...options,
          ...(replicaLabels.length > 0 && { map: (labels) => labels.without(...replicaLabels) }),
          signal,
        });
      } finally {
        progress.clear();
        for (const source of sources) await source.close();
      }
    });
    if (!flags.quiet) this.sayResult(result, flags.to);
  }

  private sayResult({ blocks, samples, read }: CopyResult, to: string): void {
    printMadeBlocks(to, blocks, this.paintOut);
    const several = read > samples ? `; ${plural(read - samples, 'sample')} occurred more than once` : '';
    this.say(`merged ${plural(samples, 'sample')} into ${plural(blocks.length, 'block')} of ${to}${several}`);
  }

  private sayDamage(error: Error, progress: Progress): void {
    progress.clear();
    this.complain(error.message);
    process.exitCode = EXIT_FAILED;
  }
}
