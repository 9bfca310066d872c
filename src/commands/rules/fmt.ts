import { readFileSync, writeFileSync } from 'node:fs';
import { Args, Flags } from '@oclif/core';
import { EXIT_FAILED, TsmonCommand } from '../../cli/command.ts';
import { Output } from '../../cli/output.ts';
import { ALL_PARSER_FEATURES } from '../../core/promql/parser/index.ts';
import { formatRuleFile } from '../../core/rules/index.ts';

export default class RulesFmt extends TsmonCommand {
  static override summary = 'Format rule files';
  static override description =
    `Writes rule files in one form: fields in a fixed order, two spaces of indentation, expressions as Prometheus lays them out, long ones over several lines. Comments, quotes and blank lines stay, and so does the meaning. Expressions that cannot be read, or that have comments inside, are left as they are; in files with anchors the order of fields is, too.

The result goes to standard output. With --write the files are rewritten, with --check only those are named that would change.

Exit status: 0 done, 1 with --check where a file is not formatted, 2 wrong usage or a file that is not YAML.`;

  static override examples = [
    { description: 'Rewrite all rule files', command: '<%= config.bin %> rules fmt --write rules/*.yml' },
    { description: 'In CI', command: '<%= config.bin %> rules fmt --check rules/*.yml' },
    {
      description: 'See what would change',
      command: '<%= config.bin %> rules fmt rules.yml | diff rules.yml -',
    },
  ];

  static override strict = false;
  static override args = {
    file: Args.string({ description: 'A rule file; standard input for - or without one', ignoreStdin: true }),
  };

  static override flags = {
    write: Flags.boolean({ char: 'w', description: 'Rewrite the files', exclusive: ['check'] }),
    check: Flags.boolean({ description: 'Print the names of files that are not formatted, and fail' }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(RulesFmt);
    const files = argv.length === 0 ? ['-'] : (argv as string[]);
    const out = new Output();
    for (const file of files) {
      const name = file === '-' ? 'stdin' : file;
      const text = readFileSync(file === '-' ? 0 : file, 'utf8');
      const formatted = formatRuleFile(text, name, ALL_PARSER_FEATURES);
      if (flags.check) {
        if (formatted === text) continue;
        out.line(name);
        process.exitCode = EXIT_FAILED;
      } else if (flags.write && file !== '-') {
        if (formatted !== text) writeFileSync(file, formatted);
      } else out.text(formatted);
    }
    out.flush();
  }
}
