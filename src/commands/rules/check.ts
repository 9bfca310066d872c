import { readFileSync } from 'node:fs';
import { Args, Flags } from '@oclif/core';
import { checkFlags } from '../../cli/check-flags.ts';
import { CommandFailure, EXIT_FAILED, EXIT_USAGE, TsmonCommand } from '../../cli/command.ts';
import { Output } from '../../cli/output.ts';
import { annotateRules, type CheckedRules, printRules, rulesRecord } from '../../cli/rule-report.ts';
import { parserOptionsFor } from '../../core/promql/parser/index.ts';
import { duplicateRules, parseRuleFile } from '../../core/rules/index.ts';

/** As promtool has it: lints, and --lint-fatal. */
const EXIT_LINT = 3;
const LINTS = ['all', 'duplicate-rules', 'none'];

export default class RulesCheck extends TsmonCommand {
  static override summary = 'Check rule files: syntax, expressions, templates, duplicates';
  static override description =
    `Checks what "promtool check rules" does, says it in the same words and adds where it is: file, line and column. All faults of a file are told, not only the first. Rules that write the same series are reported, and fail the check with --lint-fatal.

Exit status: 0 all files are good, 1 some are not, 2 wrong usage or a file that cannot be read, 3 with --lint-fatal, where there are only lint findings.`;

  static override examples = [
    { description: 'All rule files of a folder', command: '<%= config.bin %> rules check rules/*.yml' },
    {
      description: 'In a GitHub workflow: faults are shown beside the lines',
      command: '<%= config.bin %> rules check --output github --lint-fatal rules/*.yml',
    },
    {
      description: 'What is generated, before it is deployed',
      command: 'jsonnet -S alerts.jsonnet | <%= config.bin %> rules check -',
    },
  ];

  static override strict = false;
  static override args = {
    file: Args.string({ description: 'A rule file; standard input for - or without one', ignoreStdin: true }),
  };

  static override flags = {
    lint: Flags.string({
      description: 'What to look for besides faults: all, duplicate-rules or none; several with commas',
      default: 'duplicate-rules',
      parse: async (text) => {
        const unknown = text.split(',').find((name) => !LINTS.includes(name));
        if (unknown !== undefined) {
          throw new CommandFailure(
            EXIT_USAGE,
            `--lint ${unknown}: no such check (one of ${LINTS.join(', ')})`,
          );
        }
        return text;
      },
    }),
    'ignore-unknown-fields': Flags.boolean({
      description: 'Accept fields that Prometheus does not know; it would refuse the file',
    }),
    ...checkFlags,
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(RulesCheck);
    const files = argv.length === 0 ? ['-'] : (argv as string[]);
    const lints = flags.lint.split(',').some((name) => name !== 'none');
    const options = {
      parser: parserOptionsFor(flags['enable-feature'] ?? []),
      ignoreUnknownFields: flags['ignore-unknown-fields'],
    };
    const out = new Output();
    const checked: CheckedRules[] = [];
    const streams = { say: (line: string) => this.say(line), paint: this.paint };
    for (const path of files) {
      const file = path === '-' ? 'standard input' : path;
      const read = parseRuleFile(readFileSync(path === '-' ? 0 : path, 'utf8'), file, options);
      const result = {
        file,
        rules: read.groups.reduce((sum, { rules }) => sum + rules.length, 0),
        errors: read.errors,
        duplicates: lints && read.errors.length === 0 ? duplicateRules(read) : [],
      };
      checked.push(result);
      if (flags.output === 'text') printRules(result, out, streams);
      else if (flags.output === 'github') annotateRules(result, out);
    }
    if (flags.output === 'json') out.line(JSON.stringify({ files: checked.map(rulesRecord) }));
    out.flush();
    if (checked.some(({ errors }) => errors.length > 0)) process.exitCode = EXIT_FAILED;
    else if (flags['lint-fatal'] && checked.some(({ duplicates }) => duplicates.length > 0)) {
      process.exitCode = EXIT_LINT;
    }
  }
}
