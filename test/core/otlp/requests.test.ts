/** Reading export requests: both forms say the same, and what is no request is told, whatever it is. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtobufWriter } from '../../../src/core/encoding/protobuf-writer.ts';
import { ExportStore } from '../../../src/core/otlp/index.ts';
import { requests } from './arbitrary.ts';
import { jsonOf, type Pairs, protobufOf, type ResourceMetrics, type Value } from './otlp-message.ts';
import { linesOf, MemoryAppender, SETTINGS, store, storeBytes } from './stored.ts';

const NOW = 1_700_000_000_000;
const any = requests({ nowMs: NOW, prefix: '' });

function valued(value: Value): ResourceMetrics[] {
  const attributes: Pairs = [['v', value]];
  return [{ scopes: [{ metrics: [{ name: 'm', kind: 'gauge', points: [{ ns: 0n, attributes }] }] }] }];
}

async function faultOf(body: Uint8Array, form: 'json' | 'protobuf'): Promise<string | undefined> {
  return (await storeBytes(body, form)).fault?.text;
}

it('both forms come to the same', async () => {
  await fc.assert(
    fc.asyncProperty(any, async (resources) => {
      const { lines, troubles } = await store(resources);
      expect(Array.isArray(lines) && troubles.length <= 10).toBe(true);
    }),
    { numRuns: 300 },
  );
});

it('a series that is known comes to the same as a new one', async () => {
  const later = (resources: readonly ResourceMetrics[], ns: bigint): ResourceMetrics[] =>
    resources.map(({ attributes, scopes }) => ({
      ...(attributes && { attributes }),
      scopes: scopes.map((scope) => ({
        ...scope,
        metrics: scope.metrics.map((metric) => ({
          ...metric,
          ...(metric.points && { points: metric.points.map((point) => ({ ...point, ns: point.ns + ns })) }),
        })),
      })),
    }));
  await fc.assert(
    fc.asyncProperty(any, async (resources) => {
      const all = [0n, 10n ** 12n, 2n * 10n ** 12n].map((ns) => later(resources, ns));
      const ways = [];
      // Nothing is known of series that come in JSON.
      for (const form of ['protobuf', 'json'] as const) {
        const appender = new MemoryAppender();
        const store = new ExportStore(appender);
        const troubles = [];
        for (const request of all) {
          const body = form === 'json' ? Buffer.from(jsonOf(request)) : protobufOf(request);
          troubles.push((await store.store(body, form, () => SETTINGS)).troubles);
        }
        ways.push({ troubles, lines: linesOf(appender), metadata: [...appender.metadata] });
      }
      expect(ways[0]).toEqual(ways[1]);
    }),
    { numRuns: 300 },
  );
});

it('a store keeps hold of what comes again only, and of nothing when the settings change', async () => {
  const appender = new MemoryAppender();
  const store = new ExportStore(appender);
  let settings = SETTINGS;
  const send = (form: 'json' | 'protobuf', resources: ResourceMetrics[]) =>
    store.store(
      form === 'json' ? Buffer.from(jsonOf(resources)) : protobufOf(resources),
      form,
      () => settings,
    );
  await send('json', valued('a'));
  expect(appender.refCount).toBe(0);
  await send('protobuf', valued('b'));
  await send('protobuf', valued('c'));
  expect(appender.refCount).toBe(2);
  settings = { ...SETTINGS, config: { ...SETTINGS.config, translationStrategy: 'NoTranslation' } };
  await send('protobuf', valued('d'));
  expect(appender.refCount).toBe(1);
});

describe('damage', () => {
  it('to a message is a refusal at most', async () => {
    await fc.assert(
      fc.asyncProperty(
        any,
        fc.nat(),
        fc.nat({ max: 255 }),
        fc.boolean(),
        async (resources, at, byte, cut) => {
          const message = protobufOf(resources);
          const i = at % (message.length + 1);
          if (!cut && i < message.length) message[i] = byte;
          const sent = cut ? message.subarray(0, i) : message;
          await expect(storeBytes(sent, 'protobuf')).resolves.toBeDefined();
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('to JSON is a refusal at most', async () => {
    await fc.assert(
      fc.asyncProperty(any, fc.nat(), fc.constantFrom(...'0{}[]":,x\\ -e'), async (resources, at, c) => {
        const text = jsonOf(resources);
        const i = at % text.length;
        const sent = Buffer.from(text.slice(0, i) + c + text.slice(i + 1));
        await expect(storeBytes(sent, 'json')).resolves.toBeDefined();
      }),
      { numRuns: 1000 },
    );
  });

  it('of any shape is a refusal at most', async () => {
    const names = [
      'resourceMetrics',
      'scopeMetrics',
      'metrics',
      'sum',
      'dataPoints',
      'attributes',
      'value',
      'scope',
    ];
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 7 },
        fc.constantFrom<unknown>(null, 1, -1.5, 'x', '1', true),
        fc.array(tie('tree'), { maxLength: 2 }),
        fc.dictionary(fc.constantFrom(...names), tie('tree'), { maxKeys: 3 }),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(tree, async (value) => {
        const sent = Buffer.from(JSON.stringify({ resourceMetrics: value }));
        await expect(storeBytes(sent, 'json')).resolves.toBeDefined();
      }),
      { numRuns: 500 },
    );
  });
});

describe('hostile requests', () => {
  it('values that nest without end are refused', async () => {
    let value: Value = 'x';
    for (let i = 0; i < 200; i++) value = [value];
    for (const body of [protobufOf(valued(value)), Buffer.from(jsonOf(valued(value)))]) {
      const fault = await faultOf(body, body[0] === 0x7b ? 'json' : 'protobuf');
      expect(fault).toContain('values nest deeper than 100');
    }
    const deep = `{"resourceMetrics":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(await faultOf(Buffer.from(deep), 'json')).toBe('"resourceMetrics" is not an object');
  });

  it('a hundred thousand empty metrics cost little and leave nothing', async () => {
    const w = new ProtobufWriter();
    const resource = w.begin(1);
    const scope = w.begin(2);
    for (let i = 0; i < 100_000; i++) w.finish(w.begin(2));
    w.finish(scope);
    w.finish(resource);
    const { lines, troubles } = await storeBytes(w.take(), 'protobuf');
    expect(lines).toEqual([]);
    expect(troubles).toEqual([
      'could not get aggregation temporality for  as it has unsupported metric type Empty',
    ]);
  });
});

describe('protobuf', () => {
  it('that is empty is a request of nothing', async () => {
    expect((await storeBytes(new Uint8Array(0), 'protobuf')).lines).toEqual([]);
  });

  it('has its parts in any order', async () => {
    const w = new ProtobufWriter();
    const resourceMetrics = w.begin(1);
    const scope = w.begin(2);
    const metric = w.begin(2);
    const sum = w.begin(7);
    w.uint(3, 1);
    w.uint(2, 2);
    const point = w.begin(1);
    w.double(4, 2.5);
    w.finish(point);
    w.finish(sum);
    w.string(1, 'm');
    w.finish(metric);
    w.finish(scope);
    const resource = w.begin(1);
    const pair = w.begin(1);
    const value = w.begin(2);
    w.string(1, 's');
    w.finish(value);
    w.string(1, 'service.name');
    w.finish(pair);
    w.finish(resource);
    w.finish(resourceMetrics);
    expect((await storeBytes(w.take(), 'protobuf')).lines).toEqual(['m_total{job="s"} 2.5@0']);
  });

  it('of another shape is refused', async () => {
    const message = protobufOf(valued('x'));
    message[0] = 0x08;
    expect(await faultOf(message, 'protobuf')).toContain('wrong wire type 0 for field 1');
  });

  it('with a text that is none leaves out the series', async () => {
    const message = protobufOf([
      ...valued('##'),
      { scopes: [{ metrics: [{ name: 'n', kind: 'gauge', points: [{ ns: 0n }] }] }] },
    ]);
    message[Buffer.from(message).indexOf('##')] = 0xff;
    const { lines, troubles } = await storeBytes(message, 'protobuf');
    expect(lines).toEqual(['n 0@0']);
    expect(troubles).toEqual(['invalid metric name or labels in metric "m"']);
  });
});

describe('JSON', () => {
  it('may use the names of the .proto files, numbers for 64 bits, and names of enums', async () => {
    const request = {
      unknown: { of: ['no', 'interest'] },
      resource_metrics: [
        {
          resource: null,
          scope_metrics: [
            {
              metrics: [
                {
                  name: 'm',
                  sum: {
                    aggregation_temporality: 'AGGREGATION_TEMPORALITY_CUMULATIVE',
                    is_monotonic: true,
                    data_points: [{ time_unix_nano: 1_700_000_000_123_000_000, as_int: 5, attributes: null }],
                  },
                },
              ],
            },
          ],
        },
      ],
    };
    const { lines } = await storeBytes(Buffer.from(JSON.stringify(request)), 'json', SETTINGS);
    expect(lines).toEqual(['m_total 5@1700000000123']);
  });

  it('says what is wrong', async () => {
    const point = (fields: object) => ({
      resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'm', gauge: { dataPoints: [fields] } }] }] }],
    });
    const cases: readonly (readonly [request: unknown, message: string])[] = [
      [[], '"the request" is not an object'],
      [{ resourceMetrics: {} }, '"resourceMetrics" is not a list'],
      [point({ timeUnixNano: 'x' }), '"timeUnixNano" is not a time in nanoseconds'],
      [point({ timeUnixNano: -5 }), '"timeUnixNano" is not a time in nanoseconds'],
      [point({ asInt: 1.5 }), '"asInt" is not an integer'],
      [point({ asInt: '99999999999999999999' }), '"asInt" is not an integer of 64 bits'],
      [point({ asDouble: 'x' }), '"asDouble" is not a number'],
      [point({ scale: 2 ** 40 }), '"scale" is not an integer of 32 bits'],
      [point({ attributes: [{ key: 1 }] }), '"key" is not a string'],
      [point({ attributes: [{ key: 'a', value: { boolValue: 'x' } }] }), '"boolValue" is not true or false'],
      [point({ attributes: [{ key: 'a', value: { bytesValue: '?' } }] }), '"bytesValue" is not base64'],
      [point({ exemplars: [{ traceId: '12' }] }), '"traceId" is not an id of 16 bytes in hexadecimal'],
    ];
    for (const [request, message] of cases) {
      expect(await faultOf(Buffer.from(JSON.stringify(request)), 'json')).toBe(message);
    }
    expect(await faultOf(Buffer.from('{'), 'json')).toMatch(/^no JSON: /);
  });
});
