/** What of a rule a suite of unit tests can exercise. */
import type { Place } from '../../errors.ts';
import { type Binary, type Expr, typeOf, type VectorSelector, walk } from '../../promql/parser/index.ts';
import type { RuleConfig } from '../rule-file.ts';

/** One thing that a test exercises or does not. */
export interface CoveragePoint {
  /** `yields`, `fires`, `is silent`, or which branch, or which label value. */
  what: string;
  hit: boolean;
}

/** Either side of a set operation, to be seen with a result; `kept` is what the operation lets through. */
export interface BranchProbe {
  node: Binary;
  left: CoveragePoint;
  right: CoveragePoint;
}

/** The values that a matcher lists, each of which a series should have. */
export interface ValueProbe {
  selector: VectorSelector;
  label: string;
  points: Map<string, CoveragePoint>;
}

export class RuleCoverage {
  readonly rule: RuleConfig;
  readonly file: string;
  readonly group: string;
  readonly place: Place;
  /** A recording rule has a result, an alert fires, where an expectation depends on it. */
  readonly result: CoveragePoint;
  /** Of an alert: a test sees that it does not fire. */
  readonly silence: CoveragePoint | undefined;
  readonly branches: readonly BranchProbe[];
  readonly values: readonly ValueProbe[];

  constructor(rule: RuleConfig, file: string, group: string) {
    this.rule = rule;
    this.file = file;
    this.group = group;
    this.place = rule.place;
    this.result = { what: rule.kind === 'record' ? 'yields' : 'fires', hit: false };
    this.silence = rule.kind === 'alert' ? { what: 'is silent', hit: false } : undefined;
    this.branches = branchesOf(rule);
    this.values = valuesOf(rule.parsed);
  }

  points(): CoveragePoint[] {
    return [
      this.result,
      ...(this.silence === undefined ? [] : [this.silence]),
      ...this.branches.flatMap(({ left, right }) => [left, right]),
      ...this.values.flatMap(({ points }) => [...points.values()]),
    ];
  }
}

function branchesOf(rule: RuleConfig): BranchProbe[] {
  const found: BranchProbe[] = [];
  walk(rule.parsed, (node) => {
    if (node.kind !== 'binary' || typeOf(node) !== 'vector') return;
    if (node.op !== 'or' && node.op !== 'and' && node.op !== 'unless') return;
    const text = textOf(rule, node);
    const names =
      node.op === 'or'
        ? ['left side of or', 'right side of or']
        : [`${node.op} lets a series through`, `${node.op} takes a series away`];
    found.push({
      node,
      left: { what: `${names[0]}: ${text}`, hit: false },
      right: { what: `${names[1]}: ${text}`, hit: false },
    });
  });
  return found;
}

function valuesOf(expr: Expr): ValueProbe[] {
  const found: ValueProbe[] = [];
  walk(expr, (node) => {
    if (node.kind !== 'vectorSelector') return;
    for (const { type, name, setMatches } of node.matchers) {
      if (type !== '=~' || setMatches === undefined || setMatches.length < 2) continue;
      const points = new Map(
        setMatches.map((value) => [value, { what: `${node.name}{${name}="${value}"}`, hit: false }]),
      );
      found.push({ selector: node, label: name, points });
    }
  });
  return found;
}

function textOf({ expr }: RuleConfig, { range }: Expr): string {
  const text = Buffer.from(expr, 'utf8')
    .subarray(range.start, range.end)
    .toString('utf8')
    .replace(/\s+/g, ' ')
    .trim();
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
