import { accessSync, constants, openSync, readFileSync } from 'node:fs';
import { Args, Flags } from '@oclif/core';
import { CommandFailure, EXIT_FAILED, EXIT_USAGE, TsmonCommand } from '../../cli/command.ts';
import { inputName } from '../../cli/input.ts';
import { Output } from '../../cli/output.ts';
import { painter } from '../../cli/paint.ts';
import {
  COVERAGE_FORMATS,
  type CoverageFormat,
  coverageLines,
  coveredPercent,
} from '../../cli/rule-coverage.ts';
import { type Coverage, runUnitTestFile } from '../../cli/rule-unit-tests.ts';
import { createReport, REPORT_FORMATS, type ReportFormat } from '../../cli/test-report/report.ts';
import type { TestCase, TestReport } from '../../cli/test-report/test-case.ts';
import { systemClock } from '../../core/clock.ts';
import { InputError } from '../../core/errors.ts';
import { parserOptionsFor } from '../../core/promql/parser/index.ts';
import { parseTestScript } from '../../core/promql/test-language/index.ts';
import { type EvalFailure, runTestScript } from '../../core/promql/test-runner/index.ts';
import { Search } from '../../core/regex/index.ts';
import { CoverageRecorder, type RuleCoverage } from '../../core/rules/test-coverage/index.ts';

export default class RulesTest extends TsmonCommand {
  static override summary = 'Run unit tests of rules, and test scripts of PromQL queries';
  static override description =
    `Takes two kinds of files. FILE.yml holds unit tests of rules as promtool reads them (https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/): input series, and the alerts and query results that are expected at certain times. Of the rules only those are evaluated that an expectation depends on, and those that could fail. Groups are evaluated in the order of the files, unless group_eval_order says otherwise.

FILE.test holds a script, which loads samples, runs queries over them and says what they must yield, in the language that Prometheus tests PromQL with (https://github.com/prometheus/prometheus/blob/main/promql/promqltest/README.md): load, load_with_nhcb, clear, eval instant, eval range, with expect lines for failures, warnings, infos and order. Every part of PromQL may be used, the experimental ones too; lookback is 5m, subqueries without a step have one of 1m, metric names are removed at the end of a query, and start timestamps count.

--coverage counts, for every rule that an expectation of a test depends on: that a recording rule has a result; that an alert fires in one test and is silent in another; that each side of an or has a result of its own, that each and and unless lets a series through and takes one away; and each value of a matcher like job=~"api|web".

Exit status: 0 everything has passed, 1 something has failed (also a unit test or its rules that cannot be read) or --run has selected nothing, 2 wrong usage, or a script or an eval in one that cannot be read (other evals are run all the same).`;

  static override examples = [
    { description: 'The unit tests of some rules', command: '<%= config.bin %> rules test tests/*.yml' },
    { description: 'All scripts of a folder', command: '<%= config.bin %> rules test queries/*.test' },
    {
      description: 'For a CI that reads JUnit reports',
      command: '<%= config.bin %> rules test --output junit queries/*.test > report.xml',
    },
    {
      description: 'Only the evals of histogram_quantile',
      command: "<%= config.bin %> rules test --run 'histogram_quantile\\(' queries/latency.test",
    },
    {
      description: 'Fail where the tests exercise less than 80 % of the rules they name',
      command: '<%= config.bin %> rules test --coverage --min 80 tests/*.yml',
    },
  ];

  static override strict = false;
  static override args = {
    file: Args.string({
      description: 'A file of unit tests (.yml, .yaml) or a test script; - is a script from standard input',
      required: true,
      ignoreStdin: true,
    }),
  };

  static override flags = {
    output: Flags.string({
      char: 'o',
      description:
        'text for people; tap with a line an eval; junit as XML, for what shows test results elsewhere; json for programs; github as annotations of a workflow',
      options: [...REPORT_FORMATS],
      default: 'text',
    }),
    run: Flags.string({
      description:
        'Only unit tests of whose name, and evals of whose "FILE:LINE QUERY", this regular expression matches a part; repeat for more',
      helpValue: 'REGEX',
      multiple: true,
      multipleNonGreedy: true,
    }),
    junit: Flags.string({
      description: 'Write the outcome to this file, too, as JUnit XML',
      helpValue: 'FILE',
    }),
    debug: Flags.boolean({ description: 'Print what each unit test had stored in the end' }),
    diff: Flags.boolean({
      description: "promtool's flag: what differs is always shown line by line",
      hidden: true,
    }),
    coverage: Flags.boolean({
      description:
        'Say what of the rules the unit tests exercise: rules, sides of or/and/unless, label values',
      helpGroup: 'COVERAGE',
    }),
    'coverage-format': Flags.string({
      description:
        'text tells what was never exercised, json everything; lcov is what editors and CI services read',
      options: [...COVERAGE_FORMATS],
      default: 'text',
      helpGroup: 'COVERAGE',
    }),
    'coverage-file': Flags.string({
      description: 'Where to write it (default: standard output, after the outcome of the tests)',
      helpValue: 'FILE',
      helpGroup: 'COVERAGE',
    }),
    min: Flags.integer({
      description: 'Status 1 where less than so many percent are exercised',
      helpValue: 'PERCENT',
      helpGroup: 'COVERAGE',
      dependsOn: ['coverage'],
      min: 0,
      max: 100,
    }),
    'ignore-unknown-fields': Flags.boolean({
      description: 'Accept fields of unit tests and rules that Prometheus does not know',
    }),
    'enable-feature': Flags.string({
      description: "An experimental part of PromQL for unit tests, by the name of Prometheus' flag",
      helpValue: 'NAME',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
    }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(RulesTest);
    const files = argv as string[];
    for (const file of files) if (file !== '-') accessSync(file, constants.R_OK);
    const patterns = (flags.run ?? []).map((pattern) => new Search(pattern));
    const selects =
      patterns.length === 0 ? null : (text: string) => patterns.some((pattern) => pattern.test(text));
    const report = createReport(flags.output as ReportFormat, new Output(), this.paintOut);
    const reports = flags.junit === undefined ? report : new ReportPair(report, junitFile(flags.junit));
    const recorder = flags.coverage ? new CoverageRecorder() : undefined;
    const total: Tally = { ran: 0, failed: 0, unreadable: 0 };
    for (const file of files) {
      if (/\.ya?ml$/.test(file)) await this.runUnitTests(file, reports, selects, total, flags, recorder);
      else await this.runFile(file, reports, selects, total);
    }
    reports.end();
    const covered = recorder === undefined ? 100 : this.reportCoverage(recorder.rules(), flags);
    if (total.unreadable > 0) process.exitCode = EXIT_USAGE;
    else if (total.failed > 0 || covered < (flags.min ?? 0)) process.exitCode = EXIT_FAILED;
    else if (total.ran === 0 && flags.run !== undefined) {
      throw new CommandFailure(EXIT_FAILED, `--run ${flags.run.join(', ')} selects no test`);
    }
  }

  /** Percent of what can be exercised. */
  private reportCoverage(
    rules: readonly RuleCoverage[],
    flags: { 'coverage-format': string; 'coverage-file'?: string | undefined; min?: number | undefined },
  ): number {
    const file = flags['coverage-file'];
    const paint = file === undefined ? this.paintOut : painter('never', false);
    const out = file === undefined ? new Output() : new Output(openSync(file, 'w'));
    for (const line of coverageLines(rules, flags['coverage-format'] as CoverageFormat, paint))
      out.line(line);
    out.flush();
    const percent = coveredPercent(rules);
    if (percent < (flags.min ?? 0))
      this.complain(`coverage is ${percent.toFixed(1)}%, and --min wants ${flags.min}%`);
    return percent;
  }

  /** promtool's unit tests of rules. */
  private async runUnitTests(
    file: string,
    report: TestReport,
    selects: Selects | null,
    total: Tally,
    flags: { debug: boolean; 'ignore-unknown-fields': boolean; 'enable-feature'?: string[] | undefined },
    coverage: Coverage | undefined,
  ): Promise<void> {
    const features = flags['enable-feature'] ?? [];
    const { ran, failed } = await runUnitTestFile(readFileSync(file, 'utf8'), file, report, {
      engine: {
        parser: parserOptionsFor(features),
        delayedNameRemoval: features.includes('promql-delayed-name-removal'),
      },
      ignoreUnknownFields: flags['ignore-unknown-fields'],
      selects: (name) => selects === null || selects(name),
      complain: (line) => this.complain(line),
      coverage,
      debug: flags.debug
        ? (test, lines) => {
            this.say(`${file}: ${test}: what was stored in the end, with the time of each sample`);
            for (const line of lines) this.say(`  ${line}`);
          }
        : undefined,
    });
    total.ran += ran;
    total.failed += failed;
  }

  private async runFile(
    file: string,
    report: TestReport,
    selects: Selects | null,
    total: Tally,
  ): Promise<void> {
    const text = readFileSync(file === '-' ? 0 : file, 'utf8');
    const name = inputName(file);
    let before = systemClock.monotonic();
    const only = ({ line, expr }: { line: number; expr: string }) => {
      before = systemClock.monotonic();
      return selects === null || selects(`${name}:${line} ${expr}`);
    };
    try {
      for await (const { command, failure } of runTestScript(parseTestScript(text, { file: name }), {
        only,
      })) {
        const { line, expr } = command;
        const durationMs = systemClock.monotonic() - before;
        report.add({ file: name, line, name: expr, failure: failure && failureOf(failure), durationMs });
        total.ran++;
        if (command.kind === 'badEval') total.unreadable++;
        else if (failure !== null) total.failed++;
      }
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      total.unreadable++;
      const failure = { message: error.reason, expected: [], got: [] };
      report.add({
        file: name,
        line: error.place.line ?? 1,
        name: 'the script itself',
        failure,
        durationMs: 0,
      });
    }
  }
}

type Selects = (text: string) => boolean;

interface Tally {
  ran: number;
  failed: number;
  /** Scripts and evals that could not be read. */
  unreadable: number;
}

/** Reports to both. */
class ReportPair implements TestReport {
  private readonly first: TestReport;
  private readonly second: TestReport;

  constructor(first: TestReport, second: TestReport) {
    this.first = first;
    this.second = second;
  }

  add(test: TestCase): void {
    this.first.add(test);
    this.second.add(test);
  }

  end(): void {
    this.first.end();
    this.second.end();
  }
}

function junitFile(path: string): TestReport {
  return createReport('junit', new Output(openSync(path, 'w')), painter('never', false));
}

function failureOf({ reason, variant, expected, got }: EvalFailure) {
  const message = variant === undefined ? reason : `${reason}\nwhen asked as: ${variant}`;
  return { message, expected, got };
}
