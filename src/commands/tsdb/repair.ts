import { Flags } from '@oclif/core';
import { EXIT_FAILED, TsmonCommand } from '../../cli/command.ts';
import { toFlag } from '../../cli/flags.ts';
import { interruptible } from '../../cli/interruptible.ts';
import { Output } from '../../cli/output.ts';
import { plural } from '../../cli/plural.ts';
import { Progress } from '../../cli/progress.ts';
import { type Repair, repairDirectory } from '../../core/tsdb/repair/index.ts';

export default class TsdbRepair extends TsmonCommand {
  static override summary = 'Save what is readable of a damaged data directory';
  static override description =
    `Checks blocks, logs, checkpoints and the head's files as tsdb verify does, and replaces each that is damaged by what could be read of it: of a block every series and chunk that is whole, whatever became of its meta.json, tombstones, postings, symbols or table of contents; of a log also the records behind the damage. Prometheus drops more: all that follows in a log, and the whole block.

Each part is replaced in one step, and the original is kept in damaged/ below the data directory, which servers pass over; remove it when nothing is missed. Look first, with --dry-run. Where somebody else writes to the directory (a running Prometheus), the command refuses and says who.

The exit status is 1 if something was lost for good, and with --dry-run if anything is damaged.`;

  static override examples = [
    {
      description: 'What is damaged, and what could be saved',
      command: '<%= config.bin %> tsdb repair --dry-run',
    },
    { description: 'Save it', command: '<%= config.bin %> tsdb repair --to /var/lib/prometheus' },
    {
      description: 'How much was lost',
      command: "<%= config.bin %> tsdb repair -o json | jq '[.repairs[].lost.chunks//0]|add'",
    },
  ];

  static override flags = {
    to: toFlag,
    'dry-run': Flags.boolean({ char: 'n', description: 'Only say what is damaged, and what could be saved' }),
    output: Flags.string({
      char: 'o',
      description: 'How to print what was done',
      options: ['text', 'json', 'jsonl'],
      default: 'text',
    }),
    quiet: Flags.boolean({ char: 'q', description: 'Print nothing but what went wrong' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(TsdbRepair);
    const { to: dir, quiet } = flags;
    const dryRun = flags['dry-run'] === true;
    const progress = new Progress();
    const output = new Output();
    const repairs = await interruptible(async (signal) => {
      try {
        return await repairDirectory(dir, {
          dryRun,
          signal,
          progress: (what, part) => progress.update(what, part, 1),
          onRepair: (repair) => {
            progress.clear();
            if (quiet || flags.output === 'json') return;
            output.line(flags.output === 'jsonl' ? JSON.stringify(repair) : describe(repair, dryRun));
            output.flush();
          },
          onNotice: (notice) => this.complain(notice),
        });
      } finally {
        progress.clear();
      }
    });
    const isWhole = repairs.every((repair) => repair.isWhole);
    if (flags.output === 'json') {
      output.line(JSON.stringify({ dir, dryRun, isWhole, repairs }));
      output.flush();
    }
    if (dryRun ? repairs.length > 0 : !isWhole) process.exitCode = EXIT_FAILED;
    if (!quiet) this.say(summary(repairs, dir, dryRun));
  }
}

function describe({ part, path, problems, saved, lost, written, kept }: Repair, dryRun: boolean): string {
  const lines = [`${part} ${path}${written === undefined || written === path ? '' : ` -> ${written}`}`];
  for (const problem of problems) lines.push(`  ${problem}`);
  const rescued = counts(saved);
  const gone = counts(lost);
  if (rescued !== '') lines.push(`  ${dryRun ? 'readable' : 'saved'}: ${rescued}`);
  if (gone !== '') lines.push(`  lost: ${gone}`);
  if (kept !== undefined) lines.push(`  the original is in ${kept}`);
  return lines.join('\n');
}

function counts(of: Readonly<Record<string, number>>): string {
  return Object.entries(of)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ');
}

function summary(repairs: readonly Repair[], dir: string, dryRun: boolean): string {
  if (repairs.length === 0) return `${dir} is sound`;
  const lossy = repairs.filter(({ isWhole }) => !isWhole).length;
  const done = dryRun
    ? `${plural(repairs.length, 'part')} damaged`
    : `repaired ${plural(repairs.length, 'part')}`;
  return `${done}${lossy === 0 ? ', nothing is lost' : `; something of ${lossy} is lost`}`;
}
