import { Args, Flags } from '@oclif/core';
import { CommandFailure, EXIT_FAILED, EXIT_USAGE, TsmonCommand } from '../../cli/command.ts';
import { githubAnnotation } from '../../cli/github.ts';
import { httpFlags } from '../../cli/http-flags.ts';
import { Output } from '../../cli/output.ts';
import { plural } from '../../cli/plural.ts';
import { timeFlags } from '../../cli/query-flags.ts';
import { readRuleFiles } from '../../cli/rule-files.ts';
import { openSources } from '../../cli/sources.ts';
import { type Column, tableLines } from '../../cli/text-table.ts';
import { systemClock } from '../../core/clock.ts';
import { formatPlace } from '../../core/errors.ts';
import { parseDuration } from '../../core/model/duration.ts';
import { parseTimestamp } from '../../core/model/timestamp.ts';
import { ALL_PARSER_FEATURES } from '../../core/promql/parser/index.ts';
import {
  CHECKS,
  type Check,
  type CheckId,
  type Finding,
  isCheckId,
  type LintReport,
  lintRules,
  SEVERITIES,
  type Severity,
} from '../../core/rules/lint/index.ts';
import type { Source, TimeRange } from '../../core/source/source.ts';
import { nearestName } from '../../core/spelling/index.ts';

/** As `rules check --lint-fatal` has it. */
const EXIT_FINDINGS = 3;

const COST_COLUMNS: readonly Column[] = [
  { title: 'SERIES', align: 'right', shrinks: false },
  { title: 'SAMPLES', align: 'right', shrinks: false },
  { title: 'RESULTS', align: 'right', shrinks: false },
  { title: 'RULE', align: 'left', shrinks: false },
  { title: 'WHERE', align: 'left', shrinks: false },
];

const checkList = CHECKS.map(({ id, severity, about, ...check }: Check) => {
  const notes = [...(check.needsData ? ['with --from'] : []), ...(check.optional ? ['with --enable'] : [])];
  return `  ${id} (${[severity, ...notes].join(', ')}): ${about}`;
}).join('\n');

export default class RulesLint extends TsmonCommand {
  static override summary = 'Look for rules that cannot work, or not as they seem to';
  static override description =
    `Reads rule files as somebody would who knows what goes wrong with them: comparisons that never hold, templates that print labels which the expression drops, alerts that always fire. With --from the rules are also looked at against data, of any source and with no server needed: selectors that find nothing, and which matcher is to blame; functions that do not suit the type of a metric; sides of an operation that never meet; alerts that never last as long as their "for"; what an evaluation costs.

Checks:
${checkList}

A comment silences checks: "# tsmon lint disable no-for -- why" above a rule or in it, "# tsmon lint disable-file no-for" for all of a file; without names, all checks.

Exit status: 0 nothing as bad as --fail-on was found, 1 a file has faults (see "rules check"), 2 wrong usage or a file that cannot be read, 3 findings.`;

  static override examples = [
    { description: 'What can be said without data', command: '<%= config.bin %> rules lint rules/*.yml' },
    {
      description: 'Against the last day of a server',
      command: '<%= config.bin %> rules lint --from http://localhost:9090 --since 1d rules/*.yml',
    },
    {
      description: 'Against a single scrape: will the selectors find anything?',
      command: '<%= config.bin %> scrape localhost:9100 | <%= config.bin %> rules lint --from - node.yml',
    },
    {
      description: 'In a GitHub workflow',
      command: '<%= config.bin %> rules lint -o github --fail-on error rules/*.yml',
    },
    {
      description: 'The most expensive rules',
      command: '<%= config.bin %> rules lint --cost --from data rules/*.yml',
    },
  ];

  static override strict = false;
  static override args = {
    file: Args.string({ description: 'A rule file; standard input for - or without one', ignoreStdin: true }),
  };

  static override flags = {
    from: Flags.string({
      description:
        'The data to look at: a data directory, a block, a file, - for stdin, or an http(s) URL; repeat to merge',
      helpValue: 'SOURCE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    ...timeFlags,
    end: {
      ...timeFlags.end,
      description: 'Up to and including this time (default: that of the newest sample)',
    },
    disable: Flags.string({
      description: 'Checks to leave out, with commas between',
      helpValue: 'CHECK,…',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
    }),
    enable: Flags.string({
      description: 'Checks to add of those that say nothing unless asked; all for all of them',
      helpValue: 'CHECK,…',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
    }),
    'fail-on': Flags.string({
      description: 'Status 3 where a finding is at least as bad',
      options: [...SEVERITIES, 'never'],
      default: 'warning',
    }),
    'costly-samples': Flags.integer({
      description: 'An evaluation that reads more samples is a finding',
      helpValue: 'N',
      default: 1_000_000,
      min: 1,
    }),
    cost: Flags.boolean({
      description: 'Print what an evaluation of each rule reads, the most expensive first',
      dependsOn: ['from'],
    }),
    output: Flags.string({
      char: 'o',
      description: 'text for people, one JSON document, or annotations for GitHub',
      options: ['text', 'json', 'github'],
      default: 'text',
    }),
    ...httpFlags,
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(RulesLint);
    const disabled = checkIds(flags.disable, '--disable');
    const enabled = checkIds(flags.enable, '--enable');
    if (flags.from?.includes('-') && (argv.length === 0 || argv.includes('-'))) {
      throw new CommandFailure(
        EXIT_USAGE,
        'standard input cannot be the data and the rules: name the rule files',
      );
    }
    const files = readRuleFiles(argv as string[]);
    let damaged = false;
    const source =
      flags.from &&
      (await openSources(flags.from, {
        onDamage: (error) => {
          damaged = true;
          this.complain(error.message);
        },
        onWarning: (text) => this.complain(text),
        http: flags,
      }));
    let report: LintReport;
    try {
      const range = source && (await rangeOf(source, flags));
      if (source !== undefined && range === undefined)
        throw new CommandFailure(EXIT_FAILED, 'there is no data at all');
      report = await lintRules(files, {
        wants: (id) => !disabled.has(id) && (enabled.has(id) || !isOptional(id)),
        data: source && range && { source, range, engine: { parser: ALL_PARSER_FEATURES } },
        costlySamples: flags['costly-samples'],
      });
    } finally {
      await source?.close();
    }
    const errors = files.flatMap(({ rules }) => rules.errors);
    for (const error of errors) this.complain(error.message);
    for (const { file, line, id } of report.unknownChecks)
      this.complain(`${file}:${line}: there is no check ${id}`);
    this.print(report, files.length, flags);
    const least = SEVERITIES.indexOf(flags['fail-on'] as Severity);
    if (errors.length > 0 || damaged) process.exitCode = EXIT_FAILED;
    else if (least >= 0 && report.findings.some(({ severity }) => SEVERITIES.indexOf(severity) >= least)) {
      process.exitCode = EXIT_FINDINGS;
    }
  }

  private print(report: LintReport, files: number, flags: { output: string; cost: boolean }): void {
    const out = new Output();
    const costs = [...report.costs].sort((a, b) => b.samples - a.samples);
    if (flags.output === 'json') out.line(JSON.stringify({ findings: report.findings.map(record), costs }));
    else if (flags.output === 'github') {
      for (const finding of report.findings) {
        const severity = finding.severity === 'info' ? 'notice' : finding.severity;
        out.line(
          githubAnnotation(severity, finding.place, `${finding.rule}: ${finding.message} (${finding.check})`),
        );
      }
    } else {
      for (const same of alike(report.findings)) this.printFinding(same, out);
      if (flags.cost) {
        const rows = costs.map(({ series, samples, results, rule, file, line }) => [
          String(series),
          String(samples),
          String(results),
          rule,
          `${file}:${line}`,
        ]);
        for (const line of tableLines(COST_COLUMNS, rows, Number.POSITIVE_INFINITY, this.paintOut.bold))
          out.line(line);
      }
    }
    out.flush();
    if (flags.output === 'text') this.say(summary(report.findings, files));
  }

  /** What is said of one rule, and with the same words of `others`. */
  private printFinding([finding, ...others]: readonly Finding[], out: Output): void {
    const { place, severity, rule, message, check } = finding;
    const paint = this.paintOut;
    const color = severity === 'error' ? paint.red : severity === 'warning' ? paint.yellow : paint.dim;
    const also = alsoIn(others.filter((other) => other.rule !== rule));
    out.line(
      `${paint.bold(formatPlace(place))}: ${color(severity)}: ${rule}: ${message}${also} ${paint.dim(`[${check}]`)}`,
    );
  }
}

/** Findings of a file that say the same, each list where its first one is. */
function alike(findings: readonly Finding[]): Finding[][] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = `${finding.place.file}\0${finding.check}\0${finding.message}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  }
  return [...groups.values()];
}

/** So many rules are named. */
const NAMED_RULES = 3;

function alsoIn(others: readonly Finding[]): string {
  const rules = [...new Set(others.map(({ rule }) => rule))];
  if (rules.length === 0) return '';
  const rest = rules.length - NAMED_RULES;
  return ` (also ${rules.slice(0, NAMED_RULES).join(', ')}${rest > 0 ? ` and ${plural(rest, 'more rule')}` : ''})`;
}

function summary(findings: readonly Finding[], files: number): string {
  const where = plural(files, 'file');
  if (findings.length === 0) return `nothing found in ${where}`;
  const parts = [...SEVERITIES].reverse().flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [severity === 'info' ? `${count} info` : plural(count, severity)];
  });
  return `${parts.join(', ')} in ${where}`;
}

function record({ place, ...finding }: Finding) {
  return { ...finding, file: place.file, line: place.line, column: place.column };
}

function isOptional(id: CheckId): boolean {
  return (CHECKS.find((check) => check.id === id) as Check).optional === true;
}

function checkIds(given: readonly string[] | undefined, flag: string): Set<CheckId> {
  const ids = (given ?? []).flatMap((id) => (id === 'all' ? CHECKS.map((check) => check.id) : [id]));
  return new Set(
    ids.map((id) => {
      if (isCheckId(id)) return id;
      const guess = nearestName(
        id,
        CHECKS.map((check) => check.id),
      )[0];
      throw new CommandFailure(
        EXIT_USAGE,
        `${flag} ${id}: there is no such check${guess ? `; did you mean ${guess}?` : ''}`,
      );
    }),
  );
}

/** All of the data, or the part of it that the flags name; times count back from the newest sample. */
async function rangeOf(
  source: Source,
  { start, end, since }: { start?: string | undefined; end?: string | undefined; since?: string | undefined },
): Promise<TimeRange | undefined> {
  const extent = await source.extent();
  if (extent === undefined) return undefined;
  const now = systemClock.now();
  const maxt = end === undefined || end === 'latest' ? extent.maxt : parseTimestamp(end, now);
  if (since !== undefined) return { mint: maxt - parseDuration(since), maxt };
  return { mint: start === undefined ? extent.mint : parseTimestamp(start, now), maxt };
}
