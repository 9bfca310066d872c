/**
 * Which rules can matter to an expectation. A rule matters where an expression asks for its output, and where a rule
 * that matters does. Beside these, a rule matters to a test that must fail when a rule cannot be evaluated: one that
 * sees data and whose evaluation may fail.
 */
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import { type Expr, type VectorMatching, type VectorSelector, walk } from '../promql/parser/index.ts';
import { labelsOf, type RuleConfig, type RuleGroupConfig } from './rule-file.ts';

export interface Needs {
  /** Expressions whose result is compared. */
  exprs: readonly Expr[];
  alerts: ReadonlySet<string>;
  /** The series that are there before any rule is evaluated. */
  input: readonly Labels[];
}

interface Candidate {
  rule: RuleConfig;
  labels: readonly (readonly [string, string])[];
  limited: boolean;
  selectors: VectorSelector[];
  /** Its templates run queries of their own, which could ask for anything. */
  asksAnything: boolean;
}

const ALERT_METRICS = ['ALERTS', 'ALERTS_FOR_STATE'];

export class RuleDependencies {
  private readonly candidates: Candidate[];
  private readonly recordedLabels = new Set<string>();

  constructor(groups: readonly RuleGroupConfig[]) {
    this.candidates = groups.flatMap((group) =>
      group.rules.map((rule) => ({
        rule,
        labels: labelsOf(group, rule),
        limited: group.limit > 0,
        selectors: selectorsOf(rule.parsed),
        asksAnything: rule.kind === 'alert' && templatesQuery(labelsOf(group, rule), rule.annotations),
      })),
    );
    for (const { rule, labels } of this.candidates) {
      if (rule.kind === 'record') for (const [name] of labels) this.recordedLabels.add(name);
    }
  }

  /** The rules that must be evaluated. */
  needed(needs: Needs): Set<RuleConfig> {
    const chosen = new Set<Candidate>();
    const queue: Candidate[] = [];
    const choose = (candidate: Candidate): void => {
      if (chosen.has(candidate)) return;
      chosen.add(candidate);
      queue.push(candidate);
    };
    const follow = (selectors: readonly VectorSelector[]): void => {
      for (const candidate of this.candidates) {
        if (!chosen.has(candidate) && selectors.some((selector) => mayReturn(selector, candidate.rule))) {
          choose(candidate);
        }
      }
    };
    for (const candidate of this.candidates) {
      if (candidate.rule.kind === 'alert' && needs.alerts.has(candidate.rule.name)) choose(candidate);
    }
    for (const candidate of this.mayFail(needs)) choose(candidate);
    follow(needs.exprs.flatMap(selectorsOf));
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      if (next.asksAnything) return new Set(this.candidates.map(({ rule }) => rule));
      follow(next.selectors);
    }
    return new Set([...chosen].map(({ rule }) => rule));
  }

  /** Rules that have something to work on, and may fail at it. */
  private mayFail(needs: Needs): Candidate[] {
    const reached = new Set<Candidate>();
    for (let grew = true; grew; ) {
      grew = false;
      for (const candidate of this.candidates) {
        if (reached.has(candidate) || !this.seesData(candidate, needs, reached)) continue;
        reached.add(candidate);
        grew = true;
      }
    }
    return [...reached].filter(
      (candidate) =>
        candidate.limited ||
        canFail(candidate.rule.parsed) ||
        this.canCollide(candidate, needs) ||
        sharesSeries(candidate, needs, reached),
    );
  }

  private seesData({ selectors }: Candidate, needs: Needs, reached: ReadonlySet<Candidate>): boolean {
    if (selectors.length === 0) return true;
    return selectors.some((selector) => {
      if (needs.input.some((labels) => matchesAll(selector.matchers, labels))) return true;
      for (const { rule } of reached) if (mayReturn(selector, rule)) return true;
      return false;
    });
  }

  /** Whether the labels of the rule could make two series one: only by replacing labels that series differ in. */
  private canCollide({ rule, labels, selectors }: Candidate, { input }: Needs): boolean {
    const replaced = labels.map(([name]) => name);
    // An alert has its own name, whatever the series says.
    if (rule.kind === 'alert') replaced.push('alertname');
    if (replaced.length === 0) return false;
    if (selectors.some((selector) => ALERT_METRICS.some((name) => nameMatches(selector.matchers, name)))) {
      return true;
    }
    return (
      (labels.length > 0 && makesLabels(rule.parsed)) ||
      replaced.some((name) => this.recordedLabels.has(name) || input.some((series) => series.has(name))) ||
      labels.some(([name]) => name === 'alertname')
    );
  }
}

/** Whether the input or another rule may have series that this one writes, too: of two samples one is refused. */
function sharesSeries(
  { rule, labels }: Candidate,
  { input }: Needs,
  reached: ReadonlySet<Candidate>,
): boolean {
  const names = rule.kind === 'record' ? [rule.name] : ALERT_METRICS;
  const steady = labels.filter(([, text]) => rule.kind === 'record' || !text.includes('{{'));
  const inInput = input.some(
    (series) =>
      names.includes(series.get(METRIC_NAME)) && steady.every(([name, text]) => series.get(name) === text),
  );
  if (inInput) return true;
  for (const other of reached) {
    if (other.rule === rule || other.rule.kind !== rule.kind || other.rule.name !== rule.name) continue;
    if (steady.every(([name, text]) => mayHave(other, name, text))) return true;
  }
  return false;
}

/** Whether the rule's series may have this value of a label. */
function mayHave({ rule, labels }: Candidate, label: string, value: string): boolean {
  const own = labels.find(([name]) => name === label)?.[1];
  return own === undefined || own === value || (rule.kind === 'alert' && own.includes('{{'));
}

/** Every selector, those inside range vectors and subqueries too. */
export function selectorsOf(expr: Expr): VectorSelector[] {
  const found: VectorSelector[] = [];
  walk(expr, (node) => {
    if (node.kind === 'vectorSelector') found.push(node);
  });
  return found;
}

function matchesAll(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every((matcher) => matcher.matches(labels.get(matcher.name)));
}

function nameMatches(matchers: readonly Matcher[], name: string): boolean {
  return matchers.every((matcher) => matcher.name !== METRIC_NAME || matcher.matches(name));
}

/** Whether the selector could find an output of the rule. */
export function mayReturn({ matchers }: VectorSelector, rule: RuleConfig): boolean {
  if (rule.kind === 'record') return nameMatches(matchers, rule.name);
  return (
    ALERT_METRICS.some((name) => nameMatches(matchers, name)) &&
    matchers.every((matcher) => matcher.name !== 'alertname' || matcher.matches(rule.name))
  );
}

/** Aggregations and functions whose result has labels that no series had. */
function makesLabels(expr: Expr): boolean {
  let makes = false;
  walk(expr, (node) => {
    if (node.kind === 'aggregate' && node.op === 'count_values') makes = true;
    if (node.kind === 'call' && LABEL_FUNCTIONS.has(node.func.name)) makes = true;
  });
  return makes;
}

const LABEL_FUNCTIONS = new Set(['label_replace', 'label_join', 'info', 'absent', 'absent_over_time']);

/** Whether there is data on which the expression has no value but an error. */
function canFail(expr: Expr): boolean {
  let can = makesLabels(expr);
  walk(expr, (node) => {
    if (node.kind === 'binary' && node.matching !== null && mayBeAmbiguous(node.matching)) can = true;
    // Series of several names can become equal once the name is dropped.
    if (node.kind === 'vectorSelector' && !hasOneName(node)) can = true;
    // Parameters that are not constants may be out of their range.
    if (node.kind === 'aggregate' && node.param !== null && node.param.kind !== 'numberLiteral') can = true;
    if (node.kind === 'call' && node.func.name.startsWith('double_exponential')) can = true;
    if (node.kind === 'binary' && node.op === 'or') can = true;
    // Durations that are computed may come out as nothing.
    if ((node.kind === 'subquery' || node.kind === 'matrixSelector') && typeof node.window !== 'number')
      can = true;
  });
  return can;
}

/** Where all labels are compared one to one, every series has one partner at most. */
function mayBeAmbiguous({ card, labels, on }: VectorMatching): boolean {
  if (card === 'many-to-many') return false;
  return card !== 'one-to-one' || on || labels.length > 0;
}

function hasOneName({ matchers }: VectorSelector): boolean {
  return matchers.some(({ name, type }) => name === METRIC_NAME && type === '=');
}

/** Whether a template asks for series of its own. */
export function templatesQuery(...pairs: (readonly (readonly [string, string])[])[]): boolean {
  return pairs.some((texts) => texts.some(([, text]) => text.includes('{{') && /\bquery\b/.test(text)));
}
