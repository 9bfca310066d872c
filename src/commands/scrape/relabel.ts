import { Args, Flags } from '@oclif/core';
import { EXIT_FAILED, TsmonCommand } from '../../cli/command.ts';
import { pieces } from '../../cli/input.ts';
import { Output } from '../../cli/output.ts';
import {
  type Relabelling,
  readRules,
  relabelSamples,
  runRelabelTests,
  targetInput,
  targetOutcome,
} from '../../cli/relabel-run.ts';
import { stepLines, stepObject } from '../../cli/relabel-steps.ts';
import { jobFlags } from '../../cli/scrape-job-flags.ts';
import { loadJobs } from '../../cli/scrape-jobs.ts';
import { targetDocument } from '../../cli/target-document.ts';
import { createReport, REPORT_FORMATS, type ReportFormat } from '../../cli/test-report/report.ts';
import { InputError } from '../../core/errors.ts';
import type { ExpositionFormat } from '../../core/exposition/index.ts';
import type { Labels } from '../../core/model/labels.ts';
import { explainRelabel } from '../../core/relabel/index.ts';

export default class ScrapeRelabel extends TsmonCommand {
  static override summary = 'Relabel samples or targets from standard input, and test relabelling rules';
  static override description =
    `Without FILE a filter: samples in any exposition format (or, with --targets, targets) come in on standard input, and what the rules leave of them goes out. The rules are those of --rules, or of one job of a configuration: its metric_relabel_configs for samples, its relabel_configs for targets, which then get everything else that the job gives them.

Targets are JSON or YAML as file_sd_configs reads them, or label sets as JSON, one a line; they come out as JSON, one a line. With --explain the steps of each label set are printed instead.

With FILE it runs the assertions of such files: rules, or the job of a configuration, and for given labels what must come out (docs/format/relabel-tests.md).

Exit status: 0 done, all tests passed; 1 a test failed; 2 wrong usage, rules or input.`;

  static override examples = [
    {
      description: 'What metric_relabel_configs of the job node would leave of an exporter',
      command:
        '<%= config.bin %> scrape --raw localhost:9100 | <%= config.bin %> scrape relabel --config prometheus.yml --scrape-job node',
    },
    {
      description: 'How a target gets its labels, step by step',
      command:
        'echo \'{"__address__": "db1:9100", "__meta_env": "prod"}\' | <%= config.bin %> scrape relabel --targets --rules rules.yml --explain',
    },
    { description: 'Assertions, for CI', command: '<%= config.bin %> scrape relabel tests/relabel-*.yml' },
  ];

  static override strict = false;
  static override args = {
    file: Args.string({ description: 'Files of assertions', ignoreStdin: true }),
  };

  static override flags = {
    ...jobFlags,
    rules: Flags.string({
      description: 'A YAML file with a list of rules, alone or as relabel_configs',
      helpValue: 'FILE',
      helpGroup: 'CONFIG',
      exclusive: ['config', 'scrape-job'],
    }),
    targets: Flags.boolean({ description: 'Standard input has targets rather than samples' }),
    explain: Flags.boolean({ description: 'Print what each rule does, instead of what comes out' }),
    output: Flags.string({
      char: 'o',
      description:
        'For samples text, openmetrics or jsonl; for --explain text or jsonl; for tests text, tap or junit',
      options: ['text', 'openmetrics', 'jsonl', ...REPORT_FORMATS.filter((format) => format !== 'text')],
      default: 'text',
    }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(ScrapeRelabel);
    const complain = (line: string) => this.complain(line);
    const out = new Output();
    if (argv.length > 0) {
      const report = createReport(testFormat(flags.output), out, this.paintOut);
      let failed = 0;
      for (const path of argv as string[]) failed += await runRelabelTests(path, report, complain);
      report.end();
      out.flush();
      if (failed > 0) process.exitCode = EXIT_FAILED;
      return;
    }
    const relabelling = await this.relabelling(flags, complain);
    const explain = (labels: Labels) => this.explain(labels, relabelling, flags.output === 'jsonl', out);
    if (flags.targets) {
      for (const labels of targetDocument(Buffer.concat([...copies(pieces('-'))]).toString('utf8'))) {
        if (flags.explain) explain(targetInput(labels, relabelling));
        else this.printTarget(labels, relabelling, out);
      }
    } else {
      const format = sampleFormat(flags.output);
      relabelSamples(relabelling.rules, format, out, flags.explain ? explain : undefined);
    }
    out.flush();
  }

  private async relabelling(
    flags: { rules?: string; config?: string; 'scrape-job'?: string[]; targets: boolean },
    complain: (line: string) => void,
  ): Promise<Relabelling> {
    if (flags.rules !== undefined) return { rules: readRules(flags.rules), job: undefined };
    const names = flags['scrape-job'];
    if (names?.length !== 1)
      throw new InputError('bad_flags', 'whose rules? Give --rules FILE, or --scrape-job NAME of a --config');
    const [job] = await loadJobs(flags.config, names, complain);
    return flags.targets
      ? { rules: job.relabelConfigs, job }
      : { rules: job.metricRelabelConfigs, job: undefined };
  }

  private printTarget(labels: Labels, relabelling: Relabelling, out: Output): void {
    const { labels: left, error } = targetOutcome(labels, relabelling);
    if (error !== undefined) this.complain(`${labels}: ${error}`);
    if (left !== null) out.line(JSON.stringify(left.toObject()));
  }

  private explain(labels: Labels, { rules }: Relabelling, asJson: boolean, out: Output): void {
    const { steps, result } = explainRelabel(labels, rules);
    if (asJson) {
      const object = {
        labels: labels.toObject(),
        steps: steps.map(stepObject),
        result: result?.toObject() ?? null,
      };
      out.line(JSON.stringify(object));
      return;
    }
    out.line(this.paintOut.bold(labels.toString()));
    for (const line of stepLines(steps, this.paintOut)) out.line(line);
    if (result !== null) out.line(`  = ${result}`);
    out.line('');
  }
}

/** `pieces` gives the same memory again and again. */
function* copies(all: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const piece of all) yield piece.slice();
}

function sampleFormat(output: string): ExpositionFormat {
  if (output === 'text' || output === 'openmetrics' || output === 'jsonl') return output;
  throw new InputError('bad_flags', `--output ${output} is for tests: name a file of them`);
}

function testFormat(output: string): ReportFormat {
  const format = REPORT_FORMATS.find((known) => known === output);
  if (format === undefined) throw new InputError('bad_flags', `--output ${output} is not for tests`);
  return format;
}
