import { Args, Flags, type Interfaces } from '@oclif/core';
import { BacktestLimits } from '../../cli/backtest-limits.ts';
import { printComparison, printReports, printTimeline, resultRecord } from '../../cli/backtest-printer.ts';
import { EXIT_FAILED, TsmonCommand } from '../../cli/command.ts';
import { compileLater } from '../../cli/compile-later.ts';
import { interruptible } from '../../cli/interruptible.ts';
import { Output } from '../../cli/output.ts';
import { plural } from '../../cli/plural.ts';
import { Progress } from '../../cli/progress.ts';
import { timeFlags } from '../../cli/query-flags.ts';
import { queryTimes } from '../../cli/query-times.ts';
import {
  failureLine,
  historyOptions,
  intervalFlag,
  positive,
  readRules,
  ruleEvalFlags,
} from '../../cli/rule-eval.ts';
import { openSources } from '../../cli/sources.ts';
import { terminalWidth } from '../../cli/terminal.ts';
import { createReport } from '../../cli/test-report/report.ts';
import { systemClock } from '../../core/clock.ts';
import { InputError } from '../../core/errors.ts';
import { type BacktestResult, backtest, compareBacktests } from '../../core/rules/backtest.ts';
import type { RuleFile } from '../../core/rules/rule-file.ts';

type BacktestFlags = Interfaces.InferredFlags<typeof RulesBacktest.flags>;

const LIMITS = 'WHAT FAILS';

export default class RulesBacktest extends TsmonCommand {
  static override summary = 'Replay alerting rules over history: when would they have fired?';
  static override description =
    `Runs the true state machine of alerts over data of the past: pending, firing, keep_firing_for, resolved, every group at its interval, recording rules included. Says of each alert how often and how long it fired, how often it flapped (fired again within --flap-window of its end) and how often it was pending and did not fire, and draws a timeline. --compare does the same with older rules and says what has changed.

With limits it is a check for CI. Exit status: 0 done and within the limits, 1 not, or some rule could not be evaluated, 2 wrong usage.`;

  static override examples = [
    { description: 'The last month', command: '<%= config.bin %> rules backtest --since 30d alerts.yml' },
    {
      description: 'What a change of the rules would have changed',
      command:
        'git show HEAD:alerts.yml | <%= config.bin %> rules backtest --since 7d --compare - alerts.yml',
    },
    {
      description: 'A check: quiet enough, and the outage of March is found',
      command:
        '<%= config.bin %> rules backtest --start 2026-03-01 --end 2026-04-01 --max-flaps 3 --max-firing 8h --expect-firing NodeDown@2026-03-12T04:10:00Z alerts.yml',
    },
    {
      description: 'For a CI that reads JUnit reports',
      command: '<%= config.bin %> rules backtest --since 7d --max-firings 5 -o junit alerts.yml > report.xml',
    },
  ];

  static override strict = false;
  static override args = {
    file: Args.string({ description: 'A rule file; standard input for - or without one', ignoreStdin: true }),
  };

  static override flags = {
    ...timeFlags,
    since: { ...timeFlags.since, description: 'Instead of --start: so long before the end (default: 1d)' },
    interval: intervalFlag,
    compare: Flags.string({
      description: 'Rules to compare with, as they were before; repeat for several files',
      helpValue: 'FILE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'flap-window': Flags.string({
      description: 'An alert that fires again within this time of its end has flapped',
      helpValue: 'DURATION',
      default: '15m',
    }),
    'max-firing': Flags.string({
      description: 'The longest time that an alert may fire in all',
      helpValue: 'DURATION',
      helpGroup: LIMITS,
    }),
    'max-longest': Flags.string({
      description: 'The longest time that an alert may fire without a break',
      helpValue: 'DURATION',
      helpGroup: LIMITS,
    }),
    'max-firings': Flags.integer({
      description: 'How often an alert may begin to fire',
      helpValue: 'N',
      helpGroup: LIMITS,
      min: 0,
    }),
    'max-flaps': Flags.integer({
      description: 'How often an alert may flap',
      helpValue: 'N',
      helpGroup: LIMITS,
      min: 0,
    }),
    'expect-firing': Flags.string({
      description: 'This alert must have fired, ever or at this time; repeat for several',
      helpValue: 'ALERT[@TIME]',
      helpGroup: LIMITS,
      multiple: true,
      multipleNonGreedy: true,
    }),
    'expect-quiet': Flags.string({
      description: 'This alert must not have fired, ever or at this time; repeat for several',
      helpValue: 'ALERT[@TIME]',
      helpGroup: LIMITS,
      multiple: true,
      multipleNonGreedy: true,
    }),
    output: Flags.string({
      char: 'o',
      description: 'A table with a timeline; one JSON document; or JUnit XML with a test for each alert',
      options: ['table', 'json', 'junit'],
      default: 'table',
    }),
    ...ruleEvalFlags,
  };

  async run(): Promise<void> {
    compileLater();
    const { flags, argv } = await this.parse(RulesBacktest);
    const onFault = (fault: InputError) => this.sayFault(fault.message);
    const onNotice = (line: string) => this.complain(line);
    const files = readRules(argv as string[], flags, onFault, onNotice);
    const alerts = files.flatMap(({ groups }) =>
      groups.flatMap(({ rules }) => rules.filter(({ kind }) => kind === 'alert')),
    );
    if (alerts.length === 0) throw new InputError('no_rules', 'there is no alert among the rules');
    const old = flags.compare === undefined ? undefined : readRules(flags.compare, flags, onFault, onNotice);
    const limits = new BacktestLimits(flags, new Set(alerts.map(({ name }) => name)), systemClock.now());
    const before = systemClock.monotonic();
    const [result, oldResult] = await this.replay(files, old, flags);
    const comparison = oldResult === undefined ? undefined : compareBacktests(oldResult, result);
    const violations = result.reports.map((report) => limits.violations(report));
    const out = new Output();
    if (flags.output === 'json') {
      out.line(JSON.stringify(resultRecord(result, comparison, violations.flat())));
    } else if (flags.output === 'junit') {
      this.printJUnit(result, violations, out, systemClock.monotonic() - before);
    } else {
      printReports(result, out, this.paintOut, terminalWidth());
      printTimeline(result, out, this.paintOut, terminalWidth());
      if (comparison !== undefined) printComparison(comparison, out, this.paintOut, terminalWidth());
    }
    out.flush();
    for (const failure of result.failures) this.sayFault(failureLine(failure));
    for (const violation of violations.flat()) {
      this.say(`${this.paint.red('failed:')} ${violation}`);
      process.exitCode = EXIT_FAILED;
    }
  }

  private async replay(
    files: readonly RuleFile[],
    old: readonly RuleFile[] | undefined,
    flags: BacktestFlags,
  ): Promise<[BacktestResult, BacktestResult | undefined]> {
    const progress = new Progress();
    return interruptible(async (signal) => {
      const source = await openSources(flags.from, {
        onDamage: (error) => this.sayFault(error.message),
        onWarning: (text) => this.complain(text),
        http: flags,
      });
      try {
        const since = flags.start === undefined ? (flags.since ?? '1d') : undefined;
        const times = await queryTimes({ ...flags, since }, true, source, systemClock.now());
        if (times.kind !== 'range') throw new Error('a backtest needs a range');
        const options = {
          ...historyOptions(flags, flags.interval, flags.from),
          flapMs: positive(flags['flap-window'], '--flap-window'),
          signal,
        };
        const run = (rules: readonly RuleFile[], what: string) =>
          backtest(rules, source, times.start, times.end, {
            ...options,
            onProgress: (done, total) =>
              progress.update(`${what} (${plural(done, 'evaluation')})`, done, total),
          });
        return [
          await run(files, 'replaying'),
          old === undefined ? undefined : await run(old, 'replaying the old rules'),
        ];
      } finally {
        progress.clear();
        await source.close();
      }
    });
  }

  private printJUnit(
    { reports }: BacktestResult,
    violations: readonly string[][],
    out: Output,
    durationMs: number,
  ): void {
    const report = createReport('junit', out, this.paintOut);
    for (const [i, { rule }] of reports.entries()) {
      const failure =
        violations[i].length === 0 ? null : { message: violations[i].join('\n'), expected: [], got: [] };
      report.add({
        file: rule.file,
        line: rule.config.place.line ?? 1,
        name: `${rule.group.name}: ${rule.config.name}`,
        failure,
        durationMs: durationMs / reports.length,
      });
    }
    report.end();
  }

  private sayFault(message: string): void {
    this.complain(message);
    process.exitCode = EXIT_FAILED;
  }
}
