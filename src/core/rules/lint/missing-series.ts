/** Selectors that no series satisfies, and why. */
import { METRIC_NAME } from '../../model/labels.ts';
import type { Matcher } from '../../model/matcher.ts';
import { childrenOf, type Expr, type VectorSelector } from '../../promql/parser/index.ts';
import { nearestName } from '../../spelling/index.ts';
import type { LintData } from './lint-data.ts';
import type { LintedRule } from './linted-rule.ts';

const MOST_VALUES = 5;

/** What other rules write, and so may not be there yet. */
export type WrittenByRules = (matchers: readonly Matcher[]) => boolean;

export class MissingSeries {
  private readonly data: LintData;
  private readonly written: WrittenByRules;

  constructor(data: LintData, written: WrittenByRules) {
    this.data = data;
    this.written = written;
  }

  async check(linted: LintedRule): Promise<void> {
    const told = new Set<string>();
    for (const selector of await this.missing(linted.rule.parsed)) {
      const reason = await this.reason(selector);
      if (told.has(reason)) continue;
      told.add(reason);
      linted.atExpr('missing-series', selector.range, reason);
    }
  }

  /** Whether every selector of the expression finds something. */
  async isComplete(expr: Expr): Promise<boolean> {
    return (await this.missing(expr)).length === 0;
  }

  /**
   * Those that should find something and do not. An `or` may be there for the names of several versions: one side with
   * data is enough. What is asked to be absent, or subtracted by `unless`, need not be there.
   */
  private async missing(expr: Expr): Promise<VectorSelector[]> {
    if (expr.kind === 'vectorSelector') return (await this.finds(expr)) ? [] : [expr];
    if (expr.kind === 'call' && expr.func.name.startsWith('absent')) return [];
    if (expr.kind === 'binary' && expr.op === 'unless') return this.missing(expr.lhs);
    const parts: VectorSelector[][] = [];
    for (const child of childrenOf(expr)) parts.push(await this.missing(child));
    if (expr.kind === 'binary' && expr.op === 'or' && parts.some((part) => part.length === 0)) return [];
    return parts.flat();
  }

  private async finds({ matchers }: VectorSelector): Promise<boolean> {
    return this.written(matchers) || this.data.hasSeries(matchers);
  }

  private async reason({ matchers }: VectorSelector): Promise<string> {
    const byName = matchers.find(({ name, type }) => name === METRIC_NAME && type === '=');
    const others = matchers.filter((matcher) => matcher !== byName);
    if (byName !== undefined && !(await this.data.hasSeries([byName]))) {
      const guesses = nearestName(byName.value, await this.data.metricNames());
      return `there is no metric ${byName.value}${guesses.length === 0 ? '' : `: did you mean ${guesses.join(', ')}?`}`;
    }
    const base = byName === undefined ? [] : [byName];
    const subject = byName === undefined ? 'no series' : `no series of ${byName.value}`;
    for (const matcher of others) {
      if (await this.data.hasSeries([...base, matcher])) continue;
      // The same for every metric of the rule, and so told once.
      if (!(await this.data.hasSeries([matcher])))
        return `no series at all has ${matcher}: ${await this.values(matcher, [])}`;
      return `${subject} has ${matcher}: ${await this.values(matcher, base)}`;
    }
    return `${subject} has ${others.join(' and ')} together`;
  }

  private async values({ name, value }: Matcher, base: readonly Matcher[]): Promise<string> {
    const values = await this.data.labelValues(name, base);
    if (values.length === 0) return `none has a label ${name}`;
    const shown = [...new Set([...nearestName(value, values), ...values])].slice(0, MOST_VALUES);
    const more = values.length > shown.length ? ` and ${values.length - shown.length} more` : '';
    return `${name} is ${shown.join(', ')}${more}`;
  }
}
