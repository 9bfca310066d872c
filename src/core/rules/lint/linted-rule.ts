/** A rule under a lint, and how what is found gets to its place. */
import type { Place } from '../../errors.ts';
import { type Expr, type SourceRange, walk } from '../../promql/parser/index.ts';
import type { LabelPairs, RuleConfig, RuleGroupConfig } from '../rule-file.ts';
import { exprPlace, fieldPlace } from './expr-place.ts';
import { type CheckId, checkOf, type Finding } from './finding.ts';

export class LintedRule {
  readonly group: RuleGroupConfig;
  readonly rule: RuleConfig;
  /** The rule's own and its group's. */
  readonly labels: LabelPairs;
  private readonly text: string;
  private readonly add: (finding: Finding) => void;

  /** `text` is the whole file. */
  constructor(
    group: RuleGroupConfig,
    rule: RuleConfig,
    labels: LabelPairs,
    text: string,
    add: (finding: Finding) => void,
  ) {
    this.group = group;
    this.rule = rule;
    this.labels = labels;
    this.text = text;
    this.add = add;
  }

  /** Reports at a part of the expression. */
  atExpr(check: CheckId, range: SourceRange, message: string): void {
    this.report(check, exprPlace(this.text, this.rule.exprPlace, this.rule.expr, range), message);
  }

  /** Reports at a field below the rule, such as an annotation. */
  atField(check: CheckId, field: string, message: string): void {
    this.report(check, fieldPlace(this.text, this.rule.place, field), message);
  }

  atRule(check: CheckId, message: string): void {
    this.report(check, this.rule.place, message);
  }

  /** The part of the expression that a node was read from. */
  source({ start, end }: SourceRange): string {
    return Buffer.from(this.rule.expr, 'utf8')
      .subarray(start, end)
      .toString('utf8')
      .replace(/\s+/g, ' ')
      .trim();
  }

  private report(check: CheckId, place: Place, message: string): void {
    const { group, rule } = this;
    this.add({
      check,
      severity: checkOf(check).severity,
      place,
      group: group.name,
      rule: rule.name,
      message,
    });
  }
}

/** Every node of one kind in an expression, parents first. */
export function nodesOf<K extends Expr['kind']>(expr: Expr, kind: K): Extract<Expr, { kind: K }>[] {
  const found: Extract<Expr, { kind: K }>[] = [];
  walk(expr, (node) => {
    if (node.kind === kind) found.push(node as Extract<Expr, { kind: K }>);
  });
  return found;
}
