import { describe, expect, it } from 'vitest';
import { detectFormat } from '../../../src/core/exposition/detection.ts';

const detect = (text: string) => detectFormat(Buffer.from(text));

/** A length-delimited MetricFamily with this name, help and type. */
const family = (name: string, help: string): Buffer => {
  const body = Buffer.concat([
    Buffer.from([0x0a, name.length]),
    Buffer.from(name),
    Buffer.from([0x12, help.length]),
    Buffer.from(help),
    Buffer.from([0x18, 0]),
    Buffer.from([0x22, 11, 0x1a, 9, 9, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]),
  ]);
  return Buffer.concat([Buffer.from([body.length]), body]);
};

describe('detectFormat', () => {
  it.each([['{"metric":{"__name__":"up"},"values":[1]}'], [' \n{ "values" : [1]}'], ['{"a \\" b": 1']])(
    'takes %j for JSON Lines',
    (text) => {
      expect(detect(text)).toBe('jsonl');
    },
  );

  it.each([
    [''],
    ['up 1\n'],
    ['{"metric.name"} 1\n'],
    ['{"metric.name",a="b:"} 1\n'],
    ['{"metric":{'.slice(0, 5)],
    ['{a="b: "} 1'],
    ['# TYPE a counter\na{b="c"} 1 1700000000000\n'],
    ['# HELP a # EOF\n# TYPE a untyped\na 1.5\n'],
    ['a{b="x # {y}"} 1\n'],
    ['a{b="} 1 1.5"} 1\n'],
    ['a {b="c"} 1 1700000000000\n'],
    ['a 1.5 1700000000000\n'],
    ['\n\nfoo 12345 6\n'],
    ['#\n\nfoo 12345 6\n'],
    ['  \n\n# TYPE x gauge\n'],
  ])('takes %j for text', (text) => {
    expect(detect(text)).toBe('text');
  });

  it.each([
    ['up 1\n# EOF\n'],
    ['up 1\n# EOF'],
    ['# UNIT a_seconds seconds\n'],
    ['# TYPE a unknown\na 1\n'],
    ['# TYPE "a b" stateset\n'],
    ['a 1 1700000000.123\n'],
    ['a{b="}"} 1 1.0\n'],
    ['a_total 1 # {trace_id="x"} 1\n'],
    ['a_bucket{le="1"} 1 17 # {} 1\n'],
  ])('takes %j for OpenMetrics', (text) => {
    expect(detect(text)).toBe('openmetrics');
  });

  it('takes the beginning of a family message for protobuf, wherever it is cut', () => {
    const bytes = Buffer.concat([family('go_goroutines', 'Number of goroutines.'), family('up', '')]);
    for (let end = 4; end <= bytes.length; end++)
      expect(detectFormat(bytes.subarray(0, end))).toBe('protobuf');
  });

  it('takes time in proportion to the input', () => {
    for (const text of [
      '} '.repeat(200_000),
      '"'.repeat(200_001),
      `{${'" '.repeat(200_000)}`,
      '# TYPE'.repeat(50_000),
    ]) {
      expect(detect(text)).toBe('text');
    }
  });
});
