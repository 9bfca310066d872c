import { describe, expect, it } from 'vitest';
import { InputError } from '../../../../src/core/errors.ts';
import { CounterReset, isStale } from '../../../../src/core/model/index.ts';
import {
  parseSeriesNotation,
  parseSeriesValues,
  type Sequence,
} from '../../../../src/core/promql/test-language/index.ts';

/** Floats as numbers, gaps as `_`, stale markers as `stale`, histograms as their sums in braces. */
function rows(sequence: Sequence): unknown[] {
  return Array.from({ length: sequence.length }, (_, i) => {
    if (sequence.present[i] === 0) return '_';
    if (isStale(sequence.values, i)) return 'stale';
    const histogram = sequence.histogramAt(i);
    return histogram === null ? sequence.values[i] : `{${histogram.sum}}`;
  });
}

function faultOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    expect(error).toMatchObject({ code: 'bad_series' });
    return (error as InputError).message;
  }
  return 'no fault';
}

describe('series values', () => {
  it.each([
    ['', []],
    ['1 2.5 -3', [1, 2.5, -3]],
    ['  1   2 ', [1, 2]],
    ['1e3 .5 1. 1E-2 1_000', [1000, 0.5, 1, 0.01, 1000]],
    ['NaN Inf -Inf +inf +1', [NaN, Infinity, -Infinity, Infinity, 1]],
    ['_ 1 _x3 2', ['_', 1, '_', '_', '_', 2]],
    ['_x0', []],
    ['stale 1 stalex1', ['stale', 1, 'stale', 'stale']],
    ['5x3', [5, 5, 5, 5]],
    ['5x0', [5]],
    ['-5x1', [-5, -5]],
    ['1+2x3', [1, 3, 5, 7]],
    ['10-3x2', [10, 7, 4]],
    ['-2-1.5x1', [-2, -3.5]],
    ['1e2+1e1x2', [100, 110, 120]],
    ['0.1+0.1x3', [0.1, 0.1 + 0.1, 0.1 + 0.1 + 0.1, 0.1 + 0.1 + 0.1 + 0.1]],
    ['NaNx1 Infx1', [NaN, NaN, Infinity, Infinity]],
    ['{{}} {{sum:3}} 1', ['{0}', '{3}', 1]],
    ['{{sum:3}}x2', ['{3}', '{3}', '{3}']],
    ['{{sum:3}}+{{sum:2}}x2', ['{3}', '{5}', '{7}']],
    ['{{sum:3}}-{{sum:2}}x2', ['{3}', '{1}', '{-1}']],
    ['-30s-1mx2 5m', [-30, -90, -150, 300]],
    ['1ms-1m30sx1', [0.001, 0.001 - 90]],
  ])('%s', (text, expected) => {
    expect(rows(parseSeriesValues(text))).toEqual(expected);
  });

  it('describe histograms', () => {
    const text =
      '{{schema:1 sum:-0.3 count:32.1 z_bucket:7.1 z_bucket_w:0.05 buckets:[5.1 10 7] offset:-3 n_buckets:[4.1 5] n_offset:-5}}';
    expect(parseSeriesValues(text).histogramAt(0)).toEqual({
      isFloat: true,
      counterReset: CounterReset.unknown,
      schema: 1,
      sum: -0.3,
      count: 32.1,
      zeroCount: 7.1,
      zeroThreshold: 0.05,
      stale: false,
      positiveSpans: [{ offset: -3, length: 3 }],
      positiveBuckets: Float64Array.of(5.1, 10, 7),
      negativeSpans: [{ offset: -5, length: 2 }],
      negativeBuckets: Float64Array.of(4.1, 5),
      customValues: new Float64Array(0),
    });
    expect(
      parseSeriesValues('{{ schema:-53 custom_values:[5 10] buckets:[ 1 4 ] }}').histogramAt(0),
    ).toMatchObject({
      schema: -53,
      customValues: Float64Array.of(5, 10),
      positiveBuckets: Float64Array.of(1, 4),
    });
    expect(parseSeriesValues('{{sum:Inf count:NaN buckets:[-Inf]}}').histogramAt(0)).toMatchObject({
      sum: Infinity,
      count: NaN,
    });
  });

  it('remember whether a counter reset hint was given', () => {
    const { histograms, hintsGiven } = parseSeriesValues(
      '1 {{}} {{counter_reset_hint:gauge}} {{counter_reset_hint:not_reset}} {{counter_reset_hint:unknown}} {{}}+{{counter_reset_hint:reset}}x1',
    );
    expect(histograms?.map((h) => h?.counterReset)).toEqual([
      undefined,
      CounterReset.unknown,
      CounterReset.gauge,
      CounterReset.notReset,
      CounterReset.unknown,
      CounterReset.unknown,
      CounterReset.unknown,
    ]);
    expect(hintsGiven).toEqual([false, false, true, true, true, true, true]);
  });

  it('are columns of any length', () => {
    const sequence = parseSeriesValues('1+1x99999 _x5');
    expect(sequence.length).toBe(100_005);
    expect(sequence.values[99_999]).toBe(100_000);
    expect(sequence.present[100_004]).toBe(0);
  });

  it.each([
    ['1 x', 'line 1, column 3: unexpected "x" in series values, expected number or "stale"'],
    ['1+2', 'line 1, column 4: unexpected end of input in series values, expected "x"'],
    ['1+stalex2', 'line 1, column 2: unexpected "+stalex2" in series values, expected number or "stale"'],
    ['1x', 'line 1, column 3: unexpected end of input in series values, expected number of repetitions'],
    ['1x-2', 'line 1, column 3: unexpected "-2" in series values, expected number of repetitions'],
    ['1,2', 'line 1, column 2: unexpected ",2" in series values, expected a space'],
    ['12q', 'line 1, column 1: bad number syntax: "12q"'],
    ['1 5h5h', 'line 1, column 3: not a valid duration string: "5h5h"'],
    [
      '1 1e999',
      'line 1, column 3: error parsing number: strconv.ParseFloat: parsing "1e999": value out of range',
    ],
    ['1x99999999999', 'line 1, column 3: too many values: a series may have 16777216'],
    ['{{sum:1', 'line 1, column 1: unclosed histogram: add }}'],
    ['{{sum}}', 'line 1, column 3: missing `:` for histogram descriptor'],
    ['{{foo:1}}', 'line 1, column 3: bad histogram descriptor found: "foo"'],
    ['{{sum:1 sum:2}}', 'line 1, column 9: duplicate key "sum" in histogram'],
    ['{{sum:x}}', 'line 1, column 7: error parsing number: strconv.ParseFloat: parsing "x": invalid syntax'],
    ['{{schema:1.5}}', 'line 1, column 10: unexpected "1.5" in histogram description, expected integer'],
    [
      '{{buckets:[1 2}}',
      'line 1, column 11: unexpected "[1 2" in histogram description, expected a list such as [5 10 7]',
    ],
    ['{{counter_reset_hint:maybe}}', 'line 1, column 22: bad histogram descriptor found: "maybe"'],
    [
      '{{5}}',
      'line 1, column 3: unexpected "5" in histogram description, expected a key such as buckets:[5 10 7]',
    ],
    [
      '{{schema:2}}+{{schema:1}}x1',
      'line 1, column 1: error combining histograms: cannot merge from schema 1 to 2',
    ],
    ['{{}}+5x1', 'line 1, column 6: unexpected "5x1" in series values, expected "{{"'],
  ])('%s is an error', (text, message) => {
    expect(faultOf(() => parseSeriesValues(text))).toBe(message);
  });
});

describe('series notation', () => {
  it.each([
    ['up 1', { __name__: 'up' }, [1]],
    ['up', { __name__: 'up' }, []],
    ['up{job="a", x=\'y\',} 1 2', { __name__: 'up', job: 'a', x: 'y' }, [1, 2]],
    ['{} 3', {}, [3]],
    ['{"http.requests", "a.b"="c"} 1', { __name__: 'http.requests', 'a.b': 'c' }, [1]],
    ['{__name__="m"}\t1', { __name__: 'm' }, [1]],
    ['job:x:sum{le="0.5"} _ stale', { __name__: 'job:x:sum', le: '0.5' }, ['_', 'stale']],
    ['sum{by="\\"}{"} {{sum:2}}', { __name__: 'sum', by: '"}{' }, ['{2}']],
    ['metric {{sum:2}}x1', { __name__: 'metric' }, ['{2}', '{2}']],
    ['x{empty=""} 1', { __name__: 'x' }, [1]],
  ])('%s', (text, labels, values) => {
    const series = parseSeriesNotation(text);
    expect({ ...series.labels.toObject() }).toEqual(labels);
    expect(rows(series.values)).toEqual(values);
    expect(series.isStartTime).toBe(false);
  });

  it('marks start timestamps', () => {
    const series = parseSeriesNotation('foo{a="b"}@st  _ -1mx1');
    expect(series.isStartTime).toBe(true);
    expect(rows(series.values)).toEqual(['_', -60, -60]);
    expect(parseSeriesNotation('foo@st 0').isStartTime).toBe(true);
  });

  it.each([
    ['{a="b" 1', "line 1, column 8: unexpected character inside braces: '1'"],
    ['foo{a} 1', 'line 1, column 6: unexpected "}" in label set, expected "="'],
    ['foo{a=b} 1', 'line 1, column 7: unexpected identifier "b" in label set, expected string'],
    ['foo{a="1", a="2"} 1', 'line 1, column 1: label "a" is given twice'],
    ['foo{__name__="bar"} 1', 'line 1, column 1: label "__name__" is given twice'],
    ['5 1', 'line 1, column 1: unexpected number "5"'],
    ['foo @ 1', 'line 1, column 5: unexpected "@" in series values, expected number or "stale"'],
    ['foo{a="b"}1', 'line 1, column 11: unexpected "1" in series values, expected a space'],
  ])('%s is an error', (text, message) => {
    expect(faultOf(() => parseSeriesNotation(text))).toBe(message);
  });
});
