import { describe, expect, it } from 'vitest';
import {
  ALL_PARSER_FEATURES,
  type Binary,
  childrenOf,
  type Expr,
  FUNCTIONS,
  parseQuery,
  parserOptionsFor,
  parseSelector,
  printExpr,
  typeOf,
  walk,
} from '../../../../src/core/promql/parser/index.ts';

function parse(query: string): Expr {
  return parseQuery(query, ALL_PARSER_FEATURES);
}

/** The tree as nested lists, which show what binds to what. */
function shape(expr: Expr): unknown {
  switch (expr.kind) {
    case 'numberLiteral':
      return expr.value;
    case 'vectorSelector':
      return expr.name;
    case 'binary':
      return [shape(expr.lhs), expr.op, shape(expr.rhs)];
    case 'unary':
      return [expr.op, shape(expr.expr)];
    case 'paren':
      return { paren: shape(expr.expr) };
    default:
      return [expr.kind, ...childrenOf(expr).map(shape)];
  }
}

describe('operators', () => {
  it.each([
    ['1 + 2 * 3', [1, '+', [2, '*', 3]]],
    ['1 * 2 + 3', [[1, '*', 2], '+', 3]],
    ['8 - 4 - 2', [[8, '-', 4], '-', 2]],
    ['2 ^ 3 ^ 2', [2, '^', [3, '^', 2]]],
    ['2 * 3 ^ 2 % 5', [[2, '*', [3, '^', 2]], '%', 5]],
    ['8 atan2 4 / 2', [[8, 'atan2', 4], '/', 2]],
    ['-1', -1],
    ['-1 ^ 2', ['-', [1, '^', 2]]],
    ['-1 * 2', [-1, '*', 2]],
    ['2 ^ -1', [2, '^', -1]],
    ['2 ^ -1 * 3', [[2, '^', -1], '*', 3]],
    ['2 ^ -3 ^ 2', [2, '^', ['-', [3, '^', 2]]]],
    ['- - a', ['-', ['-', 'a']]],
    ['-a + b', [['-', 'a'], '+', 'b']],
    ['-(1)', ['-', { paren: 1 }]],
    ['a or b and c', ['a', 'or', ['b', 'and', 'c']]],
    ['a and b unless c or d', [[['a', 'and', 'b'], 'unless', 'c'], 'or', 'd']],
    ['a == b + c', ['a', '==', ['b', '+', 'c']]],
    ['a > b and c < d', [['a', '>', 'b'], 'and', ['c', '<', 'd']]],
    ['a </ 1 + 2', ['a', '</', [1, '+', 2]]],
    ['a >/ 1 == b', [['a', '>/', 1], '==', 'b']],
    ['-a[5m:] offset 1m', undefined],
  ])('%s', (query, expected) => {
    if (expected === undefined) expect(() => parse(query)).toThrow('unary expression only allowed');
    else expect(shape(parse(query))).toEqual(expected);
  });

  it('take their modifiers in order', () => {
    const { bool, matching } = parse('a == bool on (x, "y.z") group_left (w,) fill_right(-5m) b') as Binary;
    expect(bool).toBe(true);
    expect(matching).toEqual({
      card: 'many-to-one',
      labels: ['x', 'y.z'],
      on: true,
      include: ['w'],
      fillLeft: null,
      fillRight: -300,
    });
  });

  it('match one to one on all labels unless told otherwise, sets many to many', () => {
    const none = { labels: [], on: false, include: [], fillLeft: null, fillRight: null };
    expect((parse('a + b') as Binary).matching).toEqual({ card: 'one-to-one', ...none });
    expect((parse('a or b') as Binary).matching).toEqual({ card: 'many-to-many', ...none });
    expect((parse('a + ignoring() group_right b') as Binary).matching).toEqual({
      card: 'one-to-many',
      ...none,
    });
  });

  it('match nothing where a side is a scalar', () => {
    expect((parse('a + 1') as Binary).matching).toBeNull();
    expect((parse('1 + 2') as Binary).matching).toBeNull();
  });

  it.each([
    ['a + fill(1) b', 1, 1],
    ['a + fill_left(1) b', 1, null],
    ['a + fill_right(Inf) b', null, Infinity],
    ['a + fill_left(+1) fill_right(-2) b', 1, -2],
    ['a + fill_right(2) fill_left(1) b', 1, 2],
  ])('%s fills', (query, left, right) => {
    expect((parse(query) as Binary).matching).toMatchObject({ fillLeft: left, fillRight: right });
  });

  it.each([
    ['a + fill', ['a', '+', 'fill']],
    ['fill + fill(0) b', ['fill', '+', 'b']],
    ['a + fill(0) fill', ['a', '+', 'fill']],
    ['a + fill_left(0) fill_left{x="y"} * 2', ['a', '+', ['fill_left', '*', 2]]],
    ['a * fill_right offset 1m + 2', [['a', '*', 'fill_right'], '+', 2]],
  ])('%s reads fill as a metric', (query, expected) => {
    expect(shape(parse(query))).toEqual(expected);
  });
});

describe('selectors', () => {
  it.each([
    ['up', 'up', ['__name__="up"']],
    ['job:up:sum', 'job:up:sum', ['__name__="job:up:sum"']],
    ['up{}', 'up', ['__name__="up"']],
    ['up{job="a",}', 'up', ['job="a"', '__name__="up"']],
    ['{"http.requests", a!="b"}', '', ['__name__="http.requests"', 'a!="b"']],
    ['{__name__=~"a.*"}', '', ['__name__=~"a.*"']],
    ['{"a.b" !~ `x\\d`, c = \'"\'}', '', ['"a.b"!~"x\\\\d"', 'c="\\""']],
    ['{by="x", sum="y", offset="z"}', '', ['by="x"', 'sum="y"', 'offset="z"']],
  ])('%s', (query, name, matchers) => {
    const expr = parse(query);
    expect(expr).toMatchObject({ kind: 'vectorSelector', name, offset: 0, at: null });
    expect(expr.kind === 'vectorSelector' && expr.matchers.map(String)).toEqual(matchers);
  });

  it.each([
    'sum',
    'by',
    'offset',
    'and',
    'start',
    'step',
    'min_of',
    'fill',
    'anchored',
    'topk',
    'SUM',
    'infra',
  ])('may be named %s', (name) => {
    expect(parse(name)).toMatchObject({ kind: 'vectorSelector', name });
  });

  it.each(['bool', 'on', 'ignoring', 'group_left', 'atan2'])('may not be named %s', (name) => {
    expect(() => parse(name)).toThrow(
      `1:1: parse error: unexpected <${name === 'atan2' ? 'op:' : ''}${name}>`,
    );
  });

  it.each([
    ['x[5m]', { window: 300_000 }],
    ['x[90]', { window: 90_000 }],
    ['x[1.5]', { window: 1500 }],
    ['x[1h30m]', { window: 5_400_000 }],
    ['x[0.0019]', { window: 1 }],
    ['x[5m] offset 1h @ 12.3456', { selector: { offset: 3_600_000, at: 12_346 } }],
    ['x[5m] @ end() offset -1h', { selector: { offset: -3_600_000, at: 'end' } }],
    ['x[5m] anchored', { selector: { anchored: true, smoothed: false } }],
    ['x smoothed [5m] offset 1m', { selector: { anchored: false, smoothed: true, offset: 60_000 } }],
  ])('%s is a range', (query, expected) => {
    expect(parse(query)).toMatchObject({ kind: 'matrixSelector', ...expected });
  });

  it.each([
    ['x[5m:]', { window: 300_000, step: null }],
    ['x[5m:1m] offset 1d @ start()', { window: 300_000, step: 60_000, offset: 86_400_000, at: 'start' }],
    ['x @ 1 [5m:30] @ -2.0005', { at: -2001, expr: { at: 1000 } }],
    ['(a + b)[1h:]', { window: 3_600_000, expr: { kind: 'paren' } }],
  ])('%s is a subquery', (query, expected) => {
    expect(parse(query)).toMatchObject({ kind: 'subquery', ...expected });
  });

  it('reads lists of matchers alone', () => {
    expect(parseSelector('up{job=~"a|b"}').map(String)).toEqual(['job=~"a|b"', '__name__="up"']);
    expect(parseSelector('{}')).toEqual([]);
    expect(() => parseSelector('sum(up)')).toThrow('1:4: parse error: unexpected "("');
    expect(() => parseSelector('1')).toThrow('1:1: parse error: unexpected number "1"');
  });
});

describe('offsets', () => {
  // Only the first term belongs to the offset, except in parentheses.
  it.each([
    ['x offset 5m + 1', '+'],
    ['x offset -5m ^ 2', '^'],
    ['x offset step() * 2', '*'],
    ['x offset -min_of(step(), 1s) - 1', '-'],
    ['x offset -(step()) + 1', '+'],
  ])('%s is arithmetic with a selector', (query, op) => {
    expect(parse(query)).toMatchObject({ kind: 'binary', op, lhs: { kind: 'vectorSelector' } });
  });

  it.each(['x offset (5m + 1)', 'x offset (2m) + 1', 'x offset - -2m + 1'])('%s is one offset', (query) => {
    expect(parse(query)).toMatchObject({ kind: 'vectorSelector', offset: { kind: 'durationBinary' } });
  });

  it('may be zero, and then is none', () => {
    expect(parse('x offset 0s offset 5m')).toMatchObject({ offset: 300_000 });
    expect(() => parse('x offset 5m offset 0s')).toThrow('offset may not be set multiple times');
  });
});

describe('calls and aggregations', () => {
  it('knows the functions of Prometheus 3.14', () => {
    expect(FUNCTIONS.size).toBe(90);
  });

  it.each([
    ['time()', 'scalar', 0],
    ['round(x)', 'vector', 1],
    ['round(x, 5)', 'vector', 2],
    ['label_join(x, "a", ",")', 'vector', 3],
    ['label_join(x, "a", ",", "b", "c", "d")', 'vector', 6],
    ['sort_by_label(x, "a", "b")', 'vector', 3],
    ['hour()', 'vector', 0],
    ['histogram_quantiles(x, "q", 0.1, 0.2, 0.3)', 'vector', 5],
    ['min_of(step(), range())', 'scalar', 2],
    ['info(x, {})', 'vector', 2],
  ])('%s', (query, type, args) => {
    const expr = parse(query);
    expect(typeOf(expr)).toBe(type);
    expect(childrenOf(expr)).toHaveLength(args);
  });

  it.each([
    ['sum(x)', { op: 'sum', grouping: [], without: false, param: null }],
    ['SUM BY (a, "b.c",) (x)', { op: 'sum', grouping: ['a', 'b.c'], without: false }],
    ['sum(x) without (by, on)', { op: 'sum', grouping: ['by', 'on'], without: true }],
    ['topk(3, x) by (a)', { op: 'topk', grouping: ['a'], param: { value: 3 } }],
    ['count_values by () ("v", x)', { op: 'count_values', grouping: [], param: { value: 'v' } }],
  ])('%s', (query, expected) => {
    expect(parse(query)).toMatchObject({ kind: 'aggregate', ...expected });
  });
});

describe('literals', () => {
  it.each([
    ['0x1F', 31],
    ['010', 8],
    ['08', 8],
    ['1_000.5', 1000.5],
    ['1e3', 1000],
    ['1.', 1],
    ['.5e-1', 0.05],
    ['Inf', Infinity],
    ['-INF', -Infinity],
    ['nAn', NaN],
    ['0x1e5', 0x1e5],
    ['0x1e11e1FF', 0x1e11e1ff],
    ['0x7fff_ffff_ffff_ffff', 2 ** 63],
    ['18446744073709551616', 2 ** 64],
    ['077777777777777777777777', Number('77777777777777777777777')],
    ['5m', 300],
    ['-1h30m', -5400],
  ])('%s', (query, value) => {
    expect(parse(query)).toMatchObject({ kind: 'numberLiteral', value });
  });

  it.each([
    [`"a\\n\\t\\"\\\\"`, 'a\n\t"\\'],
    [`'it\\'s "so"'`, 'it\'s "so"'],
    ['`raw \\n`', 'raw \\n'],
    ['"\\u00fc\\U0001F600\\x41\\101"', 'ü😀AA'],
    ['"\\xc3\\xbc"', 'ü'],
    ['"a\\xff\\303b"', 'a\udcff\udcc3b'],
  ])('%s', (query, value) => {
    expect(parse(query)).toMatchObject({ kind: 'stringLiteral', value });
  });
});

describe('trees', () => {
  it('know where in the query each node stands, in bytes', () => {
    const query = 'sum by (a) (\n  rate({"ü"}[5m] offset 1m)\n) / 2 # done';
    const ranges: string[] = [];
    walk(parse(query), ({ kind, range }) => {
      ranges.push(`${kind} ${Buffer.from(query).toString('utf8', range.start, range.end)}`);
    });
    expect(ranges).toEqual([
      'binary sum by (a) (\n  rate({"ü"}[5m] offset 1m)\n) / 2',
      'aggregate sum by (a) (\n  rate({"ü"}[5m] offset 1m)\n)',
      'call rate({"ü"}[5m] offset 1m)',
      'matrixSelector {"ü"}[5m] offset 1m',
      'vectorSelector {"ü"}',
      'numberLiteral 2',
    ]);
  });

  it('do not notice comments, line ends and the case of keywords', () => {
    const query = '# all\nSUM(a) # some\r\n\tBy (x)\n/ ON(x) Group_Left\n\nb OFFSET 5m';
    expect(printExpr(parse(query))).toBe('sum by (x) (a) / on (x) group_left () b offset 5m');
  });
});

describe('features', () => {
  it.each([
    ['promql-experimental-functions', 'mad_over_time(x[5m])', 'function "mad_over_time" is not enabled'],
    [
      'promql-experimental-functions',
      'limitk(1, x)',
      'limitk() is experimental and must be enabled with --enable-feature=promql-experimental-functions',
    ],
    [
      'promql-extended-range-selectors',
      'x[5m] anchored',
      'anchored modifier is experimental and not enabled',
    ],
    ['promql-binop-fill-modifiers', 'a + fill(0) b', 'binop fill modifiers are experimental and not enabled'],
  ])('%s allows %s', (feature, query, reason) => {
    expect(() => parseQuery(query)).toThrow(reason);
    expect(() => parseQuery(query, parserOptionsFor([feature, 'another-feature']))).not.toThrow();
  });

  it('allows arithmetic in durations by default, as Prometheus 3.14', () => {
    expect(() => parseQuery('x[5m + 1m]')).not.toThrow();
    const off = { durationExpressions: false };
    for (const query of ['x[5m + 1m]', 'x[(5m)]', 'x offset step()', 'x[max_of(1m, 2m)]']) {
      expect(() => parseQuery(query, off)).toThrow('experimental duration expression is not enabled');
    }
    expect(() => parseQuery('x[5m] offset -1m', off)).not.toThrow();
  });

  it('allows first_over_time by default, as Prometheus 3.14', () => {
    expect(() => parseQuery('first_over_time(x[5m])')).not.toThrow();
  });
});
