import { Flags } from '@oclif/core';
import { TsmonCommand } from '../../cli/command.ts';
import { toFlag } from '../../cli/flags.ts';
import { interruptible } from '../../cli/interruptible.ts';
import { Output } from '../../cli/output.ts';
import { plural } from '../../cli/plural.ts';
import { formatByteSize, parseByteSize } from '../../core/model/byte-size.ts';
import { parseDuration } from '../../core/model/duration.ts';
import { collectGarbage, type Garbage } from '../../core/tsdb/gc/index.ts';

export default class TsdbGc extends TsmonCommand {
  static override summary = 'Remove from a data directory what nobody needs';
  static override description =
    `Removes what unfinished work left (also what an interrupted import would go on from), blocks that a newer one replaces or of which nothing is left, and parts of the log that its checkpoint has. With a retention also the blocks that are older, or more, than is to be kept, as a Prometheus with that retention would; with --originals what was damaged and set aside, by tsdb repair or when a damaged log was opened.

Look first, with --dry-run. Where somebody else writes to the directory (a running Prometheus, which does this itself), the command refuses and says who.`;

  static override examples = [
    { description: 'What would go', command: '<%= config.bin %> tsdb gc --dry-run' },
    {
      description: 'Keep 90 days, and at most 50 GB',
      command: '<%= config.bin %> tsdb gc --to /var/lib/metrics --retention-time 90d --retention-size 50GB',
    },
    { description: 'After a repair that lost nothing', command: '<%= config.bin %> tsdb gc --originals' },
  ];

  static override flags = {
    to: toFlag,
    'retention-time': Flags.string({
      description: 'Remove blocks that end so long before the newest one does',
      helpValue: 'DURATION',
    }),
    'retention-size': Flags.string({
      description: 'Remove the oldest blocks until the directory takes no more than this',
      helpValue: 'SIZE',
    }),
    originals: Flags.boolean({ description: 'Remove what was damaged and set aside, too' }),
    'dry-run': Flags.boolean({ char: 'n', description: 'Only say what would be removed' }),
    output: Flags.string({
      char: 'o',
      description: 'How to print what is removed',
      options: ['text', 'jsonl'],
      default: 'text',
    }),
    quiet: Flags.boolean({ char: 'q', description: 'Print nothing but what went wrong' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(TsdbGc);
    const output = new Output();
    let things = 0;
    let bytes = 0;
    const onGarbage = (garbage: Garbage) => {
      things++;
      bytes += garbage.sizeBytes;
      if (flags.quiet) return;
      output.line(flags.output === 'jsonl' ? JSON.stringify(garbage) : describe(garbage));
      output.flush();
    };
    const { 'retention-time': time, 'retention-size': size, 'dry-run': dryRun, originals } = flags;
    await interruptible((signal) =>
      collectGarbage(flags.to, {
        ...(time !== undefined && { maxAge: parseDuration(time) }),
        ...(size !== undefined && { maxBytes: parseByteSize(size) }),
        originals,
        dryRun,
        signal,
        onGarbage,
        onNotice: (notice) => this.complain(notice),
      }),
    );
    if (flags.quiet) return;
    const what = things === 0 ? 'nothing' : `${plural(things, 'thing')}, ${formatByteSize(bytes)}`;
    this.say(`${dryRun ? 'would remove' : 'removed'} ${what}`);
  }
}

function describe({ reason, path, sizeBytes }: Garbage): string {
  return `${reason.padEnd(12)} ${formatByteSize(sizeBytes).padStart(7)} ${path}`;
}
