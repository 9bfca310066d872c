import { Flags } from '@oclif/core';
import { lengthOf } from '../../cli/block-printer.ts';
import { EXIT_FAILED, TsmonCommand } from '../../cli/command.ts';
import { toFlag } from '../../cli/flags.ts';
import { interruptible } from '../../cli/interruptible.ts';
import { Output } from '../../cli/output.ts';
import { Progress } from '../../cli/progress.ts';
import { InputError } from '../../core/errors.ts';
import { parseDuration } from '../../core/model/duration.ts';
import type { BlockMeta } from '../../core/tsdb/block/index.ts';
import { type CompactionEvent, compactDirectory, planDirectory } from '../../core/tsdb/compaction/index.ts';

const NOTHING_TO_DO = 'there is nothing to compact';

export default class TsdbCompact extends TsmonCommand {
  static override summary = 'Make small blocks into larger ones';
  static override description =
    "Does what a Prometheus that runs on the directory does from time to time: merges blocks that overlap, makes blocks of 2 hours into blocks of 6, 18 and so on, and writes blocks anew of which much was deleted. The newest block is left alone. Needs some memory for the labels of a block's series, and disk space for the new block before the old ones go.\n\nWhere somebody else writes to the directory (a running Prometheus), the command refuses and says who. Interrupted, it leaves everything as it was before the block at hand. A block that is damaged is marked and left alone; the exit status is then 1.";

  static override examples = [
    { description: 'After an import', command: '<%= config.bin %> tsdb compact --to data' },
    { description: 'What it would do', command: '<%= config.bin %> tsdb compact --to data --dry-run' },
  ];

  static override flags = {
    to: toFlag,
    'max-block-duration': Flags.string({
      description: 'The longest block to make',
      helpValue: 'DURATION',
      default: '31d',
    }),
    'dry-run': Flags.boolean({ char: 'n', description: 'Only print what would be compacted' }),
    quiet: Flags.boolean({ char: 'q', description: 'Print nothing but faults' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(TsdbCompact);
    const maxBlockRange = parseDuration(flags['max-block-duration']);
    if (maxBlockRange <= 0) throw new InputError('bad_duration', '--max-block-duration must be positive');
    const output = new Output();
    if (flags['dry-run']) {
      const groups = planDirectory(flags.to, maxBlockRange);
      for (const group of groups) output.line(describe(group));
      output.flush();
      if (groups.length === 0 && !flags.quiet) this.say(NOTHING_TO_DO);
      return;
    }
    const progress = new Progress();
    let events = 0;
    await interruptible(async (signal) => {
      try {
        await compactDirectory(flags.to, {
          maxBlockRange,
          signal,
          progress: (blocks, done, total) => progress.update(describe(blocks), done, total),
          onEvent: (event) => {
            progress.clear();
            events++;
            this.sayEvent(event, flags.quiet ? undefined : output);
          },
          onNotice: (notice) => this.complain(notice),
        });
      } finally {
        progress.clear();
      }
    });
    if (events === 0 && !flags.quiet) this.say(NOTHING_TO_DO);
  }

  private sayEvent({ blocks, written, failure }: CompactionEvent, output: Output | undefined): void {
    if (failure !== undefined) {
      this.complain(`${describe(blocks)}: not compacted: ${failure.message}`);
      process.exitCode = EXIT_FAILED;
      return;
    }
    output?.line(`${describe(blocks)} -> ${written?.ulid ?? 'nothing, since all was deleted'}`);
    output?.flush();
  }
}

function describe(blocks: readonly BlockMeta[]): string {
  const from = Math.min(...blocks.map((block) => block.minTime));
  const to = Math.max(...blocks.map((block) => block.maxTime));
  return `${blocks.map((block) => block.ulid).join(' ')} (${lengthOf(to - from)})`;
}
