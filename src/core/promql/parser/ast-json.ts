/**
 * Trees as JSON, in the shape of Prometheus' `/api/v1/parse_query` (3.14), for user interfaces that draw queries.
 * Keys come in alphabetical order, as there. Durations are milliseconds; where one is an expression it is 0, and the
 * expression stands beside it.
 */
import type { Matcher } from '../../model/matcher.ts';
import { formatF } from '../../model/number.ts';
import type { AtModifier, Duration, DurationOperand, Expr, VectorMatching, VectorSelector } from './ast.ts';
import { toValidText } from './literals.ts';

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

export function exprToJson(expr: Expr): JsonValue {
  switch (expr.kind) {
    case 'numberLiteral':
      return { type: 'numberLiteral', val: formatF(expr.value) };
    case 'stringLiteral':
      return { type: 'stringLiteral', val: toValidText(expr.value) };
    case 'vectorSelector': {
      const { anchored, matchers, name, offset, offsetExpr, ...rest } = selectorToJson(expr);
      return { anchored, matchers, name, offset, offsetExpr, ...rest, type: 'vectorSelector' };
    }
    case 'matrixSelector': {
      const { anchored, matchers, name, offset, offsetExpr, ...rest } = selectorToJson(expr.selector);
      return {
        anchored,
        matchers,
        name,
        offset,
        offsetExpr,
        range: milliseconds(expr.window),
        rangeExpr: durationExpr(expr.window),
        ...rest,
        type: 'matrixSelector',
      };
    }
    case 'subquery':
      return {
        expr: exprToJson(expr.expr),
        offset: milliseconds(expr.offset),
        offsetExpr: durationExpr(expr.offset),
        range: milliseconds(expr.window),
        rangeExpr: durationExpr(expr.window),
        startOrEnd: startOrEnd(expr.at),
        step: expr.step === null ? 0 : milliseconds(expr.step),
        stepExpr: expr.step === null ? null : durationExpr(expr.step),
        timestamp: timestamp(expr.at),
        type: 'subquery',
      };
    case 'call': {
      const { argTypes, name, returnType, variadic } = expr.func;
      const func = { argTypes: [...argTypes], name, returnType, variadic };
      return { args: expr.args.map(exprToJson), func, type: 'call' };
    }
    case 'aggregate':
      return {
        expr: exprToJson(expr.expr),
        grouping: [...expr.grouping],
        op: expr.op,
        param: expr.param && exprToJson(expr.param),
        type: 'aggregation',
        without: expr.without,
      };
    case 'binary':
      return {
        bool: expr.bool,
        lhs: exprToJson(expr.lhs),
        matching: expr.matching && matchingToJson(expr.matching),
        op: expr.op,
        rhs: exprToJson(expr.rhs),
        type: 'binaryExpr',
      };
    case 'unary':
      return { expr: exprToJson(expr.expr), op: expr.op, type: 'unaryExpr' };
    case 'paren':
      return { expr: exprToJson(expr.expr), type: 'parenExpr' };
  }
}

function selectorToJson(selector: VectorSelector) {
  return {
    anchored: selector.anchored,
    matchers: selector.matchers.map(matcherToJson),
    name: selector.name,
    offset: milliseconds(selector.offset),
    offsetExpr: durationExpr(selector.offset),
    smoothed: selector.smoothed,
    startOrEnd: startOrEnd(selector.at),
    timestamp: timestamp(selector.at),
  };
}

function matcherToJson({ name, type, value }: Matcher): JsonValue {
  return { name: toValidText(name), type, value: toValidText(value) };
}

function matchingToJson(matching: VectorMatching): JsonValue {
  return {
    card: matching.card,
    fillValues: { lhs: matching.fillLeft, rhs: matching.fillRight },
    include: [...matching.include],
    labels: [...matching.labels],
    on: matching.on,
  };
}

function milliseconds(duration: Duration): number {
  return typeof duration === 'number' ? duration : 0;
}

function durationExpr(duration: Duration): JsonValue {
  return typeof duration === 'number' ? null : operandToJson(duration);
}

function operandToJson(expr: DurationOperand): JsonValue {
  switch (expr.kind) {
    case 'numberLiteral':
      return { duration: expr.isDuration, type: 'numberLiteral', val: formatF(expr.value) };
    case 'durationBinary':
      return durationNode(expr.op, operandToJson(expr.lhs), operandToJson(expr.rhs), expr.wrapped);
    case 'durationUnary':
      return durationNode(expr.op, null, operandToJson(expr.operand), expr.wrapped);
    case 'durationCall': {
      const [lhs = null, rhs = null] = expr.args.map(operandToJson);
      return durationNode(expr.name, lhs, rhs, expr.wrapped);
    }
  }
}

function durationNode(op: string, lhs: JsonValue, rhs: JsonValue, wrapped: boolean): JsonValue {
  return { lhs, op, rhs, type: 'durationExpr', wrapped };
}

function startOrEnd(at: AtModifier | null): JsonValue {
  return typeof at === 'string' ? at : null;
}

function timestamp(at: AtModifier | null): JsonValue {
  return typeof at === 'number' ? at : null;
}
