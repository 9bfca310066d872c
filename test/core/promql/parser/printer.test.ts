import { describe, expect, it } from 'vitest';
import {
  ALL_PARSER_FEATURES,
  exprToJson,
  parseQuery,
  prettyPrint,
  printExpr,
} from '../../../../src/core/promql/parser/index.ts';

function print(query: string): string {
  return printExpr(parseQuery(query, ALL_PARSER_FEATURES));
}

describe('printExpr', () => {
  it.each([
    ['1e300', `1${'0'.repeat(300)}`],
    ['1e-7', '0.0000001'],
    ['-inf', '-Inf'],
    ['NaN', 'NaN'],
    ['-0', '-0'],
    ['90m', '1h30m'],
    ['-36h', '-1d12h'],
    ['1001ms', '1s1ms'],
    ['"a\\xffü\\n"', '"a\\xffü\\n"'],
    ["'it\\'s'", '"it\'s"'],
    ['x { b = "1" , a != "2" }', 'x{a!="2",b="1"}'],
    ['{__name__="x",a="b"}', '{__name__="x",a="b"}'],
    ['{"a.b", "c.d"="e"}', '{"c.d"="e",__name__="a.b"}'],
    ['x offset -5m @ 1.5', 'x @ 1.500 offset -5m'],
    ['x[90s] offset 1h @ end()', 'x[1m30s] @ end() offset 1h'],
    ['x[5m] anchored @ start() offset 1m', 'x[5m] anchored @ start() offset 1m'],
    ['x smoothed offset 1m @ 3', 'x @ 3.000 smoothed offset 1m'],
    ['x[5m:]', 'x[5m:]'],
    ['x[5m:30] offset 1d', 'x[5m:30s] offset 1d'],
    ['x[5m+(2*1m):step()/2]', 'x[5m + (2 * 1m):step() / 2]'],
    // Prometheus prints the @ first, and so what it prints may mean something else: x @ 5.000 offset (1m + 1) * 2.
    ['x offset (1m+1) @ 5 * 2', 'x offset (1m + 1) @ 5.000 * 2'],
    ['x offset (-(1m))', 'x offset -1m'],
    ['x offset -(1m+1)', 'x offset -(1m + 1)'],
    ['x[min_of(STEP(),1m)]', 'x[min_of(step(), 1m)]'],
    ['sum(x) by (a,"b.c")', 'sum by (a, "b.c") (x)'],
    ['SUM without() (x)', 'sum without () (x)'],
    ['sum by () (x)', 'sum(x)'],
    ['topk(5,x)', 'topk(5, x)'],
    ['rate(x[1m])', 'rate(x[1m])'],
    ['time()', 'time()'],
    ['a==bool on(x,"y z")group_left b', 'a == bool on (x, "y z") group_left () b'],
    ['a+ignoring()b', 'a + b'],
    ['a+on()b', 'a + on () b'],
    ['a*ignoring()group_right(z)b', 'a * ignoring () group_right (z) b'],
    ['a+fill(1e6)b', 'a + fill (1e+06) b'],
    ['a+fill_right(1)fill_left(-Inf)b', 'a + fill_left (-Inf) fill_right (1) b'],
    ['a ATAN2 b UNLESS c', 'a atan2 b unless c'],
    ['-(a)', '-(a)'],
    ['+a^-b', '+a ^ -b'],
    ['info(x,{})', 'info(x, {})'],
  ])('%s', (query, printed) => {
    expect(print(query)).toBe(printed);
  });
});

describe('prettyPrint', () => {
  const long = 'a_metric_with_a_long_name_that_nobody_would_want_to_type{label="value"}';

  it.each([
    ['sum(x)', 'sum(x)'],
    [`sum by (job) (${long} + ${long})`, `sum by (job) (\n    ${long}\n  +\n    ${long}\n)`],
    [
      `topk(3, (${long} > bool ${long}))`,
      `topk(\n  3,\n  (\n      ${long}\n    > bool\n      ${long}\n  )\n)`,
    ],
    [`-(${long} or ${long})`, `-(\n    ${long}\n  or\n    ${long}\n)`],
    [
      `label_replace(${long}, "foo", "$1", "bar", "(.*)-long-enough")`,
      `label_replace(\n  ${long},\n  "foo",\n  "$1",\n  "bar",\n  "(.*)-long-enough"\n)`,
    ],
    [
      `abs(rate(${long}[5m]) * 1000000000000)[1h:5m] offset 1d`,
      `abs(\n  rate(${long}[5m]) * 1000000000000\n)[1h:5m] offset 1d`,
    ],
    [
      `max_over_time(abs(rate(${long}[5m]))[1h:5m])`,
      // Prometheus forgets to indent a subquery that needs no breaking.
      `max_over_time(\nabs(rate(${long}[5m]))[1h:5m]\n)`,
    ],
  ])('%s', (query, pretty) => {
    expect(prettyPrint(parseQuery(query))).toBe(pretty);
  });

  it('never breaks selectors, and counts bytes', () => {
    const wide = `x{a="${'b'.repeat(200)}"}`;
    expect(prettyPrint(parseQuery(wide))).toBe(wide);
    expect(prettyPrint(parseQuery(`abs(x{a="${'ü'.repeat(40)}"})`))).not.toContain('\n');
    expect(prettyPrint(parseQuery(`abs(x{a="${'ü'.repeat(50)}"})`))).toContain('\n');
  });

  it('gives an expression with the same meaning', () => {
    const query = `sum by (a) (rate(${long}[5m])) / on (a) group_left sum(${long} offset 1h) > bool 0.5 or -${long}`;
    expect(printExpr(parseQuery(prettyPrint(parseQuery(query))))).toBe(printExpr(parseQuery(query)));
  });
});

describe('exprToJson', () => {
  function json(query: string): string {
    return JSON.stringify(exprToJson(parseQuery(query, ALL_PARSER_FEATURES)));
  }

  it('has the shape of the HTTP API, keys in order', () => {
    expect(json('sum by (x) (rate(foo{a="b"}[5m] offset 3m @ 5))/3')).toBe(
      '{"bool":false,"lhs":{"expr":{"args":[{"anchored":false,"matchers":[{"name":"a","type":"=","value":"b"},' +
        '{"name":"__name__","type":"=","value":"foo"}],"name":"foo","offset":180000,"offsetExpr":null,' +
        '"range":300000,"rangeExpr":null,"smoothed":false,"startOrEnd":null,"timestamp":5000,' +
        '"type":"matrixSelector"}],"func":{"argTypes":["matrix"],"name":"rate","returnType":"vector","variadic":0},' +
        '"type":"call"},"grouping":["x"],"op":"sum","param":null,"type":"aggregation","without":false},' +
        '"matching":null,"op":"/","rhs":{"type":"numberLiteral","val":"3"},"type":"binaryExpr"}',
    );
  });

  it.each([
    ['-(x)', '{"expr":{"expr":{"anchored"', '"type":"parenExpr"},"op":"-","type":"unaryExpr"}'],
    ['"a\\xff"', '{"type":"stringLiteral","val":"a\ufffd"}', ''],
    ['1h', '{"type":"numberLiteral","val":"3600"}', ''],
    [
      'x @ end()',
      '{"anchored":false,"matchers":',
      '"startOrEnd":"end","timestamp":null,"type":"vectorSelector"}',
    ],
    [
      'x[5m:]',
      '{"expr":',
      '"offset":0,"offsetExpr":null,"range":300000,"rangeExpr":null,"startOrEnd":null,"step":0,"stepExpr":null,"timestamp":null,"type":"subquery"}',
    ],
    [
      'a + on (x) group_left (y) fill_left(1) b',
      '{"bool":false',
      '"matching":{"card":"many-to-one","fillValues":{"lhs":1,"rhs":null},"include":["y"],"labels":["x"],"on":true},"op":"+",' +
        `"rhs":${json('b')},"type":"binaryExpr"}`,
    ],
  ])('%s', (query, start, end) => {
    expect(json(query).startsWith(start)).toBe(true);
    expect(json(query).endsWith(end)).toBe(true);
  });

  it('shows duration expressions as trees', () => {
    expect(exprToJson(parseQuery('x[max_of(step(), 5m+3)] offset (10m/-2)'))).toMatchObject({
      range: 0,
      rangeExpr: {
        type: 'durationExpr',
        op: 'max_of',
        lhs: { type: 'durationExpr', op: 'step', lhs: null, rhs: null, wrapped: false },
        rhs: {
          type: 'durationExpr',
          op: '+',
          lhs: { type: 'numberLiteral', val: '300', duration: true },
          rhs: { type: 'numberLiteral', val: '3', duration: false },
        },
      },
      offset: 0,
      offsetExpr: { op: '/', rhs: { val: '-2' }, wrapped: true },
    });
  });
});
