import { readFileSync } from 'node:fs';
import { Args, Flags } from '@oclif/core';
import { EXIT_FAILED } from '../../../cli/command.ts';
import { Output } from '../../../cli/output.ts';
import { EXIT_LINT, PromtoolCommand } from '../../../cli/promtool-command.ts';
import { promtoolFaults } from '../../../cli/promtool-faults.ts';
import { duplicateRules } from '../../../core/rules/duplicates.ts';
import { parseRuleFile } from '../../../core/rules/rule-file.ts';

const LINTS = ['all', 'duplicate-rules', 'none'];

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
    lint: Flags.string({
      description: 'Lints to apply: all, duplicate-rules, none',
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
    for (const lint of lints) if (!LINTS.includes(lint)) out.line(`WARNING: unknown lint option: "${lint}"`);
    const duplicates = lints.includes('all') || lints.includes('duplicate-rules');
    let failed = false;
    let linted = false;
    for (const path of paths.length === 0 ? ['-'] : paths) {
      const file = path === '-' ? 'standard input' : path;
      out.line(`Checking ${file}`);
      const rules = parseRuleFile(readFileSync(path === '-' ? 0 : path, 'utf8'), file, {
        parser: this.parserOptions(flags['enable-feature']),
        ignoreUnknownFields: flags['ignore-unknown-fields'],
      });
      if (rules.errors.length > 0) {
        out.flush();
        this.say('  FAILED:');
        for (const fault of promtoolFaults(path === '-' ? '' : file, rules.errors)) this.say(fault);
        failed = true;
        continue;
      }
      const same = duplicates ? duplicateRules(rules) : [];
      const count = rules.groups.reduce((sum, group) => sum + group.rules.length, 0);
      if (same.length === 0) out.line(`  SUCCESS: ${count} rules found`);
      out.line('');
      out.flush();
      if (same.length === 0) continue;
      linted = true;
      this.say('  FAILED:');
      this.say(`lint error ${same.length} duplicate rule(s) found.`);
      for (const { name, labels } of same) {
        this.say(`Metric: ${name}`);
        this.say('Label(s):');
        for (const [label, value] of labels) this.say(`\t${label}: ${value}`);
      }
      this.say('Might cause inconsistency while recording expressions');
    }
    out.flush();
    if (failed) process.exitCode = EXIT_FAILED;
    else if (linted && flags['lint-fatal']) process.exitCode = EXIT_LINT;
  }
}
