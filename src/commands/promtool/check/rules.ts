import { Args, Flags } from '@oclif/core';
import { EXIT_FAILED } from '../../../cli/command.ts';
import { Output } from '../../../cli/output.ts';
import { EXIT_LINT, PromtoolCommand, promtoolCheckFlags } from '../../../cli/promtool-command.ts';
import {
  checkRuleFile,
  RULE_LINTS,
  type RuleVerdict,
  warnOfLints,
  worse,
} from '../../../cli/promtool-rules.ts';

export default class PromtoolCheckRules extends PromtoolCommand {
  static override summary = 'promtool check rules: are rule files valid?';
  static override description =
    'What promtool prints, and its exit status: 0 all are valid, 1 some are not, 3 with --lint-fatal where there are only lint findings. "tsmon rules check" says more.';

  static override examples = [
    {
      description: 'As in a CI job',
      command: '<%= config.bin %> promtool check rules --lint-fatal rules/*.yml',
    },
  ];

  static override strict = false;
  static override args = {
    'rule-files': Args.string({
      description: 'The rule files; standard input without one',
      ignoreStdin: true,
    }),
  };

  static override flags = {
    ...promtoolCheckFlags,
    lint: Flags.string({
      description: `Lints to apply: ${RULE_LINTS.join(', ')}`,
      default: 'duplicate-rules',
    }),
    'lint-fatal': Flags.boolean({
      description: 'Exit with 3 where a lint has found something',
      allowNo: true,
    }),
    'ignore-unknown-fields': Flags.boolean({
      description: 'Accept unknown fields in the files',
      allowNo: true,
    }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(PromtoolCheckRules);
    const paths = argv as string[];
    this.requireFiles(paths);
    const lints = flags.lint.split(',');
    const out = new Output();
    warnOfLints(lints, RULE_LINTS, out);
    let verdict: RuleVerdict = 'good';
    for (const path of paths.length === 0 ? ['-'] : paths) {
      const found = checkRuleFile(path, {
        parser: this.parserOptions(flags['enable-feature']),
        ignoreUnknownFields: flags['ignore-unknown-fields'],
        lints,
        out,
        say: (line) => this.say(line),
      });
      verdict = worse(verdict, found);
    }
    out.flush();
    if (verdict === 'bad') process.exitCode = EXIT_FAILED;
    else if (verdict === 'lint' && flags['lint-fatal']) process.exitCode = EXIT_LINT;
  }
}
