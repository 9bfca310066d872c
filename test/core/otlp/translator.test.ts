/** From OTLP's metrics to series: what each kind becomes. */
import { describe, expect, it } from 'vitest';
import { CounterReset } from '../../../src/core/model/index.ts';
import type { Metric, Pairs, Point } from './otlp-message.ts';
import { store } from './stored.ts';

const SERVICE: Pairs = [
  ['service.namespace', 'shop'],
  ['service.name', 'cart'],
  ['service.instance.id', 'i-1'],
];
const MS = 1_000_000n;

function of(metric: Metric, attributes: Pairs = SERVICE) {
  return [{ attributes, scopes: [{ metrics: [metric] }] }];
}

function gauge(points: readonly Point[]): Metric {
  return { name: 'g', kind: 'gauge', points };
}

const ID = 'instance="i-1", job="shop/cart"';

describe('kinds', () => {
  it('gauges and sums are samples', async () => {
    const { lines, appender } = await store([
      {
        attributes: SERVICE,
        scopes: [
          {
            metrics: [
              { name: 'load', unit: '1', kind: 'gauge', points: [{ ns: 5n * MS, double: 1.5 }] },
              {
                name: 'http.requests',
                unit: '{request}',
                description: 'What came.',
                kind: 'sum',
                temporality: 2,
                isMonotonic: true,
                points: [{ ns: 5n * MS, int: 7n, attributes: [['http.method', 'GET']] }],
              },
              {
                name: 'queue',
                unit: 'By',
                kind: 'sum',
                temporality: 2,
                points: [{ ns: 6n * MS + 999_999n, int: -3n }],
              },
              { name: 'nothing', kind: 'gauge', points: [{ ns: 5n * MS }] },
            ],
          },
        ],
      },
    ]);
    expect(lines).toEqual([
      `http_requests_total{http_method="GET", ${ID}} 7@5`,
      `load_ratio{${ID}} 1.5@5`,
      `nothing{${ID}} 0@5`,
      `queue_bytes{${ID}} -3@6`,
    ]);
    expect(appender.metadata.get(`http_requests_total{http_method="GET", ${ID}}`)).toEqual({
      type: 'counter',
      help: 'What came.',
      unit: '',
    });
    expect(appender.metadata.get(`queue_bytes{${ID}}`)).toEqual({ type: 'gauge', help: '', unit: 'bytes' });
  });

  it('histograms are classic ones: cumulative, and with exemplars where they belong', async () => {
    const { lines } = await store(
      of({
        name: 'latency',
        unit: 's',
        kind: 'histogram',
        temporality: 2,
        points: [
          {
            ns: 9n * MS,
            count: 10,
            sum: 3.5,
            bucketCounts: [1, 2, 7],
            bounds: [0.5, 1e21],
            exemplars: [
              {
                ns: 8n * MS,
                double: 0.2,
                traceId: '0102030405060708090a0b0c0d0e0f10',
                spanId: '0000000000000000',
              },
              { ns: 8n * MS, int: 3n, attributes: [['a.b', 'c']] },
            ],
          },
          { ns: 10n * MS, count: 3 },
        ],
      }),
    );
    expect(lines).toEqual([
      `latency_seconds_bucket{${ID}, le="+Inf"} 10@9 3@10`,
      `latency_seconds_bucket{${ID}, le="0.5"} # {trace_id="0102030405060708090a0b0c0d0e0f10"} 0.2@8`,
      `latency_seconds_bucket{${ID}, le="0.5"} 1@9`,
      `latency_seconds_bucket{${ID}, le="1000000000000000000000"} # {"a.b"="c"} 3@8`,
      `latency_seconds_bucket{${ID}, le="1000000000000000000000"} 3@9`,
      `latency_seconds_count{${ID}} 10@9 3@10`,
      `latency_seconds_sum{${ID}} 3.5@9`,
    ]);
  });

  it('histograms are native ones where that is wanted', async () => {
    const { appender } = await store(
      of({
        name: 'latency',
        kind: 'histogram',
        temporality: 2,
        points: [{ ns: 9n * MS, count: 10, sum: 3.5, bucketCounts: [0, 3, 7], bounds: [0.5, 1] }],
      }),
      { convertHistogramsToNhcb: true },
    );
    expect(appender.histograms).toEqual([
      {
        labels: `latency{${ID}}`,
        t: 9,
        h: expect.objectContaining({
          isFloat: false,
          schema: -53,
          count: 10,
          sum: 3.5,
          counterReset: CounterReset.unknown,
          customValues: Float64Array.of(0.5, 1),
          positiveSpans: [{ offset: 1, length: 2 }],
          positiveBuckets: Float64Array.of(3, 7),
        }),
      },
    ]);
  });

  it('exponential histograms are native ones, with buckets one further, and merged where they are too fine', async () => {
    const point: Point = {
      ns: 9n * MS,
      count: 12,
      sum: 3.5,
      zeroCount: 1,
      scale: 9,
      positive: { offset: -1, counts: [1, 0, 3, 4] },
      negative: { offset: 2, counts: [3] },
    };
    const metric: Metric = {
      name: 'e',
      kind: 'exponential',
      temporality: 2,
      points: [point, { ...point, ns: 10n * MS, scale: 0 }],
    };
    const { appender } = await store(of(metric));
    expect(appender.histograms.map(({ h }) => h)).toEqual([
      expect.objectContaining({
        isFloat: false,
        schema: 8,
        zeroThreshold: 1e-128,
        zeroCount: 1,
        count: 12,
        positiveSpans: [{ offset: 0, length: 3 }],
        positiveBuckets: Float64Array.of(1, 3, 4),
        negativeSpans: [{ offset: 2, length: 1 }],
        negativeBuckets: Float64Array.of(3),
      }),
      expect.objectContaining({
        schema: 0,
        positiveSpans: [
          { offset: 0, length: 1 },
          { offset: 1, length: 2 },
        ],
        negativeSpans: [{ offset: 3, length: 1 }],
      }),
    ]);
  });

  it('a scale below what there is ends the metric', async () => {
    const point: Point = { ns: 9n * MS, count: 1, zeroCount: 1 };
    const points = [
      { ...point, scale: -4 },
      { ...point, scale: -5 },
      { ...point, scale: 0 },
    ];
    const { appender, troubles } = await store(
      of({ name: 'e', kind: 'exponential', temporality: 2, points }),
    );
    expect(appender.histograms.map(({ h }) => h.schema)).toEqual([-4]);
    expect(troubles).toEqual(['cannot convert exponential to native histogram. Scale must be >= -4, was -5']);
  });

  it('summaries are quantiles, sum and count', async () => {
    const points: Point[] = [
      {
        ns: 9n * MS,
        count: 10,
        sum: 3.5,
        quantiles: [
          [0.5, 1],
          [0.99, 2],
        ],
      },
    ];
    const { lines } = await store(of({ name: 's', unit: 'ms', kind: 'summary', points }));
    expect(lines).toEqual([
      `s_milliseconds_count{${ID}} 10@9`,
      `s_milliseconds_sum{${ID}} 3.5@9`,
      `s_milliseconds{${ID}, quantile="0.5"} 1@9`,
      `s_milliseconds{${ID}, quantile="0.99"} 2@9`,
    ]);
  });

  it('a point without a value ends its series', async () => {
    const { lines } = await store([
      {
        attributes: SERVICE,
        scopes: [
          {
            metrics: [
              gauge([{ ns: 9n * MS, double: 1, flags: 1 }]),
              {
                name: 'h',
                kind: 'histogram',
                temporality: 2,
                points: [{ ns: 9n * MS, flags: 1, sum: 0, bucketCounts: [0, 0], bounds: [1] }],
              },
              { name: 'e', kind: 'exponential', temporality: 2, points: [{ ns: 9n * MS, flags: 1 }] },
            ],
          },
        ],
      },
    ]);
    expect(lines).toEqual([
      `e{${ID}} stale@9`,
      `g{${ID}} stale@9`,
      `h_bucket{${ID}, le="+Inf"} stale@9`,
      `h_bucket{${ID}, le="1"} stale@9`,
      `h_count{${ID}} stale@9`,
      `h_sum{${ID}} stale@9`,
    ]);
  });
});

describe('what has no counterpart', () => {
  it('is left out, and told', async () => {
    const { lines, troubles, fault } = await store([
      {
        attributes: SERVICE,
        scopes: [
          {
            metrics: [
              { name: 'a', kind: 'sum', temporality: 1, points: [{ ns: 9n * MS }] },
              { name: 'b', kind: 'histogram', points: [{ ns: 9n * MS }] },
              { name: 'c' },
              { name: 'd', kind: 'gauge' },
              { name: '..', kind: 'gauge', points: [{ ns: 9n * MS }] },
              { name: 'f', kind: 'summary', points: [{ ns: 9n * MS, attributes: [['__name__', 'x']] }] },
              { name: 'g', kind: 'gauge', points: [{ ns: 9n * MS, attributes: [['__name__', 'x']] }] },
              { name: 'h', kind: 'gauge', points: [{ ns: 9n * MS, attributes: [['', 'x']] }] },
            ],
          },
        ],
      },
    ]);
    expect(lines).toEqual([`g{${ID}} 0@9`]);
    expect(fault).toBeUndefined();
    expect(troubles).toEqual([
      'invalid temporality and type combination for metric "a"',
      'invalid temporality and type combination for metric "b"',
      'could not get aggregation temporality for c as it has unsupported metric type Empty',
      'empty data points. d is dropped',
      'normalization for metric ".." resulted in empty name',
      'invalid metric name or labels in metric "f"',
      'invalid metric name or labels in metric "h"',
    ]);
  });

  it('an exemplar without a value ends its metric', async () => {
    const points: Point[] = [{ ns: 9n * MS, exemplars: [{ ns: 1n }] }, { ns: 10n * MS }];
    const { lines } = await store(of({ name: 'a', kind: 'sum', temporality: 2, points }));
    expect(lines).toEqual([`a{${ID}} 0@9`]);
  });
});

describe('features', () => {
  it('takes deltas as they are', async () => {
    const points: Point[] = [{ ns: 9n * MS, count: 3, zeroCount: 3, int: 4n }];
    const { lines, appender } = await store(
      [
        {
          attributes: SERVICE,
          scopes: [
            {
              metrics: [
                { name: 'a', kind: 'sum', temporality: 1, isMonotonic: true, points },
                { name: 'e', kind: 'exponential', temporality: 1, points },
              ],
            },
          ],
        },
      ],
      {},
      { nativeDelta: true },
    );
    expect(lines[0]).toBe(`a_total{${ID}} 4@9`);
    expect(appender.histograms[0].h.counterReset).toBe(CounterReset.gauge);
    expect(appender.metadata.get(`a_total{${ID}}`)?.type).toBe('unknown');
  });

  it('adds type and unit to labels', async () => {
    const points: Point[] = [{ ns: 9n * MS }];
    const { lines } = await store(
      of({ name: 'a', unit: 's', kind: 'gauge', points }),
      {},
      { typeAndUnitLabels: true },
    );
    expect(lines).toEqual([`a_seconds{__type__="gauge", __unit__="seconds", ${ID}} 0@9`]);
  });

  it('has series begin where their points say so', async () => {
    const points: Point[] = [{ ns: 9n * MS, startNs: 4n * MS }];
    const scopes = [
      {
        metrics: [
          { name: 'a', kind: 'sum', temporality: 2, isMonotonic: true, points },
          { name: 'b', kind: 'gauge', points },
          { name: 'e', kind: 'exponential', temporality: 2, points },
        ] satisfies Metric[],
      },
    ];
    const { appender } = await store([{ attributes: SERVICE, scopes }], {}, { createdAsStart: true });
    expect(appender.starts).toEqual([`a_total{${ID}} 4 before 9`, `e{${ID}} 4 before 9`]);
  });
});

describe('all or nothing', () => {
  it('a sample that is late refuses all', async () => {
    const metrics = [gauge([{ ns: 9n * MS }]), { ...gauge([{ ns: 9n * MS }]), name: 'later' }];
    const { fault, appender } = await store([{ attributes: SERVICE, scopes: [{ metrics }] }]);
    expect(fault).toBeUndefined();
    expect(appender.committed).toBe(2);
  });

  it('what comes twice of one time is taken once', async () => {
    const { fault, lines } = await store(
      of(
        gauge([
          { ns: 9n * MS, int: 1n },
          { ns: 9n * MS, int: 2n },
          { ns: 8n * MS, int: 3n },
          { ns: 11n * MS, int: 4n },
        ]),
      ),
    );
    expect(fault).toBeUndefined();
    expect(lines).toEqual([`g{${ID}} 1@9 4@11`]);
  });

  it('a histogram that is none refuses all, and is the receiver’s fault, as upstream has it', async () => {
    const points: Point[] = [{ ns: 9n * MS, count: 4, positive: { offset: 0, counts: [1] } }];
    const { fault, appender } = await store(of({ name: 'e', kind: 'exponential', temporality: 2, points }));
    expect(fault?.isSenders).toBe(false);
    expect(fault?.text).toContain('observations found in buckets, but the Count field is 4');
    expect(appender.committed).toBe(0);
  });
});

describe('target_info', () => {
  const more: Pairs = [...SERVICE, ['host.name', 'h'], ['service.version', '1']];

  it('tells of the resource from the first point to the last', async () => {
    const { lines } = await store(of(gauge([{ ns: 0n }, { ns: 400_000n * MS }]), more));
    expect(lines[1]).toBe(
      `target_info{host_name="h", ${ID}, service_version="1"} 1@0 1@150000 1@300000 1@400000`,
    );
  });

  it('may have the attributes that make job and instance, too', async () => {
    const { lines } = await store(of(gauge([{ ns: 0n }]), more), { keepIdentifyingResourceAttributes: true });
    expect(lines[1]).toBe(
      `target_info{host_name="h", ${ID}, service_instance_id="i-1", service_name="cart", service_namespace="shop", service_version="1"} 1@0`,
    );
  });

  it('needs somebody to tell of, and something to tell', async () => {
    for (const attributes of [SERVICE, [['host.name', 'h']] as Pairs]) {
      const { lines } = await store(of(gauge([{ ns: 0n }]), attributes));
      expect(lines).toHaveLength(1);
    }
  });

  it('has an end, however long its points are apart', async () => {
    const { appender } = await store(of(gauge([{ ns: 0n }, { ns: 10n ** 18n }]), more));
    const samples = [...appender.samples].find(([labels]) => labels.startsWith('target_info'))![1];
    expect(samples).toHaveLength(10_001);
    expect(samples.at(-1)).toBe('1@1000000000000');
  });
});
