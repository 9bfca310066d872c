import { Args, Flags } from '@oclif/core';
import { checkFlags } from '../../cli/check-flags.ts';
import { CommandFailure, EXIT_FAILED, EXIT_USAGE, TsmonCommand } from '../../cli/command.ts';
import {
  type CheckedConfig,
  checkConfig,
  checkWebConfig,
  hasLints,
  isFaulty,
  LINTS,
  type Lint,
} from '../../cli/config-check.ts';
import { configFlags, defaultConfigFile } from '../../cli/config-flags.ts';
import { githubAnnotation } from '../../cli/github.ts';
import { Output } from '../../cli/output.ts';
import { annotateRules, printRules, rulesRecord } from '../../cli/rule-report.ts';
import type { InputError } from '../../core/errors.ts';
import { parseDuration } from '../../core/model/duration.ts';
import { parserOptionsFor } from '../../core/promql/parser/index.ts';

/** As promtool has it: lints, and --lint-fatal. */
const EXIT_LINT = 3;

export default class ServeCheck extends TsmonCommand {
  static override summary =
    'Check a prometheus.yml, what it names, and web.yml; nothing is asked of the network';
  static override description =
    `Checks what "promtool check config" does, says it in the same words, and adds where it is: file, line, column and the path of keys. All faults are told, not only the first, and a misspelt key comes with what was probably meant. The files of scrape_config_files, rule_files and file_sd_configs are checked too.

Exit status: 0 all is good, 1 something is not, 2 wrong usage or a file that cannot be read, 3 with --lint-fatal, where there are only lint findings.`;

  static override examples = [
    {
      description: 'The configuration of a server',
      command: '<%= config.bin %> serve check /etc/prometheus/prometheus.yml',
    },
    {
      description: 'In a GitHub workflow: faults are shown beside the lines',
      command: '<%= config.bin %> serve check --output github --lint all --lint-fatal prometheus.yml',
    },
    {
      description: 'Before the files that it names are there',
      command: '<%= config.bin %> serve check --syntax-only prometheus.yml',
    },
    {
      description: 'With the TLS and the users of its own pages',
      command: '<%= config.bin %> serve check --web-config web.yml',
    },
  ];

  static override strict = false;
  static override args = {
    file: Args.string({
      description: 'Configuration files (default: $TSMON_CONFIG, else prometheus.yml)',
      ignoreStdin: true,
    }),
  };

  static override flags = {
    ...configFlags,
    'syntax-only': Flags.boolean({ description: 'Look at the file alone, not at those that it names' }),
    'web-config': Flags.string({ description: 'Check this web.yml too', helpValue: 'FILE' }),
    lint: Flags.string({
      description: `What to look for besides faults: all, none, or of ${LINTS.join(', ')}; several with commas`,
      default: 'duplicate-rules',
    }),
    'lookback-delta': Flags.string({
      description: 'How far queries look back: intervals from this on are too long',
      helpValue: 'DURATION',
      default: '5m',
    }),
    'ignore-unknown-fields': Flags.boolean({
      description: 'Accept fields of rule files that Prometheus does not know; it would refuse them',
    }),
    ...checkFlags,
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(ServeCheck);
    const named = argv as string[];
    const files = named.length === 0 && flags['web-config'] === undefined ? [defaultConfigFile()] : named;
    const options = {
      syntaxOnly: flags['syntax-only'],
      agent: flags.agent,
      lints: lintsFrom(flags.lint),
      lookbackMs: parseDuration(flags['lookback-delta']),
      ignoreUnknownFields: flags['ignore-unknown-fields'],
      parser: parserOptionsFor(flags['enable-feature'] ?? []),
      env: process.env,
      expandEnv: flags['expand-env'],
    };
    const checked = files.map((file) => checkConfig(file, options));
    if (flags['web-config'] !== undefined) checked.push(checkWebConfig(flags['web-config']));
    const out = new Output();
    if (flags.output === 'json') out.line(JSON.stringify({ files: checked.map(record) }));
    else if (flags.output === 'github') for (const result of checked) printGithub(result, out);
    else for (const result of checked) this.print(result, out);
    out.flush();
    if (checked.some(isFaulty)) process.exitCode = EXIT_FAILED;
    else if (flags['lint-fatal'] && checked.some(hasLints)) process.exitCode = EXIT_LINT;
  }

  private print(result: CheckedConfig, out: Output): void {
    const { file, errors, warnings, lints, ruleFiles, kind } = result;
    out.line(`Checking ${file}`);
    for (const { place, reason } of warnings)
      out.line(`  ${this.paintOut.yellow('WARNING:')} ${reason} (line ${place.line ?? 1})`);
    if (errors.length === 0) {
      if (ruleFiles.length > 0) out.line(`  SUCCESS: ${ruleFiles.length} rule files found`);
      out.line(` SUCCESS: ${file} is valid ${kind} file syntax`);
    }
    out.line('');
    // So that what goes to the two streams stands in order where they meet.
    out.flush();
    this.fail(errors, this.paint.red('FAILED:'));
    this.fail(lints, this.paint.yellow('FAILED:'));
    const streams = { say: (line: string) => this.say(line), paint: this.paint };
    for (const rules of ruleFiles) printRules(rules, out, streams);
  }

  private fail(errors: readonly InputError[], word: string): void {
    for (const { message } of errors) this.say(`  ${word} ${message}`);
  }
}

function lintsFrom(text: string): ReadonlySet<Lint> {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !['all', 'none', ...LINTS].includes(name));
  if (unknown !== undefined)
    throw new CommandFailure(
      EXIT_USAGE,
      `--lint ${unknown}: no such check (one of all, ${LINTS.join(', ')}, none)`,
    );
  if (names.includes('all')) return new Set(LINTS);
  return new Set(LINTS.filter((lint) => names.includes(lint)));
}

function printGithub({ errors, warnings, lints, ruleFiles }: CheckedConfig, out: Output): void {
  for (const { place, reason } of errors) out.line(githubAnnotation('error', place, reason));
  for (const { place, reason } of [...warnings, ...lints])
    out.line(githubAnnotation('warning', place, reason));
  for (const rules of ruleFiles) annotateRules(rules, out);
}

function record({ file, errors, warnings, lints, ruleFiles }: CheckedConfig) {
  return {
    file,
    errors: errors.map(found),
    warnings: warnings.map(found),
    lints: lints.map(found),
    ruleFiles: ruleFiles.map(rulesRecord),
  };
}

function found({ place, reason }: InputError) {
  return { file: place.file, line: place.line, column: place.column, message: reason };
}
