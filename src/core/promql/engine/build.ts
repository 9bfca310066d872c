/**
 * Compiles a syntax tree to operators, for a grid of steps. What is written twice in a query is built once and
 * shared; what does not depend on the step is built for one step.
 */

import { EMPTY_LABELS } from '../../model/labels.ts';
import type { CallSite } from '../functions/function.ts';
import { implementationOf } from '../functions/index.ts';
import {
  type Binary,
  type Call,
  type Expr,
  type SourceRange,
  type Subquery,
  typeOf,
  type VectorSelector,
  walk,
  withoutParens,
} from '../parser/ast.ts';
import { selectorsOfStats } from '../plan/histogram-stats.ts';
import { isStepInvariant } from '../plan/step-invariant.ts';
import { buildAggregate } from './aggregate/index.ts';
import { SetOperation } from './binary/set-operation.ts';
import { VectorMatch } from './binary/vector-match.ts';
import { dropsName, VectorScalar } from './binary/vector-scalar.ts';
import type { Builder } from './builder.ts';
import { buildSpecialCall } from './calls/index.ts';
import { VectorOfScalar } from './calls/vector-of-scalar.ts';
import type { QueryContext } from './context.ts';
import { DistinctSeries } from './distinct.ts';
import { QueryError } from './errors.ts';
import { modifierOf } from './extended-range.ts';
import { StepGrid } from './grid.ts';
import { InstantSelector } from './instant-selector.ts';
import type { Operator, RangeOperator, ScalarOperator, VectorOperator } from './operator.ts';
import { RangeCall } from './range-call.ts';
import { RangeSelector } from './range-selector.ts';
import { ConstantScalar, negatedScalar, scalarBinary, timeScalar } from './scalars.ts';
import { SharedVector } from './shared.ts';
import { SmoothedSelector } from './smoothed-selector.ts';
import { StepInvariantScalar, StepInvariantVector } from './step-invariant.ts';
import { SubqueryOperator, subqueryGrid } from './subquery.ts';
import { Negation } from './unary.ts';
import { VectorCall } from './vector-call.ts';

interface SharedNode {
  operator: SharedVector;
  /** Byte offsets in the query of the occurrences beside the one that was built. */
  copies: number[];
}

export class OperatorBuilder implements Builder {
  readonly context: QueryContext;
  /** The query's text, a character for each of its bytes: by it repeated sub-expressions are recognised. */
  private readonly text: string;
  private readonly sharedNodes = new Map<string, SharedNode>();
  /** The selectors whose counter reset hints must be definite. */
  private readonly statsSelectors: ReadonlySet<VectorSelector>;

  /** `expr` is the whole query, its durations resolved. */
  constructor(context: QueryContext, query: string, expr: Expr) {
    this.context = context;
    this.text = Buffer.from(query, 'utf8').toString('latin1');
    this.statsSelectors = selectorsOfStats(expr);
  }

  build(expr: Expr, grid: StepGrid): Operator {
    switch (typeOf(expr)) {
      case 'vector':
        return this.vector(expr, grid);
      case 'scalar':
        return this.scalar(expr, grid);
      case 'matrix':
        return this.range(expr, grid);
      case 'string':
        return { kind: 'string', value: stringValue(expr) };
    }
  }

  vector(expr: Expr, grid: StepGrid): VectorOperator {
    if (expr.kind === 'paren') return this.vector(expr.expr, grid);
    if (grid.count > 1 && isStepInvariant(expr)) {
      return new StepInvariantVector(this.vector(expr, firstStep(grid)));
    }
    const key = `${grid.start} ${grid.stepMs} ${grid.count} ${this.hintsWanted(expr)} ${this.sourceText(expr)}`;
    let node = this.sharedNodes.get(key);
    if (node === undefined) {
      const operator = new SharedVector(this.context, this.vectorNode(expr, grid), expr.range);
      node = { operator, copies: [] };
      this.sharedNodes.set(key, node);
    } else {
      node.copies.push(expr.range.start);
    }
    node.operator.addConsumer();
    return node.operator;
  }

  scalar(expr: Expr, grid: StepGrid): ScalarOperator {
    if (grid.count > 1 && expr.kind !== 'numberLiteral' && isStepInvariant(expr)) {
      return new StepInvariantScalar(this.scalar(expr, firstStep(grid)), grid.count);
    }
    switch (expr.kind) {
      case 'paren':
        return this.scalar(expr.expr, grid);
      case 'numberLiteral':
        return new ConstantScalar(expr.value, grid.count);
      case 'unary': {
        const inner = this.scalar(expr.expr, grid);
        return expr.op === '-' ? negatedScalar(inner) : inner;
      }
      case 'binary':
        return scalarBinary(expr.op, this.scalar(expr.lhs, grid), this.scalar(expr.rhs, grid));
      case 'call':
        return buildSpecialCall(this, expr, grid) as ScalarOperator;
      default:
        throw new Error(`no scalar: ${expr.kind}`);
    }
  }

  range(expr: Expr, grid: StepGrid): RangeOperator {
    switch (expr.kind) {
      case 'paren':
        return this.range(expr.expr, grid);
      case 'matrixSelector':
        return new RangeSelector(this.context, expr, grid, this.statsSelectors.has(expr.selector));
      case 'subquery':
        return this.subquery(expr, grid);
      default:
        throw new Error(`no range vector: ${expr.kind}`);
    }
  }

  selector(expr: VectorSelector, grid: StepGrid): InstantSelector {
    return new InstantSelector(this.context, expr, grid, this.statsSelectors.has(expr));
  }

  callSite(call: Call, grid: StepGrid): CallSite {
    return {
      call,
      annotations: this.context.annotations,
      argRanges: call.args.map(placeOfArgument),
      stepTimes: grid.times,
      labels: EMPTY_LABELS,
      modifier: rangeModifier(call),
      typeLabels: this.context.settings.typeAndUnitLabels,
    };
  }

  /** Gives every further occurrence of a shared sub-expression the annotations of the one that was evaluated. */
  repeatAnnotations(): void {
    const { annotations } = this.context;
    for (const { operator, copies } of this.sharedNodes.values()) {
      for (const copy of copies) annotations.repeat(operator, copy - operator.range.start);
    }
  }

  private vectorNode(expr: Expr, grid: StepGrid): VectorOperator {
    const { context } = this;
    switch (expr.kind) {
      case 'vectorSelector':
        return expr.smoothed
          ? new SmoothedSelector(context, expr, grid, this.statsSelectors.has(expr))
          : this.selector(expr, grid);
      case 'unary': {
        const inner = this.vector(expr.expr, grid);
        return expr.op === '-' ? this.distinct(new Negation(context, inner)) : inner;
      }
      case 'binary':
        return this.binary(expr, grid);
      case 'aggregate': {
        const param = expr.param === null ? null : this.build(expr.param, grid);
        return buildAggregate(context, expr, this.vector(expr.expr, grid), param, grid);
      }
      case 'call':
        return this.call(expr, grid);
      default:
        throw new Error(`no instant vector: ${expr.kind}`);
    }
  }

  private binary(expr: Binary, grid: StepGrid): VectorOperator {
    const { context } = this;
    const { lhs, rhs } = expr;
    if (typeOf(lhs) === 'scalar') {
      return this.vectorScalar(expr, this.vector(rhs, grid), this.scalar(lhs, grid), true, grid);
    }
    if (typeOf(rhs) === 'scalar') {
      return this.vectorScalar(expr, this.vector(lhs, grid), this.scalar(rhs, grid), false, grid);
    }
    const left = this.vector(lhs, grid);
    const right = this.vector(rhs, grid);
    if (expr.op === 'and' || expr.op === 'or' || expr.op === 'unless') {
      return new SetOperation(context, expr, left, right, grid.count);
    }
    return new VectorMatch(context, expr, left, right, grid.count);
  }

  private vectorScalar(
    expr: Binary,
    vector: VectorOperator,
    scalar: ScalarOperator,
    scalarOnLeft: boolean,
    grid: StepGrid,
  ): VectorOperator {
    const operator = new VectorScalar(this.context, expr, vector, scalar, scalarOnLeft, grid.count);
    return dropsName(expr) ? this.distinct(operator) : operator;
  }

  private call(call: Call, grid: StepGrid): VectorOperator {
    checkModifier(call);
    const implementation = implementationOf(call.func.name);
    if (implementation === undefined) return buildSpecialCall(this, call, grid) as VectorOperator;
    const site = this.callSite(call, grid);
    const scalars = call.args.filter((arg) => typeOf(arg) === 'scalar').map((arg) => this.scalar(arg, grid));
    const input = call.args.find((arg) => typeOf(arg) !== 'scalar');
    const { context } = this;
    let operator: VectorOperator;
    if (implementation.kind === 'range') {
      operator = new RangeCall(context, implementation, this.range(input!, grid), scalars, site);
    } else {
      // The date functions may be called without an argument, and are then of the evaluation time.
      const vector = input === undefined ? new VectorOfScalar(timeScalar(grid)) : this.vector(input, grid);
      operator = new VectorCall(context, implementation, vector, scalars, site, grid.count);
    }
    return implementation.keepsName ? operator : this.distinct(operator);
  }

  private subquery(expr: Subquery, grid: StepGrid): RangeOperator {
    const innerGrid = subqueryGrid(this.context, expr, grid);
    return new SubqueryOperator(this.context, expr, grid, this.vector(expr.expr, innerGrid), innerGrid);
  }

  private distinct(operator: VectorOperator): VectorOperator {
    // With delayed name removal the names are still there, and the end of the query sees to it.
    return this.context.settings.delayedNameRemoval ? operator : new DistinctSeries(this.context, operator);
  }

  /** For each selector in `expr` whether its hints must be definite: of one text there may be two kinds. */
  private hintsWanted(expr: Expr): string {
    let wanted = '';
    if (this.statsSelectors.size === 0) return wanted;
    walk(expr, (node) => {
      if (node.kind === 'vectorSelector') wanted += this.statsSelectors.has(node) ? '1' : '0';
    });
    return wanted;
  }

  private sourceText(expr: Expr): string {
    return this.text.slice(expr.range.start, expr.range.end);
  }
}

/**
 * Where Prometheus says that an argument is. It takes the parentheses off a range vector, and loses the place of a
 * subquery when it has evaluated it: what is said of it points at the query's start.
 */
function placeOfArgument(arg: Expr): SourceRange {
  const inner = withoutParens(arg);
  if (inner.kind === 'subquery') return { start: 0, end: 0 };
  return inner.kind === 'matrixSelector' ? inner.range : arg.range;
}

function firstStep(grid: StepGrid): StepGrid {
  return new StepGrid(grid.start, grid.stepMs, 1);
}

function stringValue(expr: Expr): string {
  if (expr.kind === 'paren') return stringValue(expr.expr);
  if (expr.kind !== 'stringLiteral') throw new Error(`no string: ${expr.kind}`);
  return expr.value;
}

/** The functions that know what to do with samples outside of their window. */
const FUNCTIONS_OF: Readonly<Record<'anchored' | 'smoothed', readonly string[]>> = {
  anchored: ['changes', 'delta', 'increase', 'rate', 'resets'],
  smoothed: ['delta', 'increase', 'rate'],
};

function checkModifier(call: Call): void {
  const modifier = rangeModifier(call);
  if (modifier === null || FUNCTIONS_OF[modifier].includes(call.func.name)) return;
  const functions = FUNCTIONS_OF[modifier].join(', ');
  throw new QueryError(
    `${modifier} modifier can only be used with: ${functions} - not with ${call.func.name}`,
    call.range,
  );
}

function rangeModifier(call: Call): CallSite['modifier'] {
  for (const arg of call.args.map(withoutParens)) {
    if (arg.kind === 'matrixSelector') return modifierOf(arg);
  }
  return null;
}
