import { existsSync } from 'node:fs';
import { Args, Flags } from '@oclif/core';
import { EXIT_FAILED } from '../../../cli/command.ts';
import { Output } from '../../../cli/output.ts';
import { EXIT_LINT, PromtoolCommand } from '../../../cli/promtool-command.ts';
import { checkRuleFile, type RuleVerdict, worse } from '../../../cli/promtool-rules.ts';
import { ConfigError, filesMatching, loadConfig } from '../../../core/config/index.ts';

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
    'syntax-only': Flags.boolean({
      description: 'Leave out the files that the configuration names',
      allowNo: true,
    }),
    lint: Flags.string({
      description: 'Lints to apply: all, duplicate-rules, none',
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
    const out = new Output();
    let verdict: RuleVerdict = 'good';
    for (const file of files) {
      const rules = this.checkFile(file, flags, out);
      if (rules === undefined) verdict = 'bad';
      for (const path of rules ?? []) {
        const found = checkRuleFile(path, {
          parser: this.parserOptions(flags['enable-feature']),
          ignoreUnknownFields: flags['ignore-unknown-fields'],
          lints: flags.lint.split(','),
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

  /** The rule files that a configuration names; undefined where it is not valid. */
  private checkFile(
    file: string,
    flags: { agent: boolean; 'syntax-only': boolean },
    out: Output,
  ): string[] | undefined {
    out.line(`Checking ${file}`);
    const rules: string[] = [];
    try {
      const { config } = loadConfig(file, {
        agent: flags.agent,
        syntaxOnly: flags['syntax-only'],
        env: process.env,
      });
      for (const pattern of flags['syntax-only'] ? [] : config.ruleFiles) {
        const found = filesMatching(pattern);
        if (found.length === 0 && !pattern.includes('*'))
          return this.fail(`"${pattern}" does not point to an existing file`, out);
        rules.push(...found);
      }
      const missing = flags['syntax-only'] ? undefined : missingKeyFile(config);
      if (missing !== undefined) {
        const [what, path] = missing;
        return this.fail(
          `error checking client ${what} file "${path}": stat ${path}: no such file or directory`,
          out,
        );
      }
    } catch (error) {
      if (error instanceof ConfigError) return this.fail(error.message, out);
      throw error;
    }
    if (rules.length > 0) out.line(`  SUCCESS: ${rules.length} rule files found`);
    out.line(` SUCCESS: ${file} is valid prometheus config file syntax\n`);
    out.flush();
    return rules;
  }

  private fail(reason: string, out: Output): undefined {
    out.line('');
    out.flush();
    this.say(`  FAILED: ${reason}`);
    return undefined;
  }
}

/** The first file of a client's certificate or key that is not there. */
function missingKeyFile(value: unknown): [what: string, path: string] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, child] of Object.entries(value)) {
    if (typeof child !== 'string') {
      const found = missingKeyFile(child);
      if (found !== undefined) return found;
    } else if ((name === 'certFile' || name === 'keyFile') && child !== '' && !existsSync(child)) {
      return [name === 'certFile' ? 'cert' : 'key', child];
    }
  }
  return undefined;
}
