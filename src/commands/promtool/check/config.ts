import { Args, Flags } from '@oclif/core';
import { EXIT_FAILED } from '../../../cli/command.ts';
import { Output } from '../../../cli/output.ts';
import { EXIT_LINT, PromtoolCommand, promtoolCheckFlags } from '../../../cli/promtool-command.ts';
import { CONFIG_LINTS, checkConfigFiles, tooLongInterval } from '../../../cli/promtool-config.ts';
import { checkRuleFile, type RuleVerdict, warnOfLints, worse } from '../../../cli/promtool-rules.ts';
import { type Config, ConfigError, loadConfig } from '../../../core/config/index.ts';
import { InputError } from '../../../core/errors.ts';
import { parseDuration } from '../../../core/model/duration.ts';

export default class PromtoolCheckConfig extends PromtoolCommand {
  static override summary = 'promtool check config: are configuration files of Prometheus valid?';
  static override description =
    'What promtool prints, and its exit status: 0 all are valid, 1 some are not, 3 with --lint-fatal where there are only lint findings. The rule files that a configuration names are checked, too.';

  static override examples = [
    { description: 'A file', command: '<%= config.bin %> promtool check config prometheus.yml' },
  ];

  static override strict = false;
  static override args = {
    'config-files': Args.string({
      description: 'The config files to check',
      required: true,
      ignoreStdin: true,
    }),
  };

  static override flags = {
    ...promtoolCheckFlags,
    'syntax-only': Flags.boolean({
      description: 'Leave out the files that the configuration names',
      allowNo: true,
    }),
    lint: Flags.string({
      description: `Lints to apply: ${CONFIG_LINTS.join(', ')}`,
      default: 'duplicate-rules',
    }),
    'lint-fatal': Flags.boolean({
      description: 'Exit with 3 where a lint has found something',
      allowNo: true,
    }),
    'ignore-unknown-fields': Flags.boolean({
      description: 'Accept unknown fields in rule files',
      allowNo: true,
    }),
    agent: Flags.boolean({ description: 'Check the configuration of an agent', allowNo: true }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(PromtoolCheckConfig);
    const files = argv as string[];
    this.requireFiles(files);
    const lints = flags.lint.split(',');
    const lookbackMs = parseDuration(flags['query.lookback-delta']);
    const out = new Output();
    warnOfLints(lints, CONFIG_LINTS, out);
    let verdict: RuleVerdict = 'good';
    for (const file of files) {
      const checked = this.checkFile(file, flags, out);
      if (checked === undefined) {
        verdict = 'bad';
        continue;
      }
      const long =
        lints.includes('all') || lints.includes('too-long-scrape-interval')
          ? tooLongInterval(checked.config, lookbackMs)
          : undefined;
      if (long !== undefined) {
        this.say(`  FAILED: ${long}`);
        verdict = worse(verdict, 'lint');
      }
      for (const path of checked.rules) {
        const found = checkRuleFile(path, {
          parser: this.parserOptions(flags['enable-feature']),
          ignoreUnknownFields: flags['ignore-unknown-fields'],
          lints,
          out,
          say: (line) => this.say(line),
        });
        verdict = worse(verdict, found);
      }
    }
    out.flush();
    if (verdict === 'bad') process.exitCode = EXIT_FAILED;
    else if (verdict === 'lint' && flags['lint-fatal']) process.exitCode = EXIT_LINT;
  }

  /** A configuration and the rule files that it names; undefined where it is not valid. */
  private checkFile(
    file: string,
    flags: { agent: boolean; 'syntax-only': boolean },
    out: Output,
  ): { config: Config; rules: string[] } | undefined {
    out.line(`Checking ${file}`);
    try {
      const { config } = loadConfig(file, {
        agent: flags.agent,
        syntaxOnly: flags['syntax-only'],
        env: process.env,
      });
      const rules = flags['syntax-only'] ? [] : checkConfigFiles(config, (line) => out.line(line));
      if (rules.length > 0) out.line(`  SUCCESS: ${rules.length} rule files found`);
      out.line(` SUCCESS: ${file} is valid prometheus config file syntax\n`);
      out.flush();
      return { config, rules };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      out.flush();
      this.say(`  FAILED: ${error instanceof ConfigError ? parsingFault(file, error) : error.message}`);
      out.line('');
      return undefined;
    }
  }
}

function parsingFault(file: string, { errors }: ConfigError): string {
  const faults = errors.map(({ reason, place, message }) =>
    place.file === file && place.line !== undefined
      ? `${place.line}:${place.column ?? 1}: ${reason}`
      : message,
  );
  return `parsing YAML file ${file}: ${faults.join('\n    ')}`;
}
