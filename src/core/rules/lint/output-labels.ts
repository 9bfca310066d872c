/** Which labels the result of an expression may have, as far as the expression alone tells. */
import { METRIC_NAME } from '../../model/labels.ts';
import { type Aggregate, type Binary, type Call, type Expr, typeOf } from '../../promql/parser/index.ts';

/** Any label but those of `names`, or none but those. */
export interface LabelBound {
  readonly kind: 'allBut' | 'only';
  readonly names: ReadonlySet<string>;
}

const NONE: LabelBound = { kind: 'only', names: new Set() };
const ANY: LabelBound = { kind: 'allBut', names: new Set() };

/** Whether no sample of the result can have the label. */
export function lacks({ kind, names }: LabelBound, label: string): boolean {
  return names.has(label) === (kind === 'allBut');
}

export function outputLabels(expr: Expr): LabelBound {
  switch (expr.kind) {
    case 'numberLiteral':
    case 'stringLiteral':
      return NONE;
    case 'vectorSelector':
      return {
        kind: 'allBut',
        names: new Set(
          expr.matchers.filter(({ type, value }) => type === '=' && value === '').map(({ name }) => name),
        ),
      };
    case 'matrixSelector':
      return outputLabels(expr.selector);
    case 'subquery':
    case 'paren':
    case 'unary':
      return outputLabels(expr.expr);
    case 'aggregate':
      return ofAggregate(expr);
    case 'call':
      return ofCall(expr);
    case 'binary':
      return ofBinary(expr);
  }
}

function ofAggregate({ op, expr, param, grouping, without: isWithout }: Aggregate): LabelBound {
  const inner = outputLabels(expr);
  if (op === 'topk' || op === 'bottomk' || op === 'limitk' || op === 'limit_ratio') return inner;
  const grouped = isWithout ? without(inner, [...grouping, METRIC_NAME]) : only(inner, grouping);
  return op === 'count_values' && param?.kind === 'stringLiteral' ? plus(grouped, param.value) : grouped;
}

/** The vector that a function maps is its first vector or matrix argument. */
function ofCall({ func, args }: Call): LabelBound {
  const text = (i: number) => (args[i]?.kind === 'stringLiteral' ? args[i].value : '');
  const main = args.find((arg) => ['vector', 'matrix'].includes(typeOf(arg)));
  switch (func.name) {
    case 'absent':
    case 'absent_over_time':
      return main === undefined ? NONE : ofAbsent(main);
    case 'label_replace':
    case 'label_join':
      return plus(outputLabels(args[0]), text(1));
    case 'histogram_quantile':
    case 'histogram_fraction':
      return main === undefined ? NONE : without(outputLabels(main), ['le']);
    case 'histogram_quantiles':
      return main === undefined ? NONE : plus(without(outputLabels(main), ['le']), text(1));
    case 'info':
      return ANY;
    case 'scalar':
      return NONE;
    default:
      return main === undefined ? NONE : outputLabels(main);
  }
}

/** Those that the selector asks for by their value. */
function ofAbsent(arg: Expr): LabelBound {
  if (arg.kind === 'paren') return ofAbsent(arg.expr);
  const selector = arg.kind === 'matrixSelector' ? arg.selector : arg;
  if (selector.kind !== 'vectorSelector') return NONE;
  const equal = selector.matchers.filter(({ type, name }) => type === '=' && name !== METRIC_NAME);
  return { kind: 'only', names: new Set(equal.map(({ name }) => name)) };
}

function ofBinary({ op, lhs, rhs, matching }: Binary): LabelBound {
  const left = outputLabels(lhs);
  const right = outputLabels(rhs);
  if (matching === null) return typeOf(lhs) === 'scalar' ? right : left;
  if (op === 'and' || op === 'unless') return left;
  if (op === 'or') return either(left, right);
  if (matching.card === 'one-to-one') {
    return matching.on ? only(left, matching.labels) : without(left, matching.labels);
  }
  const [many, one] = matching.card === 'many-to-one' ? [left, right] : [right, left];
  // A label that is copied from a side without it is removed.
  return matching.include.reduce(
    (bound, name) => (lacks(one, name) ? without(bound, [name]) : plus(bound, name)),
    many,
  );
}

function only(bound: LabelBound, names: readonly string[]): LabelBound {
  return { kind: 'only', names: new Set(names.filter((name) => !lacks(bound, name))) };
}

function without({ kind, names }: LabelBound, removed: readonly string[]): LabelBound {
  if (kind === 'allBut') return { kind, names: new Set([...names, ...removed]) };
  return { kind, names: new Set([...names].filter((name) => !removed.includes(name))) };
}

function plus({ kind, names }: LabelBound, added: string): LabelBound {
  if (kind === 'only') return { kind, names: new Set([...names, added]) };
  return { kind, names: new Set([...names].filter((name) => name !== added)) };
}

function either(a: LabelBound, b: LabelBound): LabelBound {
  if (a.kind === 'only' && b.kind === 'only')
    return { kind: 'only', names: new Set([...a.names, ...b.names]) };
  const names = [...a.names, ...b.names].filter((name) => lacks(a, name) && lacks(b, name));
  return { kind: 'allBut', names: new Set(names) };
}
