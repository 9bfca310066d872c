import { describe, expect, it } from 'vitest';
import {
  DurationError,
  type Expr,
  parseQuery,
  resolveDurations,
} from '../../../../src/core/promql/parser/index.ts';

const times = { stepMs: 15_000, rangeMs: 3_600_000 };

function resolve(query: string): Expr {
  return resolveDurations(parseQuery(query), times);
}

describe('resolveDurations', () => {
  it.each([
    ['x[26m+4m]', 1_800_000],
    ['x[60*30]', 1_800_000],
    ['x[2m*(10+5)]', 1_800_000],
    ['x[-5m+35m]', 1_800_000],
    ['x[1h/2]', 1_800_000],
    ['x[1h30m % 1h]', 1_800_000],
    ['x[2^3^2]', 512_000],
    ['x[-(-5m)]', 300_000],
    ['x[step()]', 15_000],
    ['x[step()*4 + 1ms]', 60_001],
    ['x[range()]', 3_600_000],
    ['x[min_of(range(), 1d)]', 3_600_000],
    ['x[max_of(min_of(step()+1,1h),1ms)]', 16_000],
    ['x[1.0019*1]', 1001],
  ])('%s', (query, window) => {
    expect(resolve(query)).toMatchObject({ window });
  });

  it.each([
    ['x offset step()', 15_000],
    ['x offset -step()', -15_000],
    ['x offset +step()', 15_000],
    ['x offset (step() - 20)', -5_000],
    ['x offset -(5m - 6m)', 60_000],
    ['x offset (5m - 5m)', 0],
  ])('%s', (query, offset) => {
    expect(resolve(query)).toMatchObject({ offset });
  });

  it('reaches every part of a query', () => {
    const query =
      'max_over_time(x[step():step()*2] offset (1*2)) + (-topk(scalar(z offset (5*6)), y offset (3*4)))';
    expect(resolve(query)).toMatchObject({
      lhs: { args: [{ window: 15_000, step: 30_000, offset: 2_000 }] },
      rhs: { expr: { expr: { expr: { offset: 12_000 }, param: { args: [{ offset: 30_000 }] } } } },
    });
  });

  it('returns what has nothing to resolve as it is', () => {
    const expr = parseQuery('sum(rate(x[5m] offset 1h)) / 2 + topk(1, -(y)) > max_over_time(z[5m:1m] @ 0)');
    expect(resolveDurations(expr, times)).toBe(expr);
  });

  it.each([
    ['x[5m-6m]', '2:7: duration must be greater than 0'],
    ['x[5m:1m-1m]', '5:10: duration must be greater than 0'],
    ['x[1m/(5-5)]', '2:9: division by zero'],
    ['x[1m%(step()-15)]', '2:15: modulo by zero'],
    ['x[10^30]', '2:7: duration is out of range'],
    ['x[step()]', undefined],
  ])('%s', (query, message) => {
    if (message === undefined) {
      expect(() => resolveDurations(parseQuery(query), { stepMs: 0, rangeMs: 0 })).toThrow(DurationError);
    } else {
      expect(() => resolve(query)).toThrow(new DurationError(message.replace(/^\S+ /, ''), rangeOf(message)));
    }
  });
});

function rangeOf(message: string) {
  const [start, end] = message.split(':').map(Number);
  return { start, end };
}
