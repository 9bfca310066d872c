/** Random export requests. */
import fc from 'fast-check';
import type { Exemplar, Metric, Pairs, Point, ResourceMetrics, Value } from './otlp-message.ts';

const KEYS = [
  'a',
  'a.b',
  'a_b',
  'http.method',
  '_x',
  '2x',
  '__r',
  'job',
  'ü',
  'instance',
  'le',
  'quantile',
  '__name__',
];

const leaf: fc.Arbitrary<Value> = fc.oneof(
  fc.string({ maxLength: 6, unit: 'grapheme' }),
  fc.boolean(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.double(),
  fc.uint8Array({ maxLength: 5 }),
  fc.constant(null),
);

const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc
      .array(fc.tuple(fc.constantFrom('b', 'a', '<', 'é'), tie('value')), { maxLength: 3 })
      .map((pairs) => ({ pairs })),
  ),
}));

/** Values are texts mostly, as they are in the world. */
function pairs(keys: readonly string[]): fc.Arbitrary<Pairs> {
  const one = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('x', 'y', '') },
    { weight: 1, arbitrary: value },
  );
  return fc.array(fc.tuple(fc.constantFrom(...keys), one), { maxLength: 4 });
}

const bound = fc.constantFrom(-1, 0, 0.005, 0.25, 1, 2.5, 1e6, 1e21);

function exemplars(nowMs: number): fc.Arbitrary<Exemplar[]> {
  const exemplar = fc.record(
    {
      ns: fc.integer({ min: 0, max: 50_000 }).map((ms) => BigInt(nowMs - ms) * 1_000_000n),
      double: fc.constantFrom(-2, 0.1, 0.5, 3, 1e7),
      traceId: fc.constantFrom('', '0102030405060708090a0b0c0d0e0f10'),
      spanId: fc.constantFrom('', '0102030405060708'),
      attributes: pairs(['k', 'k.l']),
    },
    { requiredKeys: ['ns', 'double'] },
  );
  return fc.array(exemplar, { maxLength: 2 });
}

export interface Shapes {
  /** The newest time of the points. */
  nowMs: number;
  /** Of metrics: each series then comes from one request alone. */
  prefix: string;
}

export function requests({ nowMs, prefix }: Shapes): fc.Arbitrary<ResourceMetrics[]> {
  const common = {
    attributes: pairs(KEYS),
    ns: fc.integer({ min: 0, max: 600_000 }).map((ms) => BigInt(nowMs - ms) * 1_000_000n + 4321n),
    flags: fc.constantFrom(0, 0, 0, 1),
  };
  const number: fc.Arbitrary<Point> = fc.record(
    { ...common, double: fc.oneof(fc.double(), fc.constant(undefined)), exemplars: exemplars(nowMs) },
    { requiredKeys: ['ns'] },
  );
  const integer: fc.Arbitrary<Point> = fc.record(
    { ...common, int: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) },
    { requiredKeys: ['ns', 'int'] },
  );
  const counts = fc.array(fc.constantFrom(0, 0, 1, 2, 7, 1000), { maxLength: 8 });
  const histogram: fc.Arbitrary<Point> = fc
    .record({
      ...common,
      sum: fc.option(fc.double({ noNaN: true }), { nil: undefined }),
      bounds: fc.uniqueArray(bound, { maxLength: 5 }).map((all) => all.sort((a, b) => a - b)),
      bucketCounts: counts,
      exemplars: exemplars(nowMs),
    })
    .map((point) => {
      const bucketCounts = Array.from(
        { length: point.bounds.length + 1 },
        (_, i) => point.bucketCounts[i] ?? 0,
      );
      return { ...point, bucketCounts, count: sumOf(bucketCounts) };
    });
  const side = fc.record({ offset: fc.integer({ min: -40, max: 40 }), counts });
  const exponential: fc.Arbitrary<Point> = fc
    .record({
      ...common,
      sum: fc.option(fc.double({ noNaN: true }), { nil: undefined }),
      scale: fc.integer({ min: -4, max: 8 }),
      zeroCount: fc.nat({ max: 5 }),
      positive: side,
      negative: fc.option(side, { nil: undefined }),
      exemplars: exemplars(nowMs),
    })
    .map((point) => ({
      ...point,
      count: point.zeroCount + sumOf(point.positive.counts) + sumOf(point.negative?.counts ?? []),
    }));
  const summary: fc.Arbitrary<Point> = fc.record({
    ...common,
    count: fc.nat(),
    sum: fc.double(),
    quantiles: fc.uniqueArray(fc.tuple(fc.constantFrom(0, 0.5, 0.9, 0.999, 1), fc.double()), {
      maxLength: 4,
      selector: ([quantile]) => quantile,
    }),
  });
  const named = {
    name: fc
      .constantFrom(
        'a',
        'a.b',
        'http.server.duration',
        'x_total',
        'bytes.used',
        'ratio',
        '2x',
        'ü',
        'a__b',
        'p:q',
      )
      .map((name) => `${prefix}${name}`),
    unit: fc.constantFrom(
      '',
      '1',
      's',
      'By',
      'By/s',
      '{x}',
      '{x}/m',
      'foo',
      '%',
      'ms/d',
      'm/s/s',
      '/',
      'a b',
    ),
    description: fc.constantFrom('', 'What it is.'),
  };
  const temporality = fc.constantFrom(2, 2, 2, 2, 1, 0);
  const points = (point: fc.Arbitrary<Point>) => fc.array(point, { maxLength: 3 });
  const metric: fc.Arbitrary<Metric> = fc.oneof(
    fc.record({ ...named, kind: fc.constant('gauge' as const), points: points(fc.oneof(number, integer)) }),
    fc.record({
      ...named,
      kind: fc.constant('sum' as const),
      temporality,
      isMonotonic: fc.boolean(),
      points: points(fc.oneof(number, integer)),
    }),
    fc.record({ ...named, kind: fc.constant('histogram' as const), temporality, points: points(histogram) }),
    fc.record({
      ...named,
      kind: fc.constant('exponential' as const),
      temporality,
      points: points(exponential),
    }),
    fc.record({ ...named, kind: fc.constant('summary' as const), points: points(summary) }),
    fc.record(named),
  );
  const scope = fc.record({
    name: fc.constantFrom('', 'lib'),
    version: fc.constantFrom('', '1.2'),
    attributes: pairs(['a.b', 's']),
    metrics: fc.array(metric, { maxLength: 4 }),
  });
  return fc.array(
    fc.record({
      attributes: pairs([
        'service.name',
        'service.namespace',
        'service.instance.id',
        'host.name',
        'host_name',
        'region',
      ]),
      scopes: fc.array(scope, { maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 3 },
  );
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
