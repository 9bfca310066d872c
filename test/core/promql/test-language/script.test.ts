import { describe, expect, it } from 'vitest';
import { InputError } from '../../../../src/core/errors.ts';
import {
  type EvalCommand,
  type LoadCommand,
  parseTestScript,
} from '../../../../src/core/promql/test-language/index.ts';

function evalOf(text: string): EvalCommand {
  const [command] = parseTestScript(text).commands;
  expect(command.kind).toBe('eval');
  return command as EvalCommand;
}

function loadOf(text: string): LoadCommand {
  const [command] = parseTestScript(text).commands;
  expect(command.kind).toBe('load');
  return command as LoadCommand;
}

function faultOf(text: string): string {
  try {
    for (const command of parseTestScript(text, { file: 'x.test' }).commands) {
      if (command.kind === 'badEval') throw command.fault;
    }
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    expect(error).toMatchObject({ code: 'bad_test' });
    return (error as InputError).message;
  }
  return 'no fault';
}

describe('scripts', () => {
  it('are commands, ended by empty lines and comments', () => {
    const { file, commands } = parseTestScript(
      [
        '# A comment.',
        'load 5m',
        '\tfoo 1 2',
        '  bar{a="b"} 3',
        '',
        'eval instant at 5m foo',
        '  foo 2',
        '  # done',
        'CLEAR',
        'clear now',
        'eval range from 0 to 10m step 5m foo + 1',
      ].join('\r\n'),
      { file: 'x.test' },
    );
    expect(file).toBe('x.test');
    expect(commands.map(({ kind, line }) => `${kind} ${line}`)).toEqual([
      'load 2',
      'eval 6',
      'clear 9',
      'clear 10',
      'eval 11',
    ]);
  });

  it('load series', () => {
    const load = loadOf('load_with_nhcb 1m30s\n  foo{x="y"} 1+1x3\n  bar _ stale\n  foo{x="y"} 7');
    expect(load).toMatchObject({ stepMs: 90_000, withNhcb: true });
    expect(load.series.map(({ labels, line }) => `${labels} ${line}`)).toEqual(['foo{x="y"} 4', 'bar 3']);
    expect(load.series[0].values.values[0]).toBe(7);
    expect(loadOf('load 0').series).toEqual([]);
  });

  it('load start timestamps with the series that follows', () => {
    const { series } = loadOf('load 1m\n  a@st _ -30s\n  a 1 2\n  b 1');
    expect(series.map(({ labels, startTimes }) => `${labels} ${startTimes?.values[1]}`)).toEqual([
      'a -30',
      'b undefined',
    ]);
  });

  it('ask instant queries', () => {
    expect(evalOf('  eval instant at 1h5m  sum by (a) (foo) ')).toMatchObject({
      line: 1,
      expr: 'sum by (a) (foo)',
      column: 25,
      query: { kind: 'instant', atMs: 3_900_000 },
      expected: { kind: 'series', series: [] },
      fail: null,
      ordered: false,
      warn: [],
      info: [],
      noWarn: false,
      noInfo: false,
    });
  });

  it('ask range queries', () => {
    expect(evalOf('eval range from 1m to 2m step 30s foo offset 1m').query).toEqual({
      kind: 'range',
      startMs: 60_000,
      endMs: 120_000,
      stepMs: 30_000,
    });
  });

  it('expect series, in order', () => {
    const { expected } = evalOf('eval range from 0 to 1m step 1m foo\n  {b="1"} 1 2\n  {a="1"} 3x1');
    expect(
      expected.kind === 'series' && expected.series.map(({ labels, line }) => `${labels} ${line}`),
    ).toEqual(['{b="1"} 2', '{a="1"} 3']);
  });

  it.each([
    ['5', 5],
    ['-0.5e3', -500],
    ['+Inf', Infinity],
    ['NaN', NaN],
    ['0x10', 16],
  ])('expect the scalar %s', (text, value) => {
    expect(evalOf(`eval instant at 0 1\n  ${text}`).expected).toEqual({ kind: 'scalar', value });
  });

  it('end behind a scalar', () => {
    expect(parseTestScript('eval instant at 0 1\n 1\nclear').commands).toHaveLength(2);
  });

  it.each([
    ['"a\\"b"', 'a"b'],
    ['` x `', ' x '],
    ['""', ''],
  ])('expect the string %s', (text, value) => {
    expect(evalOf(`eval instant at 0 "x"\n  expect string ${text}`).expected).toEqual({
      kind: 'string',
      value,
    });
  });

  it('expect range vectors of instant queries', () => {
    const { expected, query } = evalOf(
      'eval instant at 9m foo[2m]\n  expect range vector from 1m to 2m step 60s\n  foo 1 _ 2',
    );
    expect(query).toEqual({ kind: 'instant', atMs: 120_000 });
    expect(expected).toMatchObject({
      kind: 'rangeVector',
      times: { startMs: 60_000, endMs: 120_000, stepMs: 60_000 },
      series: [{ line: 3, values: { length: 3 } }],
    });
  });

  it('expect messages', () => {
    const command = evalOf(
      [
        'eval instant at 0 foo',
        'expect warn msg: PromQL warning: x (1:1)',
        'expect warn regex: y .*\\d$',
        'expect no_info',
        'expect ordered',
      ].join('\n'),
    );
    expect(command).toMatchObject({ ordered: true, noInfo: true, noWarn: false, fail: null, info: [] });
    const [message, regex] = command.warn;
    expect(message).toMatchObject({ kind: 'message', text: 'PromQL warning: x (1:1)' });
    expect(message.matches('PromQL warning: x (1:1)')).toBe(true);
    expect(message.matches('PromQL warning: x (1:1) ')).toBe(false);
    expect(regex).toMatchObject({ kind: 'regex', text: 'y .*\\d$' });
    expect(regex.matches('xx y (1:1)')).toBe(false);
    expect(regex.matches('xx y 11')).toBe(true);
  });

  it.each([
    ['eval instant at 0 foo\n expect fail', 'any', true],
    ['eval_fail instant at 0 foo', 'any', true],
    ['eval instant at 0 foo\n expect fail msg:no', 'message', false],
    ['eval_fail instant at 0 foo\n expected_fail_message no', 'message', false],
    ['eval_fail instant at 0 foo\n expected_fail_regexp (many|few)', 'regex', true],
    ['eval_fail range from 0 to 1m step 1m foo\n expect fail regex: many', 'regex', true],
  ])('%s', (text, kind, matches) => {
    const { fail } = evalOf(text);
    expect(fail?.kind).toBe(kind);
    expect(fail?.matches('too many')).toBe(matches);
  });

  it('know the older commands', () => {
    expect(evalOf('eval_warn instant at 0 foo').warn.map(({ kind }) => kind)).toEqual(['any']);
    expect(evalOf('eval_info range from 0 to 1m step 1m foo').info.map(({ kind }) => kind)).toEqual(['any']);
    expect(evalOf('eval_ordered instant at 0 foo').ordered).toBe(true);
  });

  it('do not take a series for an expectation', () => {
    const { expected } = evalOf('eval instant at 0 foo\n  expected_total 1\n  expected_fail_message{} 2');
    expect(expected.kind === 'series' && expected.series).toHaveLength(2);
  });

  it.each([
    ['lod 5m', 'x.test:1:1: invalid command "lod 5m", expected load, clear or eval'],
    ['load', 'x.test:1:1: invalid load command. (load[_with_nhcb] <step:duration>)'],
    ['load 5x', 'x.test:1:6: invalid step definition "5x": unknown unit "x" in duration "5x"'],
    ['\n load 5m\n  foo 1 2 y', 'x.test:3:11: unexpected "y" in series values, expected number or "stale"'],
    ['load 5m\n foo@st 1\n bar 1', 'x.test:1:1: start timestamps without samples: foo must follow foo@st'],
    ['eval foo', /^x\.test:1:1: invalid evaluation command/],
    ['eval_ordered range from 0 to 1m step 1m foo', /^x\.test:1:1: invalid evaluation command/],
    ['eval instant at 5m  foo{', 'x.test:1:25: parse error: unexpected end of input inside braces'],
    [
      'eval instant at 5q foo',
      'x.test:1:17: invalid timestamp definition "5q": unknown unit "q" in duration "5q"',
    ],
    [
      'eval range from 2m to 1m step 1m foo',
      'x.test:1:1: invalid test definition, end timestamp (1m) is before start timestamp (2m)',
    ],
    [
      'eval instant at 0 foo\n {} 1 2',
      /^x\.test:2:2: expecting multiple values in instant evaluation not allowed/,
    ],
    ['eval instant at 0 foo\n expect nothing', /^x\.test:2:2: invalid expect statement/],
    ['eval instant at 0 foo\n expect string x', /^x\.test:2:2: expected string literal not valid/],
    [
      'eval instant at 0 foo\n expect warn\n expect no_warn',
      /^x\.test:3:2: invalid expect lines, warn and no_warn/,
    ],
    [
      'eval instant at 0 foo\n expect info\n expect no_info',
      /^x\.test:3:2: invalid expect lines, info and no_info/,
    ],
    [
      'eval instant at 0 foo\n expect fail\n expect fail',
      /^x\.test:3:2: invalid expect lines, multiple expect fail/,
    ],
    ['eval instant at 0 foo\n expect warn regex: (', /^x\.test:2:2: error parsing regexp/],
  ])('%s is an error', (text, message) => {
    const fault = faultOf(text);
    if (typeof message === 'string') expect(fault).toBe(message);
    else expect(fault).toMatch(message);
  });

  it('may restrict the language', () => {
    const text = 'eval instant at 0 mad_over_time(foo[5m])';
    expect(parseTestScript(text).commands).toMatchObject([{ kind: 'eval' }]);
    const [command] = parseTestScript(text, { parser: {} }).commands;
    expect(command.kind === 'badEval' && command.fault.reason).toContain(
      'function "mad_over_time" is not enabled',
    );
  });

  it('go on behind an eval that is malformed', () => {
    const text =
      'eval instant at 0 foo{\n  expect warn\n  {} 1 2 3\n\nclear\neval instant at 0 foo\n expect x\neval at 0';
    expect(parseTestScript(text).commands).toMatchObject([
      { kind: 'badEval', line: 1, expr: 'foo{' },
      { kind: 'clear' },
      { kind: 'badEval', line: 6, expr: 'foo' },
    ]);
  });

  it('may be cut anywhere', () => {
    const text = `load_with_nhcb 5m
  a{b="c"}@st _ -1mx2
  a{b="c"} _ {{schema:1 sum:2 buckets:[1 2]}}+{{sum:1}}x1 stale
eval_fail instant at 1m sum(a)
  expected_fail_regexp (x|y)

eval range from 1m to 2m step 1m topk(1, a)
  expect warn regex: foo.*
  {b="c"} 1+1x1
`;
    for (let end = 0; end <= text.length; end++) {
      try {
        parseTestScript(text.slice(0, end));
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
      }
    }
  });
});
