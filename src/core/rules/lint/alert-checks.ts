/** What can be said of an alert without data. */
import { type Expr, typeOf, withoutParens } from '../../promql/parser/index.ts';
import { labelUses, TemplateError } from '../../template/index.ts';
import type { AlertingRuleConfig } from '../rule-file.ts';
import { hasCondition, neverEmpty } from './expression-checks.ts';
import type { CheckId } from './finding.ts';
import { type LintedRule, nodesOf } from './linted-rule.ts';
import { lacks, outputLabels } from './output-labels.ts';
import { isComparison } from './value-range.ts';

export function checkAlert(linted: LintedRule, rule: AlertingRuleConfig): void {
  checkCondition(linted, rule);
  checkDuration(linted, rule);
  checkTemplates(linted, rule);
  checkRawCounters(linted, rule);
  if (!linted.labels.some(([name]) => name === 'severity'))
    linted.atRule('no-severity', 'there is no label severity');
  if (rule.annotations.length === 0)
    linted.atRule('no-summary', 'there is no annotation that says what is wrong');
}

function checkCondition(linted: LintedRule, { parsed }: AlertingRuleConfig): void {
  const inner = withoutParens(parsed);
  // A heartbeat, which fires so that its end is noticed.
  if (inner.kind === 'call' && inner.func.name === 'vector') return;
  if (neverEmpty(parsed)) {
    linted.atExpr(
      'always-fires',
      parsed.range,
      'this has a result whatever the data is, so the alert always fires',
    );
  } else if (inner.kind === 'binary' && isComparison(inner.op) && inner.bool) {
    linted.atExpr(
      'always-fires',
      inner.range,
      `${inner.op} bool yields 0 where it does not hold, which fires too: leave out bool`,
    );
  } else if (
    !hasCondition(parsed) &&
    !nodesOf(parsed, 'vectorSelector').some(({ name }) => name === 'ALERTS')
  ) {
    linted.atExpr(
      'no-condition',
      parsed.range,
      'nothing is compared: every series fires, whatever its value',
    );
  }
}

/** Without a duration, what looks at single samples is at the mercy of one scrape; what looks back over a window is not. */
function checkDuration(linted: LintedRule, { parsed, forMs }: AlertingRuleConfig): void {
  if (forMs > 0 || nodesOf(parsed, 'matrixSelector').length > 0 || nodesOf(parsed, 'subquery').length > 0) {
    checkMembers(linted, parsed, forMs);
    return;
  }
  // A failed scrape writes up as 0; absent it is when the target is gone.
  const isAbsence = nodesOf(parsed, 'call').some(({ func }) => func.name === 'absent');
  if (!isAbsence && nodesOf(parsed, 'vectorSelector').some(({ name }) => name === 'up')) {
    linted.atRule('no-for', 'without "for", one failed scrape fires this alert');
  }
}

function checkMembers(linted: LintedRule, parsed: Expr, forMs: number): void {
  if (forMs === 0) return;
  for (const node of nodesOf(parsed, 'aggregate')) {
    if (node.op !== 'topk' && node.op !== 'bottomk' && node.op !== 'limitk') continue;
    const text = `the members of ${node.op}() change from one evaluation to the next, and with them "for" starts again`;
    linted.atExpr('changing-members', node.range, text);
  }
}

/** Of a label that comes out empty, what is routed by it suffers more than a text that lacks a word. */
function checkTemplates(linted: LintedRule, rule: AlertingRuleConfig): void {
  reportLost(linted, rule, 'lost-label', linted.labels);
  reportLost(linted, rule, 'lost-in-text', rule.annotations);
}

/** One finding for each label, with all the fields that use it. */
function reportLost(
  linted: LintedRule,
  rule: AlertingRuleConfig,
  check: CheckId,
  templates: Iterable<readonly [field: string, text: string]>,
): void {
  const bound = outputLabels(rule.parsed);
  const fields = new Map<string, string[]>();
  for (const [field, text] of templates) {
    for (const label of usesOf(text)) {
      if (!lacks(bound, label)) continue;
      const known = fields.get(label);
      if (known === undefined) fields.set(label, [field]);
      else known.push(field);
    }
  }
  for (const [label, users] of fields) {
    const own = linted.labels.some(([name]) => name === label);
    const why = own
      ? 'it is the rule that adds it, and templates see the labels of the query alone'
      : 'the expression drops it';
    const use = `${users.join(' and ')} ${users.length === 1 ? 'uses' : 'use'}`;
    linted.atField(check, users[0], `${use} the label ${label}, which is always empty: ${why}`);
  }
}

function usesOf(text: string): string[] {
  if (!text.includes('{{')) return [];
  try {
    return labelUses(text);
  } catch (error) {
    // The check of the file has told that it cannot be read.
    if (error instanceof TemplateError) return [];
    throw error;
  }
}

function checkRawCounters(linted: LintedRule, { parsed }: AlertingRuleConfig): void {
  for (const { op, lhs, rhs } of nodesOf(parsed, 'binary')) {
    // Whether there is any at all is a fair question to a counter.
    if (!isComparison(op) || op === '==' || op === '!=') continue;
    for (const [side, other] of [
      [lhs, rhs],
      [rhs, lhs],
    ]) {
      const inner = summed(side);
      const limit = withoutParens(other);
      if (inner?.kind !== 'vectorSelector' || typeOf(other) !== 'scalar' || !inner.name.endsWith('_total'))
        continue;
      if (limit.kind === 'numberLiteral' && limit.value === 0) continue;
      linted.atExpr(
        'raw-counter',
        inner.range,
        `${inner.name} counts from its start: once over the limit it stays there. Compare its rate() or increase()`,
      );
    }
  }
}

/** What stands below parentheses and sums. */
function summed(expr: Expr): Expr | undefined {
  const inner = withoutParens(expr);
  return inner.kind === 'aggregate' && inner.op === 'sum' ? summed(inner.expr) : inner;
}
