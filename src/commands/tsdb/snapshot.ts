import { rmSync, statSync } from 'node:fs';
import { Args, Flags } from '@oclif/core';
import { EXIT_FAILED, TsmonCommand } from '../../cli/command.ts';
import { DEFAULT_DATA_DIR } from '../../cli/flags.ts';
import { interruptible } from '../../cli/interruptible.ts';
import { printMadeBlocks } from '../../cli/made-blocks.ts';
import { plural } from '../../cli/plural.ts';
import { Progress } from '../../cli/progress.ts';
import { formatByteSize } from '../../core/model/byte-size.ts';
import { DirectorySource } from '../../core/source/directory.ts';
import { takeInventory } from '../../core/tsdb/compaction/index.ts';
import {
  fillSnapshot,
  refuseExisting,
  type Snapshot,
  type SnapshotSource,
  takeSnapshot,
  unfinishedSnapshot,
  zipDirectory,
} from '../../core/tsdb/snapshot/index.ts';

export default class TsdbSnapshot extends TsmonCommand {
  static override summary = 'Copy a data directory as it is now';
  static override description =
    `Makes a copy of a data directory as it is at one moment, also while a server writes to it, as Prometheus' snapshot API does: blocks are linked (on another file system, copied), which costs next to nothing, and what only the log has is written as blocks. The copy is a data directory: tsmon and Prometheus can be started on it. Neither the server nor the directory is touched.

A name that ends in .zip makes one archive instead. The copy appears when all of it is there; what was left of one that was killed is removed when it is made again. A damaged block is left out, and the exit status is 1 (see tsdb repair).`;

  static override examples = [
    {
      description: 'A backup of a running Prometheus',
      command: '<%= config.bin %> tsdb snapshot --from /var/lib/prometheus /backup/$(date +%F)',
    },
    {
      description: 'An archive to send away',
      command: '<%= config.bin %> tsdb snapshot metrics.zip',
    },
    {
      description: 'To try something out on',
      command:
        '<%= config.bin %> tsdb snapshot try && <%= config.bin %> tsdb rewrite --to try --drop-label pod',
    },
  ];

  static override args = {
    to: Args.string({ description: 'The directory, or archive, to make', required: true }),
  };

  static override flags = {
    from: Flags.string({
      description: 'The data directory to copy',
      helpValue: 'DIR',
      env: 'TSMON_DATA',
      default: DEFAULT_DATA_DIR,
    }),
    'skip-head': Flags.boolean({
      description: 'Leave out what only the log has, usually the last two hours',
    }),
    quiet: Flags.boolean({ char: 'q', description: 'Print nothing but what went wrong' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TsdbSnapshot);
    const to = args.to.replace(/(?<=.)\/+$/, '');
    takeInventory(flags.from);
    const progress = new Progress();
    const open = () => this.open(flags.from, progress);
    const skipHead = flags['skip-head'];
    await interruptible(async (signal) => {
      try {
        if (!to.endsWith('.zip')) {
          const snapshot = await takeSnapshot(open, to, {
            skipHead,
            signal,
            progress: (part) => progress.update('copying', part, 1),
          });
          progress.clear();
          if (!flags.quiet) this.sayResult(snapshot, to);
          return;
        }
        refuseExisting(to);
        const staging = unfinishedSnapshot(to);
        try {
          const snapshot = await fillSnapshot(open, staging, {
            skipHead,
            signal,
            progress: (part) => progress.update('copying', part, 1),
          });
          await zipDirectory(staging, to, {
            signal,
            progress: (part) => progress.update(`packing ${to}`, part, 1),
          });
          progress.clear();
          if (!flags.quiet) this.say(`${describe(snapshot, to)}: ${formatByteSize(statSync(to).size)}`);
        } finally {
          rmSync(staging, { recursive: true, force: true });
        }
      } finally {
        progress.clear();
      }
    });
  }

  private open(dir: string, progress: Progress): SnapshotSource {
    const source = new DirectorySource(dir, {
      onDamage: (error) => {
        progress.clear();
        this.complain(error.message);
        process.exitCode = EXIT_FAILED;
      },
    });
    return { ...source.beyondBlocks, close: () => source.close() };
  }

  private sayResult(snapshot: Snapshot, to: string): void {
    printMadeBlocks(to, [...snapshot.linked, ...snapshot.written], this.paintOut);
    this.say(describe(snapshot, to));
  }
}

function describe({ linked, written }: Snapshot, to: string): string {
  return `${to} has ${plural(linked.length, 'block')}, and ${plural(written.length, 'block')} of what only the log had`;
}
