import { Flags } from '@oclif/core';
import { EXIT_FAILED, TsmonCommand } from '../../cli/command.ts';
import { endFlag, startFlag, toFlag } from '../../cli/flags.ts';
import { interruptible } from '../../cli/interruptible.ts';
import { plural } from '../../cli/plural.ts';
import { Progress } from '../../cli/progress.ts';
import { advised, advisedOnce } from '../../cli/repair-advice.ts';
import { systemClock } from '../../core/clock.ts';
import type { Matcher } from '../../core/model/matcher.ts';
import { MAX_TIMESTAMP, MIN_TIMESTAMP, parseTimestamp } from '../../core/model/timestamp.ts';
import { parseSelector } from '../../core/promql/parser/index.ts';
import { DirectorySource } from '../../core/source/directory.ts';
import { mergeSeriesSets, type StoredSeriesSet } from '../../core/tsdb/block/index.ts';
import { runSteps, takeInventory } from '../../core/tsdb/compaction/index.ts';
import { Database } from '../../core/tsdb/db/index.ts';
import { countRewrites, type RewriteCounts, rewriteDirectory } from '../../core/tsdb/rewrite/index.ts';

interface Deletion {
  selectors: readonly (readonly Matcher[])[];
  mint: number;
  maxt: number;
}

export default class TsdbDelete extends TsmonCommand {
  static override summary = 'Delete samples from a data directory';
  static override description =
    `Deletes what the selected series have in some time, or at all, from blocks and log, as Prometheus' delete_series does: the samples are noted as deleted and not given any more, by tsmon or by Prometheus, and their space is freed when the blocks are next compacted. --clean frees it at once, by writing the blocks anew: each old one stays until its new one is complete. tsdb rewrite does more, and tsdb delete less at a time.

Look first, with --dry-run. Where somebody else writes to the directory (a running Prometheus), the command refuses and says who; a running Prometheus deletes by its own API. The exit status is 1 where nothing was selected.`;

  static override examples = [
    {
      description: 'How much would go',
      command: '<%= config.bin %> tsdb delete --match \'{job="test"}\' --dry-run',
    },
    {
      description: 'An hour of wrong measurements',
      command:
        '<%= config.bin %> tsdb delete --match \'sensor_celsius{room="7"}\' --start 2026-03-01T10:00:00Z --end 2026-03-01T10:59:59Z',
    },
    {
      description: 'A user, for good',
      command: '<%= config.bin %> tsdb delete --to data --match \'{user_id="4711"}\' --clean',
    },
  ];

  static override flags = {
    to: toFlag,
    match: Flags.string({
      description: 'The series that this selector matches; repeat for several',
      helpValue: 'SELECTOR',
      multiple: true,
      multipleNonGreedy: true,
      required: true,
    }),
    start: startFlag,
    end: endFlag,
    clean: Flags.boolean({ description: 'Free the space, in all blocks of which anything was ever deleted' }),
    'dry-run': Flags.boolean({ char: 'n', description: 'Only say what would be deleted' }),
    quiet: Flags.boolean({ char: 'q', description: 'Say nothing but what is wrong' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(TsdbDelete);
    const now = systemClock.now();
    const deletion: Deletion = {
      selectors: flags.match.map((selector) => parseSelector(selector)),
      mint: flags.start === undefined ? MIN_TIMESTAMP : parseTimestamp(flags.start, now),
      maxt: flags.end === undefined ? MAX_TIMESTAMP : parseTimestamp(flags.end, now),
    };
    takeInventory(flags.to);
    // A signal ends this and what follows at once: nothing is begun yet, and then each part is whole by itself.
    const counts = await this.count(flags.to, deletion);
    if (counts.samples === 0) process.exitCode = EXIT_FAILED;
    const of = `${plural(counts.samples, 'sample')} of ${counts.series} series`;
    if (flags['dry-run']) {
      this.say(`would delete ${of} from ${flags.to}; ${counts.dropped} of these would be gone`);
      return;
    }
    if (counts.samples > 0) await this.delete(flags.to, deletion);
    if (flags.clean) await interruptible((signal) => this.clean(flags.to, signal));
    if (!flags.quiet) this.say(`deleted ${of} from ${flags.to}; ${counts.dropped} of these are gone`);
  }

  /** Of the series that are selected, each once; `dropped` are those of which nothing is left. */
  private async count(dir: string, deletion: Deletion): Promise<RewriteCounts> {
    const source = new DirectorySource(dir, {
      onDamage: advisedOnce((error) => this.complain(error.message)),
    });
    try {
      const everything = { mint: MIN_TIMESTAMP, maxt: MAX_TIMESTAMP };
      const sets: StoredSeriesSet[] = [];
      for (const matchers of deletion.selectors) sets.push(await source.select(matchers, everything));
      const rules = { selectors: [], deletion };
      return runSteps(countRewrites(mergeSeriesSets(sets), rules));
    } finally {
      await source.close();
    }
  }

  private async delete(dir: string, { selectors, mint, maxt }: Deletion): Promise<void> {
    const database = await Database.open(dir, {
      clock: systemClock,
      onNotice: (notice) => this.complain(notice),
    });
    try {
      for (const matchers of selectors) await database.delete(matchers, mint, maxt);
    } finally {
      await database.close();
    }
  }

  private async clean(dir: string, signal: AbortSignal): Promise<void> {
    const progress = new Progress();
    try {
      // Without rules, only what was deleted before goes.
      await rewriteDirectory(
        dir,
        { selectors: [] },
        {
          clean: true,
          signal,
          progress: (ulid, part) => progress.update(`rewriting ${ulid}`, part, 1),
          onDamage: (ulid, error) => {
            progress.clear();
            this.complain(`${ulid} is left as it is: ${advised(error).message}`);
            process.exitCode = EXIT_FAILED;
          },
          onNotice: (notice) => this.complain(notice),
        },
      );
    } finally {
      progress.clear();
    }
  }
}
