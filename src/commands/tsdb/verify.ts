import { Flags } from '@oclif/core';
import { EXIT_FAILED, TsmonCommand } from '../../cli/command.ts';
import { dataFlag } from '../../cli/flags.ts';
import { interruptible } from '../../cli/interruptible.ts';
import { Output } from '../../cli/output.ts';
import { plural } from '../../cli/plural.ts';
import { Progress } from '../../cli/progress.ts';
import { repairAdvice } from '../../cli/repair-advice.ts';
import { formatPlace } from '../../core/errors.ts';
import {
  type DirectoryFinding,
  runStepsWithPauses,
  verifyingDirectory,
} from '../../core/tsdb/compaction/index.ts';

export default class TsdbVerify extends TsmonCommand {
  static override summary = 'Check every byte of a data directory';
  static override description =
    "Checks every checksum of blocks, logs, checkpoints, the head's chunks and snapshots, the order of all that is ordered, the index against the chunks, each chunk's samples against what the index says of them, meta.json against both, and how blocks fit together. Nothing is written; tsdb repair saves what can be saved. Each finding is one line on standard output; an error means that samples or series are lost or wrong, a warning that something is not as it should be but readable.\n\nThe exit status is 1 if there are errors, with --strict also if there are warnings. Beside a running server, warnings may be of its unfinished work.";

  static override examples = [
    {
      description: 'Before and after copying a directory',
      command: '<%= config.bin %> tsdb verify --from backup',
    },
    {
      description: 'The blocks that are damaged',
      command: '<%= config.bin %> tsdb verify -o jsonl | jq -r \'select(.severity=="error").file\'',
    },
  ];

  static override flags = {
    from: dataFlag,
    strict: Flags.boolean({ description: 'Fail at warnings, too' }),
    output: Flags.string({
      char: 'o',
      description: 'The format to print',
      options: ['text', 'json', 'jsonl'],
      default: 'text',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(TsdbVerify);
    const progress = new Progress();
    const findings: DirectoryFinding[] = [];
    const damaged: string[] = [];
    await interruptible(async (signal) => {
      try {
        for (const dir of flags.from) {
          const steps = verifyingDirectory(dir, {
            progress: (what, done, total) => progress.update(`verifying ${what}`, done, total),
          });
          const found = await runStepsWithPauses(steps, signal);
          findings.push(...found);
          if (found.some(isError)) damaged.push(dir);
        }
      } finally {
        progress.clear();
      }
    });
    const output = new Output();
    if (flags.output === 'json') output.line(JSON.stringify(findings));
    else if (flags.output === 'jsonl') for (const finding of findings) output.line(JSON.stringify(finding));
    else for (const finding of findings) output.line(this.text(finding));
    output.flush();
    const errors = findings.filter(isError).length;
    const warnings = findings.length - errors;
    this.say(`${plural(errors, 'error')}, ${plural(warnings, 'warning')}`);
    for (const dir of damaged) this.say(repairAdvice(dir));
    if (errors > 0 || (flags.strict && warnings > 0)) process.exitCode = EXIT_FAILED;
  }

  private text({ severity, code, file, offset, series, message }: DirectoryFinding): string {
    const tag = severity === 'error' ? this.paintOut.red('error') : this.paintOut.yellow('warning');
    const of = series === undefined ? '' : ` (series ${series})`;
    return `${tag} ${code}: ${formatPlace({ file, offset })}: ${message}${of}`;
  }
}

function isError({ severity }: DirectoryFinding): boolean {
  return severity === 'error';
}
