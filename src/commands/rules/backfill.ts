import { Args, Flags } from '@oclif/core';
import { blockRangeOf, maxBlockDurationFlag } from '../../cli/block-range.ts';
import { EXIT_FAILED, TsmonCommand } from '../../cli/command.ts';
import { compileLater } from '../../cli/compile-later.ts';
import { endFlag, startFlag } from '../../cli/flags.ts';
import { interruptible } from '../../cli/interruptible.ts';
import { printMadeBlocks } from '../../cli/made-blocks.ts';
import { plural } from '../../cli/plural.ts';
import { Progress } from '../../cli/progress.ts';
import { failureLine, historyOptions, intervalFlag, readRules, ruleEvalFlags } from '../../cli/rule-eval.ts';
import { openSources } from '../../cli/sources.ts';
import { systemClock } from '../../core/clock.ts';
import { InputError } from '../../core/errors.ts';
import type { FetchClient } from '../../core/http/fetch.ts';
import { parseTimestamp } from '../../core/model/timestamp.ts';
import { type BackfillResult, backfill } from '../../core/rules/backfill.ts';

export default class RulesBackfill extends TsmonCommand {
  static override summary = 'Write what rules would have recorded in the past as blocks';
  static override description =
    `Evaluates rules over history and writes their series as blocks, as "promtool tsdb create-blocks-from rules" does, whose flags it takes. Beyond that: alerts too, as ALERTS and ALERTS_FOR_STATE with their true states; rules see what other rules of the same run record, in whatever order the files have them; --from may be anything that can be read, and so needs no server.

Groups are evaluated at multiples of their interval; --prometheus-times evaluates them when a Prometheus would. Where the source has older output of the same rules within the time, that does not count. Samples that --output-dir has already are left alone, so that running the command again adds nothing. Blocks appear a stretch of time after the other; what an interrupted run has written is complete, and the same command goes on.

Exit status: 0 done, 1 some rules could not be evaluated at some times (the rest is written), 2 wrong usage, 130 interrupted.`;

  static override examples = [
    {
      description: 'A new recording rule, for the whole of last month, into the directory it reads',
      command: '<%= config.bin %> rules backfill --from data --output-dir data --start now-30d new-rules.yml',
    },
    {
      description: 'With the flags of promtool, from a server',
      command:
        '<%= config.bin %> rules backfill --url http://localhost:9090 --start 2026-05-01T00:00:00Z --end 2026-05-31T00:00:00Z rules.yml',
    },
    {
      description: 'Without alerts',
      command: '<%= config.bin %> rules backfill --no-alerts --start now-7d rules.yml',
    },
  ];

  static override strict = false;
  static override args = {
    file: Args.string({ description: 'A rule file; standard input for - or without one', ignoreStdin: true }),
  };

  static override flags = {
    ...ruleEvalFlags,
    url: Flags.string({ description: "promtool's name for a --from that is a server", helpValue: 'URL' }),
    'output-dir': Flags.string({
      aliases: ['to'],
      description: 'The data directory to write to; made where it does not exist',
      helpValue: 'DIR',
      default: 'data',
    }),
    start: { ...startFlag, required: true },
    end: { ...endFlag, description: 'Up to and including this time (default: now-3h)' },
    'eval-interval': intervalFlag,
    alerts: Flags.boolean({
      description: 'Write ALERTS and ALERTS_FOR_STATE (default)',
      default: true,
      allowNo: true,
    }),
    'max-block-duration': maxBlockDurationFlag('2h'),
    quiet: Flags.boolean({ char: 'q', description: 'Print nothing but what is wrong' }),
  };

  /** What speaks to servers, where the flags do not say it. */
  client: FetchClient | undefined = undefined;

  async run(): Promise<void> {
    compileLater();
    const { flags, argv } = await this.parse(RulesBackfill);
    const now = systemClock.now();
    const start = parseTimestamp(flags.start!, now);
    const end = parseTimestamp(flags.end ?? 'now-3h', now);
    if (start > end) throw new InputError('bad_time', 'the end lies before the start');
    const files = readRules(
      argv as string[],
      flags,
      (fault) => this.sayFault(fault.message),
      (line) => this.complain(line),
    );
    const from = flags.url === undefined ? flags.from : [flags.url];
    const progress = new Progress();
    const result = await interruptible(async (signal) => {
      const source = await openSources(from, {
        onDamage: (error) => this.sayFault(error.message),
        onWarning: (text) => this.complain(text),
        http: flags,
        ...(this.client !== undefined && { client: this.client }),
      });
      try {
        return await backfill(files, source, flags['output-dir'], start, end, {
          ...historyOptions(flags, flags['eval-interval'], from),
          alerts: flags.alerts,
          blockRange: blockRangeOf(flags['max-block-duration']),
          signal,
          onProgress: (done, total) => progress.update('evaluating rules', done, total),
          onNotice: (notice) => {
            progress.clear();
            this.say(notice);
          },
        });
      } finally {
        progress.clear();
        await source.close();
      }
    });
    this.sayResult(result, flags['output-dir'], flags.quiet);
  }

  private sayResult({ blocks, samples, known, failures }: BackfillResult, to: string, quiet: boolean): void {
    if (!quiet) {
      printMadeBlocks(to, blocks, this.paintOut);
      this.say(
        `wrote ${plural(samples, 'sample')} into ${plural(blocks.length, 'block')} of ${to}${known > 0 ? `; it had ${plural(known, 'sample')} already` : ''}`,
      );
    }
    for (const failure of failures) this.sayFault(failureLine(failure));
  }

  private sayFault(message: string): void {
    this.complain(message);
    process.exitCode = EXIT_FAILED;
  }
}
