/** Guesses at what was meant, for people. They never change what is accepted. */
import { editDistance, guessLimit } from '../../spelling/index.ts';
import { type Expr, typeOf, type ValueType } from './ast.ts';
import { FUNCTIONS, type FunctionSignature } from './functions.ts';
import { isAggregator, KEYWORDS } from './token.ts';

/** Names that functions once had, or have elsewhere. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  holt_winters: 'double_exponential_smoothing',
  count_scalar: 'count',
  drop_common_labels: 'without',
  mean: 'avg',
  median: 'quantile(0.5, …)',
  percentile: 'quantile',
  log: 'ln',
  pow: 'the operator ^',
  mod: 'the operator %',
  now: 'time',
  len: 'count',
  length: 'count',
};

/** Shorter words begin too many names. */
const LEAST_PREFIX = 3;

/** What a function of an unknown name may be, that was given `args`. */
export function suggestFunction(name: string, args: readonly Expr[]): string | undefined {
  const lower = name.toLowerCase();
  const other = OTHER_NAMES[lower];
  if (other !== undefined) return `did you mean ${other}?`;
  const types = args.map(typeOf);
  const limit = guessLimit(lower);
  let best: string | undefined;
  let bestCost = Number.POSITIVE_INFINITY;
  const consider = (candidate: string, fits: boolean) => {
    const begun = lower.length >= LEAST_PREFIX && candidate.startsWith(lower);
    const distance = editDistance(lower, candidate, limit);
    if (distance >= limit && !begun) return;
    // What takes such arguments, and what was only left unfinished, is worth a wrong letter each; that of a tie, more.
    const cost = distance + (fits ? 0 : 1) - (begun ? 1.5 : 0);
    if (cost >= bestCost) return;
    best = candidate;
    bestCost = cost;
  };
  for (const [candidate, func] of FUNCTIONS) consider(candidate, takes(func, types));
  for (const [word, kind] of KEYWORDS) {
    if (isAggregator(kind)) consider(word, types.at(-1) === 'vector');
  }
  return best && `did you mean ${best}?`;
}

function takes({ argTypes, variadic }: FunctionSignature, types: readonly ValueType[]): boolean {
  const least = variadic === 0 ? argTypes.length : argTypes.length - 1;
  const most = variadic < 0 ? Number.POSITIVE_INFINITY : least + variadic;
  if (types.length < least || types.length > most) return false;
  return types.every((type, i) => type === argTypes[Math.min(i, argTypes.length - 1)]);
}

/** How an argument of the wrong type can be made one of the right type. */
export function suggestArgument(
  query: string,
  arg: Expr,
  wanted: ValueType,
  got: ValueType,
  func: FunctionSignature | undefined,
): string | undefined {
  const text = Buffer.from(query).toString('utf8', arg.range.start, arg.range.end);
  const shown = text.length <= 60 && !text.includes('\n') ? text : undefined;
  if (wanted === 'matrix' && got === 'vector') {
    if (arg.kind === 'vectorSelector') return `add a range, such as ${shown ?? 'foo'}[5m]`;
    return `add a range to the selector, or use a subquery: (${shown ?? '…'})[5m:]`;
  }
  if (wanted === 'vector' && got === 'matrix') {
    return func === undefined
      ? `apply a function to the range vector first, such as rate(${shown ?? 'foo[5m]'})`
      : 'remove the range, or apply a function such as rate() first';
  }
  if (wanted === 'scalar' && got === 'vector')
    return `take the value of its only series with scalar(${shown ?? '…'})`;
  if (wanted === 'vector' && got === 'scalar')
    return `make it an instant vector with vector(${shown ?? '…'})`;
  if (wanted === 'string') return 'put it in quotes';
  return undefined;
}

/** For a token behind a complete expression. */
export function suggestBehind(token: string, expr: Expr): string | undefined {
  if (token === '=') return 'to compare values, write ==';
  if (token === '(' && expr.kind === 'vectorSelector') return `${expr.name} is no function`;
  return undefined;
}
