/**
 * What holds for every query: printing loses nothing, and no input makes the parser do anything but return a tree or
 * throw its own error. TSMON_FUZZ sets how many inputs are tried (the default keeps the suite quick), TSMON_SEED where
 * the random numbers start.
 */
import { describe, expect, it } from 'vitest';
import {
  ALL_PARSER_FEATURES,
  type Expr,
  exprToJson,
  PromQLSyntaxError,
  parseQuery,
  prettyPrint,
  printExpr,
} from '../../../../src/core/promql/parser/index.ts';
import { QueryGenerator } from './query-generator.ts';

const count = Number(process.env['TSMON_FUZZ'] ?? 3000);
const seed = Number(process.env['TSMON_SEED'] ?? 1);

/** The tree as text, without what printing does not keep because it means nothing. */
function meaning(query: string): string {
  return JSON.stringify(parseQuery(query, ALL_PARSER_FEATURES), (key, value) => {
    if (key === 'range') return undefined;
    // Matchers are printed in alphabetical order.
    if (key === 'matchers') return value.map(String).sort();
    let node = value;
    // Infinity is printed as +Inf, and so a sign may appear.
    while (node?.kind === 'unary' && node.op === '+') node = node.expr;
    if (node?.kind === 'durationUnary' && node.op === '+') node = node.operand;
    if (typeof node === 'number') return Object.is(node, -0) ? '-0' : String(node);
    return node;
  });
}

/** The tree of `text`, or undefined where the parser refuses it; anything else that it may do is a failure. */
function tryParse(text: string): Expr | undefined {
  try {
    return parseQuery(text, ALL_PARSER_FEATURES);
  } catch (error) {
    if (!(error instanceof PromQLSyntaxError)) throw new Error(JSON.stringify(text), { cause: error });
    const { start, end } = error.range;
    const isWithin = start >= 0 && start <= end && end <= Buffer.byteLength(text);
    if (!isWithin) throw new Error(`${start}..${end} in ${JSON.stringify(text)}`);
    error.annotate();
    return undefined;
  }
}

describe('a query', () => {
  it('means the same after printing it, on one line or on several', () => {
    const generator = new QueryGenerator(seed);
    let read = 0;
    for (let i = 0; i < count; i++) {
      const query = generator.query();
      // Operators may pull operands of the wrong type together.
      const expr = tryParse(query);
      if (expr === undefined) continue;
      read++;
      expect(meaning(printExpr(expr)), query).toBe(meaning(query));
      expect(meaning(prettyPrint(expr)), query).toBe(meaning(query));
    }
    expect(read).toBeGreaterThan(count * 0.95);
  });
});

describe('any input', () => {
  it('is read, or refused at a place in it', () => {
    const generator = new QueryGenerator(seed + 1, { depth: 3 });
    for (let i = 0; i < count; i++) {
      const expr = tryParse(generator.mutate(generator.query()));
      if (expr !== undefined) JSON.stringify(exprToJson(expr));
    }
  });

  it('may be cut anywhere', () => {
    const generator = new QueryGenerator(seed + 2, { depth: 3 });
    for (let i = 0; i < count / 50; i++) {
      const text = generator.query();
      for (let end = 0; end < text.length; end++) tryParse(text.slice(0, end));
    }
  });

  it('may be noise', () => {
    const generator = new QueryGenerator(seed + 3);
    for (let i = 0; i < count; i++) {
      const units = Array.from({ length: generator.below(40) }, () =>
        generator.below(i % 2 === 0 ? 128 : 65536),
      );
      tryParse(String.fromCharCode(...units));
    }
  });
});
