import { Args, Flags, type Interfaces } from '@oclif/core';
import { EXIT_FAILED, TsmonCommand } from '../../cli/command.ts';
import { compileLater } from '../../cli/compile-later.ts';
import { interruptible } from '../../cli/interruptible.ts';
import { Output } from '../../cli/output.ts';
import { Progress } from '../../cli/progress.ts';
import { timeFlags } from '../../cli/query-flags.ts';
import { QUERY_OUTPUTS, queryPrinter } from '../../cli/query-printer.ts';
import { type QueryTimes, queryTimes } from '../../cli/query-times.ts';
import { failureLine, historyOptions, intervalFlag, readRules, ruleEvalFlags } from '../../cli/rule-eval.ts';
import {
  alertRecords,
  asValue,
  failureRecord,
  printAlertTable,
  seriesOf,
  seriesRecord,
  withoutStale,
} from '../../cli/rule-eval-printer.ts';
import { openSources } from '../../cli/sources.ts';
import { terminalWidth } from '../../cli/terminal.ts';
import { systemClock } from '../../core/clock.ts';
import { type HistoryAlerts, RuleHistory } from '../../core/rules/history.ts';
import type { RuleFile } from '../../core/rules/rule-file.ts';
import { MemorySource } from '../../core/source/memory.ts';
import type { Source } from '../../core/source/source.ts';

type EvalFlags = Interfaces.InferredFlags<typeof RulesEval.flags>;

/** A result of an evaluation. */
interface Evaluated {
  samples: MemorySource;
  history: RuleHistory;
  alerts: HistoryAlerts[];
}

/** The forms that have no way to say "the series ends here". */
const WITHOUT_STALE = new Set(['table', 'text', 'value', 'graph']);

export default class RulesEval extends TsmonCommand {
  static override summary = 'Evaluate rules now, or over a stretch of the past, with no server';
  static override description =
    `Evaluates the groups of rule files on any data as Prometheus does, once (now, or --at a time), or over a range with --start or --since, every group at its interval. Rules see what rules before them have recorded, in other groups and files too. Alerts go on from the state that ALERTS and ALERTS_FOR_STATE tell, where these were written within the lookback: an evaluation a minute whose output is stored is a rule server. Series that were written before and are not any more get a stale marker, which only JSON Lines can carry.

On a terminal the alerts that are pending or firing are shown as a table, with --samples the recorded series too; elsewhere the samples are printed, those of ALERTS and ALERTS_FOR_STATE included, in any form that "tsmon query" has. json has alerts, samples and failures. --alerts prints alerts alone.

What cannot be evaluated stops nothing else: of a file with faults the rules that can be understood, of a rule that fails the other times. Exit status: 0 done, 1 something could not be evaluated (or, with --fail-if-firing, an alert fires), 2 wrong usage or nothing to evaluate.`;

  static override examples = [
    { description: 'Which alerts would fire now', command: '<%= config.bin %> rules eval rules/*.yml' },
    {
      description: 'From cron: record rules and the state of alerts',
      command: '<%= config.bin %> rules eval -o jsonl rules/*.yml | <%= config.bin %> tsdb append --quiet',
    },
    {
      description: "Yesterday's samples of one file, on the data of a server",
      command:
        '<%= config.bin %> rules eval --from http://localhost:9090 --start now-2d --end now-1d -o openmetrics recording.yml',
    },
    {
      description: 'A check for scripts: status 1 where anything fires on what an exporter says',
      command:
        '<%= config.bin %> scrape localhost:9100 | <%= config.bin %> rules eval --from - --fail-if-firing node.yml',
    },
  ];

  static override strict = false;
  static override args = {
    file: Args.string({ description: 'A rule file; standard input for - or without one', ignoreStdin: true }),
  };

  static override flags = {
    at: Flags.string({
      description: 'The time of the one evaluation: RFC 3339, a Unix time, now-1h, or latest (default: now)',
      helpValue: 'TIME',
      helpGroup: 'TIME',
    }),
    ...timeFlags,
    interval: intervalFlag,
    ...ruleEvalFlags,
    output: Flags.string({
      char: 'o',
      description: 'How to print (default: table on a terminal, else text)',
      options: [...QUERY_OUTPUTS],
    }),
    alerts: Flags.boolean({
      description: 'Print only alerts, as a table, json or jsonl',
      exclusive: ['samples'],
    }),
    samples: Flags.boolean({ description: 'Print samples where the output is a table, too' }),
    'fail-if-firing': Flags.boolean({ description: 'Status 1 where an alert fires at the end' }),
  };

  async run(): Promise<void> {
    compileLater();
    const { flags, argv } = await this.parse(RulesEval);
    const files = readRules(
      argv as string[],
      flags,
      (fault) => this.sayFault(fault.message),
      (line) => this.complain(line),
    );
    const progress = new Progress();
    await interruptible(async (signal) => {
      const source = await openSources(flags.from, {
        onDamage: (error) => this.sayFault(error.message),
        onWarning: (text) => this.complain(text),
        http: flags,
      });
      try {
        const times = await queryTimes(flags, false, source, systemClock.now());
        const evaluated = await this.evaluate(files, source, times, flags, signal, progress);
        progress.clear();
        await this.print(evaluated, times, flags);
      } finally {
        progress.clear();
        await source.close();
      }
    });
  }

  private async evaluate(
    files: readonly RuleFile[],
    source: Source,
    times: QueryTimes,
    flags: EvalFlags,
    signal: AbortSignal,
    progress: Progress,
  ): Promise<Evaluated> {
    const [start, end] = times.kind === 'instant' ? [times.t, times.t] : [times.start, times.end];
    const options = historyOptions(flags, flags.interval, flags.from);
    const history = new RuleHistory(files, source, {
      ...options,
      // All groups at the one time, whatever their interval.
      ...(times.kind === 'instant' && { phaseMs: (_, intervalMs) => start % intervalMs }),
      signal,
      onProgress: (done, total) => progress.update('evaluating rules', done, total),
    });
    const samples = new MemorySource();
    await history.play(start, end, { samples: (_, labels, columns) => samples.add(labels, columns) });
    return { samples, history, alerts: await history.alerts(end) };
  }

  private async print(
    { samples, history, alerts }: Evaluated,
    times: QueryTimes,
    flags: EvalFlags,
  ): Promise<void> {
    const output = flags.output ?? (process.stdout.isTTY || flags.alerts ? 'table' : 'text');
    const out = new Output();
    const end = times.kind === 'instant' ? times.t : times.end;
    const isInstant = times.kind === 'instant';
    const { failures } = history;
    if (output === 'json') {
      const series = flags.alerts ? [] : await seriesOf(samples);
      out.line(
        JSON.stringify({
          alerts: alertRecords(alerts),
          ...(!flags.alerts && { samples: series.map(seriesRecord) }),
          failures: failures.map(failureRecord),
        }),
      );
    } else if (flags.alerts && output === 'jsonl') {
      for (const record of alertRecords(alerts)) out.line(JSON.stringify(record));
    } else {
      if (output === 'table') printAlertTable(alerts, end, out, this.paintOut, terminalWidth());
      if (!flags.alerts && (output !== 'table' || flags.samples)) {
        if (output === 'table') out.line('');
        const series = await seriesOf(samples);
        const shown = WITHOUT_STALE.has(output) ? withoutStale(series) : series;
        const print = await queryPrinter(output as Exclude<(typeof QUERY_OUTPUTS)[number], 'json'>);
        print(asValue(shown, isInstant), {
          out,
          paint: this.paintOut,
          times,
          width: terminalWidth(),
          complain: (line) => this.complain(line),
        });
      }
    }
    out.flush();
    for (const failure of failures) this.sayFault(failureLine(failure));
    const firing = alerts.some((one) => one.alerts.some(({ state }) => state === 'firing'));
    if (flags['fail-if-firing'] && firing) process.exitCode = EXIT_FAILED;
  }

  /** Something that cannot be evaluated, while the rest is. */
  private sayFault(message: string): void {
    this.complain(message);
    process.exitCode = EXIT_FAILED;
  }
}
