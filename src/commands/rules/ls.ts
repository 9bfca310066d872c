import { readFileSync } from 'node:fs';
import { Args, Flags } from '@oclif/core';
import { EXIT_FAILED, TsmonCommand } from '../../cli/command.ts';
import { Output } from '../../cli/output.ts';
import { terminalWidth } from '../../cli/terminal.ts';
import { type Column, tableLines } from '../../cli/text-table.ts';
import { formatDuration } from '../../core/model/duration.ts';
import { ALL_PARSER_FEATURES, printExpr } from '../../core/promql/parser/index.ts';
import { labelsOf, parseRuleFile, type RuleConfig, type RuleGroupConfig } from '../../core/rules/index.ts';

const COLUMNS: readonly Column[] = [
  { title: 'KIND', align: 'left', shrinks: false },
  { title: 'NAME', align: 'left', shrinks: true },
  { title: 'GROUP', align: 'left', shrinks: true },
  { title: 'FOR', align: 'right', shrinks: false },
  { title: 'WHERE', align: 'left', shrinks: true },
  { title: 'EXPR', align: 'left', shrinks: true },
];

export default class RulesLs extends TsmonCommand {
  static override summary = 'List the rules of rule files';
  static override description =
    `One line a rule: kind, name, group, how long an alert must be pending, where it stands, and its expression. Files with faults are listed as far as they can be read, and fail the command.

Exit status: 0 done, 1 a file has faults, 2 wrong usage or a file that cannot be read.`;

  static override examples = [
    { description: 'What there is', command: '<%= config.bin %> rules ls rules/*.yml' },
    {
      description: 'The names of all alerts',
      command: '<%= config.bin %> rules ls -o jsonl *.yml | jq \'select(.kind=="alert").name\'',
    },
  ];

  static override strict = false;
  static override args = {
    file: Args.string({ description: 'A rule file; standard input for - or without one', ignoreStdin: true }),
  };

  static override flags = {
    output: Flags.string({
      char: 'o',
      description: 'A table for people, or everything as JSON: one document, or a line a rule',
      options: ['table', 'json', 'jsonl'],
      default: 'table',
    }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(RulesLs);
    const files = argv.length === 0 ? ['-'] : (argv as string[]);
    const rules: { rule: RuleConfig; group: RuleGroupConfig; file: string }[] = [];
    for (const path of files) {
      const file = path === '-' ? 'stdin' : path;
      const text = readFileSync(path === '-' ? 0 : path, 'utf8');
      const read = parseRuleFile(text, file, { parser: ALL_PARSER_FEATURES, ignoreUnknownFields: true });
      for (const group of read.groups) for (const rule of group.rules) rules.push({ rule, group, file });
      if (read.errors.length === 0) continue;
      for (const error of read.errors) this.complain(error.message);
      process.exitCode = EXIT_FAILED;
    }
    const out = new Output();
    const records = rules.map(record);
    if (flags.output === 'json') out.line(JSON.stringify(records));
    else if (flags.output === 'jsonl') for (const one of records) out.line(JSON.stringify(one));
    else {
      const width = process.stdout.isTTY ? terminalWidth() : Number.POSITIVE_INFINITY;
      for (const line of tableLines(COLUMNS, rules.map(row), width, (title) => this.paintOut.bold(title))) {
        out.line(line);
      }
    }
    out.flush();
  }
}

interface Listed {
  rule: RuleConfig;
  group: RuleGroupConfig;
  file: string;
}

function row({ rule, group, file }: Listed): string[] {
  const forText = rule.kind === 'alert' ? formatDuration(rule.forMs) : '';
  return [rule.kind, rule.name, group.name, forText, `${file}:${rule.place.line}`, printExpr(rule.parsed)];
}

function record({ rule, group, file }: Listed) {
  return {
    file,
    line: rule.place.line,
    group: group.name,
    kind: rule.kind,
    name: rule.name,
    expr: rule.expr,
    labels: Object.fromEntries(labelsOf(group, rule)),
    ...(rule.kind === 'alert' && {
      forMs: rule.forMs,
      keepFiringForMs: rule.keepFiringForMs,
      annotations: Object.fromEntries(rule.annotations),
    }),
  };
}
