import { describe, expect, it } from 'vitest';
import { InputError } from '../../../../src/core/errors.ts';
import {
  ALL_PARSER_FEATURES,
  markedLine,
  PromQLSyntaxError,
  parseQuery,
} from '../../../../src/core/promql/parser/index.ts';

function messageOf(query: string): string {
  try {
    parseQuery(query, ALL_PARSER_FEATURES);
  } catch (error) {
    if (error instanceof PromQLSyntaxError) return error.message;
    throw error;
  }
  return 'no error';
}

function errorOf(query: string): PromQLSyntaxError {
  try {
    parseQuery(query, ALL_PARSER_FEATURES);
  } catch (error) {
    if (error instanceof PromQLSyntaxError) return error;
    throw error;
  }
  throw new Error(`no error in ${query}`);
}

describe('messages', () => {
  it.each([
    // Lexical.
    ['foo $', `1:5: parse error: unexpected character: '$'`],
    ['foo !x', `1:5: parse error: unexpected character after '!': 'x'`],
    ['foo !', `1:5: parse error: unexpected character after '!': '\ufffd'`],
    ['foo =~ x', `1:5: parse error: unexpected character after '=': '~'`],
    ['foo{a!b}', `1:6: parse error: unexpected character after '!' inside braces: 'b'`],
    ['foo{1}', `1:5: parse error: unexpected character inside braces: '1'`],
    ['foo{{', `1:5: parse error: unexpected left brace '{'`],
    ['foo{a="b"', '1:10: parse error: unexpected end of input inside braces'],
    ['(foo', '1:5: parse error: unclosed left parenthesis'],
    ['foo)', `1:5: parse error: unexpected right parenthesis ')'`],
    ['foo]', `1:4: parse error: unexpected right bracket ']'`],
    ['foo[5m', '1:7: parse error: unclosed left bracket'],
    ['foo[', '1:5: parse error: unexpected end of input in duration expression'],
    ['foo[x]', `1:5: parse error: unexpected character in duration expression: 'x'`],
    ['foo[:5m]', '1:6: parse error: unexpected colon before duration in duration expression'],
    ['foo[5m:1m:1m]', `1:10: parse error: unexpected colon ':'`],
    ['foo[5m x]', `1:8: parse error: unexpected character: 'x', expected ':'`],
    ['"foo', '1:1: parse error: unterminated quoted string'],
    ['1 + `foo', '1:5: parse error: unterminated raw string'],
    ['"\\q"', `1:1: parse error: unknown escape sequence U+0071 'q'`],
    ['"\\u12"', `1:1: parse error: illegal character U+0022 '"' in escape sequence`],
    ['"\\ud800"', '1:1: parse error: escape sequence is an invalid Unicode code point'],
    ['"\\400"', '1:1: parse error: escape sequence is an invalid Unicode code point'],
    ['"\\', '1:1: parse error: escape sequence not terminated'],
    ['"\ufffd"', '1:1: parse error: invalid UTF-8 rune'],
    ['"\ud800"', '1:1: parse error: invalid UTF-8 rune'],
    ['5x', '1:1: parse error: bad number or duration syntax: "5"'],
    ['1__0', '1:1: parse error: bad number or duration syntax: "1__"'],
    ['0xeee', '1:1: parse error: bad number or duration syntax: "0xeee"'],
    [
      '1e999',
      '1:1: parse error: error parsing number: strconv.ParseFloat: parsing "1e999": value out of range',
    ],
    ['0.5.5', '1:1: parse error: error parsing number: strconv.ParseFloat: parsing "0.5.5": invalid syntax'],
    ['5hs', '1:1: parse error: unknown unit "hs" in duration "5hs"'],
    ['5m5m', '1:1: parse error: not a valid duration string: "5m5m"'],
    // Grammar.
    ['', 'unknown position: parse error: no expression found in input'],
    [' # nothing', '1:1: parse error: no expression found in input'],
    ['foo bar', '1:5: parse error: unexpected identifier "bar"'],
    ['foo +', '1:6: parse error: unexpected end of input'],
    ['foo + + ,', '1:9: parse error: unexpected ","'],
    ['foo = 5', '1:5: parse error: unexpected "="'],
    ['foo "averylongstring"', '1:5: parse error: unexpected string "\\"averylong"...'],
    ['foo by', '1:5: parse error: unexpected <by>'],
    ['foo OR == 1', '1:8: parse error: unexpected <op:==>'],
    ['foo sum', '1:5: parse error: unexpected <aggr:sum>'],
    ['a\n  + (b\n c)', '3:2: parse error: unexpected identifier "c"'],
    ['sum(a b)', '1:7: parse error: unexpected identifier "b" in aggregation'],
    ['sum(rate(a b))', '1:12: parse error: unexpected identifier "b" in aggregation'],
    ['sum by (a) b', '1:12: parse error: unexpected identifier "b" in aggregation'],
    ['sum(a) by (b) by (c)', '1:15: parse error: unexpected <by>'],
    ['sum by a', '1:8: parse error: unexpected identifier "a" in grouping opts, expected "("'],
    [
      'sum by (a b) (c)',
      '1:11: parse error: unexpected identifier "b" in grouping opts, expected "," or ")"',
    ],
    ['sum by (without) (c)', '1:9: parse error: unexpected <without> in grouping opts, expected label'],
    ['sum by ("") (c)', '1:9: parse error: invalid label name for grouping: ""'],
    ['a + on b', '1:8: parse error: unexpected identifier "b" in grouping opts, expected "("'],
    ['a + on (x) group_left', '1:22: parse error: unexpected end of input in grouping opts, expected "("'],
    ['a + group_left b', '1:5: parse error: unexpected <group_left>'],
    ['a + fill(x) b', '1:10: parse error: unexpected identifier "x"'],
    ['a + fill(1) fill(2) b', '1:17: parse error: unexpected "("'],
    ['foo{a}', '1:6: parse error: unexpected "}" in label matching, expected label matching operator'],
    ['foo{a=b}', '1:7: parse error: unexpected identifier "b" in label matching, expected string'],
    [
      'foo{a="b" c="d"}',
      '1:11: parse error: unexpected identifier "c" in label matching, expected "," or "}"',
    ],
    ['foo{,}', '1:5: parse error: unexpected "," in label matching, expected identifier or "}"'],
    [
      'foo offset',
      '1:11: parse error: unexpected end of input in offset, expected number, duration, step(), or range()',
    ],
    ['foo @ x', '1:7: parse error: unexpected identifier "x" in @, expected timestamp'],
    ['foo @ start', '1:12: parse error: unexpected end of input in @, expected timestamp'],
    [
      'foo[]',
      '1:5: parse error: unexpected "]" in subquery or range selector, expected number, duration, step(), or range()',
    ],
    ['foo[5m 5m]', '1:8: parse error: unexpected duration "5m" in subquery or range, expected ":" or "]"'],
    [
      'foo[5m:5+]',
      '1:10: parse error: unexpected "]" in subquery selector, expected number, duration, step(), range(), or "]"',
    ],
    ['foo[5m:5m 5m]', '1:11: parse error: unexpected duration "5m" in subquery selector, expected "]"'],
    ['foo(', '1:5: parse error: unclosed left parenthesis'],
    ['abs(foo,)', '1:8: parse error: trailing commas not allowed in function call args'],
    ['abs(foo,,bar)', '1:8: parse error: trailing commas not allowed in function call args'],
    ['abs(,foo)', '1:5: parse error: unexpected ","'],
    // Names, modifiers and durations.
    ['rte(foo)', '1:1: parse error: unknown function with name "rte"'],
    ['foo offset 1m offset 1m', '1:1: parse error: offset may not be set multiple times'],
    ['foo @ 1 @ 1', '1:1: parse error: @ <timestamp> may not be set multiple times'],
    ['foo @ Inf', '1:1: parse error: timestamp out of bounds for @ modifier: +Inf'],
    ['foo @ 1e20', '1:1: parse error: timestamp out of bounds for @ modifier: 100000000000000000000.000000'],
    [
      'abs(foo) offset 1m',
      '1:1: parse error: offset modifier must be preceded by an instant vector selector or range vector selector or a subquery',
    ],
    [
      '(foo) @ 1',
      '1:1: parse error: @ modifier must be preceded by an instant vector selector or range vector selector or a subquery',
    ],
    ['abs(foo)[5m]', '1:9: parse error: ranges only allowed for vector selectors'],
    ['foo offset 1m [5m]', '1:15: parse error: no offset modifiers allowed before range'],
    ['foo @ start() [5m]', '1:15: parse error: no @ modifiers allowed before range'],
    ['foo[0]', '1:5: parse error: duration must be greater than 0'],
    ['foo[5m:-1m]', '1:8: parse error: duration must be greater than 0'],
    ['foo[300y]', '1:5: parse error: duration out of range'],
    ['foo offset -1e10', '1:12: parse error: duration out of range'],
    ['foo[5m/0]', '1:7: parse error: division by zero'],
    ['foo[5m%0s]', '1:7: parse error: modulo by zero'],
    ['foo anchored smoothed', '1:1: parse error: anchored and smoothed modifiers cannot be used together'],
    ['foo[5m:] anchored', '1:1: parse error: anchored modifier is not supported for subqueries'],
    ['abs(foo) smoothed', '1:1: parse error: smoothed modifier not implemented'],
    // Types.
    [
      'rate(foo)',
      '1:6: parse error: expected type range vector in call to function "rate", got instant vector',
    ],
    ['abs(abs("x"))', '1:9: parse error: expected type instant vector in call to function "abs", got string'],
    [
      'sum(foo[5m])',
      '1:5: parse error: expected type instant vector in aggregation expression, got range vector',
    ],
    ['topk(foo, foo)', '1:6: parse error: expected type scalar in aggregation parameter, got instant vector'],
    ['count_values(1, foo)', '1:14: parse error: expected type string in aggregation parameter, got scalar'],
    ['sum()', '1:1: parse error: no arguments for aggregate expression provided'],
    [
      'topk(foo)',
      '1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1',
    ],
    ['time(1)', '1:1: parse error: expected 0 argument(s) in call to "time", got 1'],
    [
      'label_join(foo, "a")',
      '1:1: parse error: expected at least 3 argument(s) in call to "label_join", got 2',
    ],
    ['round(foo, 1, 2)', '1:1: parse error: expected at most 2 argument(s) in call to "round", got 3'],
    ['1 == 2', '1:3: parse error: comparisons between scalars must use BOOL modifier'],
    ['a + bool b', '1:3: parse error: bool modifier can only be used on comparison operators'],
    ['a + "b"', '1:5: parse error: binary expression must contain only scalar and instant vector types'],
    ['a + on (x) 1', '1:1: parse error: vector matching only allowed between instant vectors'],
    ['a + fill(0) 1', '1:1: parse error: filling in missing series only allowed between instant vectors'],
    ['a or fill(0) b', '1:1: parse error: filling in missing series not allowed for set operators'],
    ['a and 1', '1:1: parse error: set operator "and" not allowed in binary scalar expression'],
    ['a and on (x) group_left b', '1:1: parse error: no grouping allowed for "and" operation'],
    [
      'a + on (x) group_left (x) b',
      '1:3: parse error: label "x" must not occur in ON and GROUP clause at once',
    ],
    [
      '-foo[5m]',
      '1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got "range vector"',
    ],
    ['foo[5m][5m:]', '1:1: parse error: subquery is only allowed on instant vector, got matrix instead'],
    ['{}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
    ['{a=~".*", b!~"x"}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
    ['foo{__name__="bar"}', '1:1: parse error: metric name must not be set twice: "foo" or "bar"'],
    ['info(foo, bar)', '1:11: parse error: expected label selectors only, got vector selector instead'],
    ['info(foo, abs(bar))', '1:11: parse error: expected label selectors only'],
    // Columns are bytes.
    ['{"ünï"} $', `1:11: parse error: unexpected character: '$'`],
  ])('%s', (query, message) => {
    expect(errorOf(query).message).toBe(message);
  });

  it('name the fault that Prometheus comes across first', () => {
    // It reads no further than it must before it looks a function up, but one token further before it counts an
    // aggregation's arguments.
    expect(errorOf('rte(foo) $').message).toContain('unknown function');
    expect(errorOf('sum() $').message).toContain('unexpected character');
    expect(errorOf('rate(foo) + time(1) +').message).toContain('unexpected end of input');
  });

  it('carry what a regular expression is refused for', () => {
    const error = errorOf('foo{a=~"b("}');
    expect(error.message).toMatch(/^1:5: parse error: error parsing regexp: /);
    expect(error.range).toEqual({ start: 4, end: 11 });
  });
});

describe('suggestions', () => {
  it.each([
    ['rte(foo[5m])', 'did you mean rate?'],
    ['rat(foo[5m])', 'did you mean rate?'],
    ['raet(foo[5m])', 'did you mean rate?'],
    ['quantile_over(0.9, foo[5m])', 'did you mean quantile_over_time?'],
    ['rda(foo)', 'did you mean rad?'],
    ['avg_over_tim(foo[5m])', 'did you mean avg_over_time?'],
    ['Rate(foo[5m])', 'did you mean rate?'],
    ['summ(foo)', 'did you mean sum?'],
    ['histogram_quantil(0.9, foo)', 'did you mean histogram_quantile?'],
    ['holt_winters(foo[5m], 1, 1)', 'did you mean double_exponential_smoothing?'],
    ['completely_unheard_of(foo)', undefined],
    ['rate(foo)', 'add a range, such as foo[5m]'],
    ['rate(sum(foo))', 'add a range to the selector, or use a subquery: (sum(foo))[5m:]'],
    ['sum(foo[5m])', 'apply a function to the range vector first, such as rate(foo[5m])'],
    ['clamp_max(foo, bar)', 'take the value of its only series with scalar(bar)'],
    ['abs(1)', 'make it an instant vector with vector(1)'],
    ['foo = 5', 'to compare values, write =='],
    ['foo && bar', 'the operator is written and'],
    ['foo{a=1}', 'label values are strings: put it in quotes'],
    ['foo[5min]', 'the units of durations are ms, s, m, h, d, w and y'],
    ['1 < 2', 'write < bool for a result of 0 or 1'],
    ['topk(foo)', 'topk takes a parameter first, such as topk(5, …)'],
    ['{a=~".*"}', 'it would select every series; name a metric, or require a label with {label=~".+"}'],
    [
      'sum(abs(foo)[5m])',
      'a subquery takes the range of any expression: put a colon behind the range, such as [5m:]',
    ],
  ])('%s', (query, suggestion) => {
    expect(errorOf(query).suggestion).toBe(suggestion);
  });

  it('name the flag of what is not enabled', () => {
    try {
      parseQuery('mad_over_time(foo[5m])');
      expect.unreachable();
    } catch (error) {
      expect((error as PromQLSyntaxError).suggestion).toContain(
        '--enable-feature=promql-experimental-functions',
      );
    }
  });
});

describe('an error', () => {
  it('is a fault in input with a place', () => {
    const error = errorOf('a +\n  rate(b)');
    expect(error).toBeInstanceOf(InputError);
    expect(error).toMatchObject({
      code: 'bad_query',
      place: { line: 2, column: 8 },
      range: { start: 11, end: 12 },
    });
  });

  it('keeps its own position when a file is named', () => {
    expect(errorOf('a +').in({ file: 'rules.yml', line: 7 }).message).toBe(
      'rules.yml:7: 1:4: parse error: unexpected end of input',
    );
  });

  it('shows its place under the query', () => {
    expect(errorOf('a +\n\trate(bar) + c').annotate()).toBe(
      [' rate(bar) + c', '      ^^^', 'add a range, such as bar[5m]'].join('\n'),
    );
    expect(errorOf('sum("ünï")').annotate()).toBe(
      ['sum("ünï")', '    ^^^^^', 'put it in quotes'].join('\n').replace(/\nput.*/, ''),
    );
    expect(errorOf('').annotate()).toBe('\n^');
  });

  it('shows a piece of a long line', () => {
    const query = `${'a + '.repeat(100)}rate(bar) + ${'b + '.repeat(100)}c`;
    const [line, mark] = errorOf(query).annotate().split('\n');
    expect(line.length).toBeLessThanOrEqual(102);
    expect(line.slice(mark.indexOf('^'), mark.lastIndexOf('^') + 1)).toBe('bar');
  });

  it('marks at least one character, and no more than the line has', () => {
    expect(markedLine('ab\ncd', { start: 5, end: 5 })).toEqual(['cd', '  ^']);
    expect(markedLine('ab\ncd', { start: 1, end: 5 })).toEqual(['ab', ' ^']);
  });
});

describe('limits', () => {
  it('refuses queries that are too long', () => {
    expect(() => parseQuery(`${'x'.repeat(1 << 20)}x`)).toThrow('query too long');
    expect(() => parseQuery('foo + bar', { maxLength: 5 })).toThrow(
      'query too long: 9 characters, at most 5 are read',
    );
  });

  it.each([
    ['parentheses', '('.repeat(100_000)],
    ['signs', '-'.repeat(100_000)],
    ['calls', 'abs('.repeat(100_000)],
    ['powers', '1^'.repeat(100_000)],
    ['sums', `${'1+'.repeat(100_000)}1`],
    ['subqueries', `x${'[1m:]'.repeat(100_000)}`],
    ['durations', `x[${'('.repeat(100_000)}`],
    ['duration sums', `x[${'1+'.repeat(100_000)}1]`],
    ['duration signs', `x offset ${'-'.repeat(100_000)}1`],
    ['aggregations', 'sum by (a) ('.repeat(80_000)],
  ])('refuses %s without end', (_, query) => {
    expect(messageOf(query)).toMatch(/nested too deeply|subquery is only allowed|unexpected end|unclosed/);
  });

  it('reads what a query generator may come up with', () => {
    expect(() => parseQuery(Array.from({ length: 900 }, (_, i) => `m${i}`).join(' or '))).not.toThrow();
    expect(() => parseQuery(`${'('.repeat(300)}1${')'.repeat(300)}`)).not.toThrow();
    expect(() => parseQuery(`{a=~"${'x|'.repeat(20_000)}x", b="c"}`)).not.toThrow();
  });
});
