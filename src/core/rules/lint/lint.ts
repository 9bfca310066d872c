/** Looks at the rules of files as somebody would who knows what goes wrong with them, with data at hand or without. */
import { METRIC_NAME } from '../../model/labels.ts';
import type { Matcher } from '../../model/matcher.ts';
import type { EngineOptions } from '../../promql/index.ts';
import type { Source, TimeRange } from '../../source/source.ts';
import { labelsOf, type RuleFile } from '../rule-file.ts';
import { checkAlert } from './alert-checks.ts';
import { checkExpression } from './expression-checks.ts';
import type { CheckId, Finding } from './finding.ts';
import { checkFiring } from './firing-check.ts';
import { LintData } from './lint-data.ts';
import { LintedRule } from './linted-rule.ts';
import { checkMatching } from './matching-check.ts';
import { MissingSeries } from './missing-series.ts';
import { checkLabels, checkTypes, checkWindows, costOf, type RuleCost } from './sample-checks.ts';
import { Suppressions } from './suppression.ts';

export interface LintedFile {
  rules: RuleFile;
  /** What the file holds. */
  text: string;
}

export interface LintOptions {
  /** Whether findings of a check are wanted. */
  wants: (check: CheckId) => boolean;
  /** Undefined where there is no data to look at. */
  data: { source: Source; range: TimeRange; engine: EngineOptions } | undefined;
  /** One evaluation that reads more samples is a finding. */
  costlySamples: number;
}

export interface LintReport {
  /** In the order of the files and their lines. */
  findings: Finding[];
  /** Of rules that have data, where there is any. */
  costs: (RuleCost & { file: string; line: number | undefined })[];
  /** Names in comments that no check has. */
  unknownChecks: { file: string; line: number; id: string }[];
}

const ALERT_METRICS = ['ALERTS', 'ALERTS_FOR_STATE'];

export async function lintRules(files: readonly LintedFile[], options: LintOptions): Promise<LintReport> {
  const report: LintReport = { findings: [], costs: [], unknownChecks: [] };
  const { data } = options;
  const against = data && new LintData(data.source, data.range, data.engine);
  const missing = against && new MissingSeries(against, writtenBy(files));
  for (const { rules: file, text } of files) {
    const suppressions = new Suppressions(text);
    for (const unknown of suppressions.unknown) report.unknownChecks.push({ file: file.file, ...unknown });
    const found: Finding[] = [];
    const all = file.groups.flatMap((group) => group.rules.map((rule) => ({ group, rule })));
    for (const [i, { group, rule }] of all.entries()) {
      const line = rule.place.line ?? 1;
      const nextLine = all[i + 1]?.rule.place.line ?? Number.POSITIVE_INFINITY;
      const add = (finding: Finding) => {
        if (!options.wants(finding.check) || suppressions.silences(finding.check, line, nextLine)) return;
        found.push(finding);
      };
      const linted = new LintedRule(group, rule, labelsOf(group, rule), text, add);
      checkExpression(linted);
      if (rule.kind === 'alert') checkAlert(linted, rule);
      if (against === undefined || missing === undefined) continue;
      await missing.check(linted);
      if (!(await missing.isComplete(rule.parsed))) continue;
      const cost = await lintAgainst(linted, against, options.costlySamples);
      if (cost !== undefined) report.costs.push({ file: file.file, line: rule.place.line, ...cost });
    }
    found.sort(
      (a, b) => (a.place.line ?? 0) - (b.place.line ?? 0) || (a.place.column ?? 0) - (b.place.column ?? 0),
    );
    report.findings.push(...found);
  }
  return report;
}

async function lintAgainst(
  linted: LintedRule,
  data: LintData,
  costlySamples: number,
): Promise<RuleCost | undefined> {
  const { rule } = linted;
  await checkTypes(linted, data);
  await checkWindows(linted, data);
  await checkMatching(linted, data);
  if (rule.kind === 'alert') {
    await checkLabels(linted, data, rule);
    await checkFiring(linted, data, rule);
  }
  const cost = await costOf(linted, data);
  if (cost !== undefined && cost.samples > costlySamples) {
    linted.atRule('costly', `one evaluation reads ${cost.samples} samples of ${cost.series} series`);
  }
  return cost;
}

/** Whether a selector can find what the rules themselves write. */
function writtenBy(files: readonly LintedFile[]): (matchers: readonly Matcher[]) => boolean {
  const names = new Set<string>(ALERT_METRICS);
  for (const { rules } of files) {
    for (const group of rules.groups) {
      for (const rule of group.rules) if (rule.kind === 'record') names.add(rule.name);
    }
  }
  return (matchers) => {
    const byName = matchers.filter(({ name }) => name === METRIC_NAME);
    return byName.length > 0 && [...names].some((name) => byName.every((matcher) => matcher.matches(name)));
  };
}
