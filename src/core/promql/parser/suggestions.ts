/** Guesses at what was meant, for people. They never change what is accepted. */
import type { Expr, ValueType } from './ast.ts';
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

/** What a function of an unknown name may be. */
export function suggestFunction(name: string): string | undefined {
  const lower = name.toLowerCase();
  const other = OTHER_NAMES[lower];
  if (other !== undefined) return `did you mean ${other}?`;
  const known = [...FUNCTIONS.keys(), ...aggregators()];
  let best: string | undefined;
  // A third of the letters may be wrong.
  let bestDistance = Math.max(1, Math.floor(lower.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(lower, candidate, bestDistance);
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best && `did you mean ${best}?`;
}

function aggregators(): string[] {
  return [...KEYWORDS].filter(([, kind]) => isAggregator(kind)).map(([word]) => word);
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

/** Levenshtein distance, or `limit` where it is at least that. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, previous[j] + 1, row[j - 1] + 1));
    }
    previous = row;
  }
  return Math.min(previous[b.length], limit);
}
