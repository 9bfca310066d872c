/** Remote write and remote read beside a real Prometheus: the same messages, the same answers, the same samples. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { emptyHistogram } from '../../src/core/model/histogram-copy.ts';
import { Matcher } from '../../src/core/model/matcher.ts';
import {
  decodeStreamedAnswer,
  eachChunk,
  encodeReadRequest,
  READ_HEADERS,
} from '../../src/core/remote/read-codec.ts';
import { Database } from '../../src/core/tsdb/db/index.ts';
import { startTestServer, type TestServer } from '../core/server/test-server.ts';
import {
  type MessageSeries,
  messageV1,
  messageV2,
  snappy,
  V1_HEADERS,
  V2_HEADERS,
} from '../core/server/write-messages.ts';
import { describeWith, peer } from '../peers.ts';
import { RealPrometheus } from './prometheus.ts';
import { remoteRead } from './remote-read.ts';

const now = Math.floor(Date.now() / 1000) * 1000;
const histogram = {
  ...emptyHistogram(),
  count: 5,
  sum: 18.4,
  schema: 1,
  zeroThreshold: 0.001,
  zeroCount: 2,
  positiveSpans: [{ offset: 0, length: 2 }],
  positiveBuckets: Float64Array.of(2, 1),
};

/** Each follows those before it. */
const WRITES: readonly [name: string, series: readonly MessageSeries[], only?: '1.0'][] = [
  [
    'samples, exemplars and histograms',
    [
      {
        labels: [
          ['__name__', 'a'],
          ['x', '1'],
        ],
        samples: [
          { t: now - 5000, v: 1 },
          { t: now - 4000, v: 2 },
        ],
        exemplars: [{ t: now - 4500, v: 0.5, labels: [['trace_id', 'abc']] }],
        metadata: { type: 1, help: 'What a is.', unit: 's' },
      },
      { labels: [['__name__', 'h']], histograms: [{ t: now - 5000, h: histogram }] },
    ],
  ],
  [
    'again',
    [
      {
        labels: [
          ['__name__', 'a'],
          ['x', '1'],
        ],
        samples: [{ t: now - 4000, v: 2 }],
      },
    ],
  ],
  [
    'another value for a time, among good ones',
    [
      { labels: [['__name__', 'b']], samples: [{ t: now - 4000, v: 1 }] },
      {
        labels: [
          ['__name__', 'a'],
          ['x', '1'],
        ],
        samples: [{ t: now - 4000, v: 3 }],
      },
      { labels: [['__name__', 'c']], samples: [{ t: now - 4000, v: 1 }] },
    ],
  ],
  [
    'out of order',
    [
      {
        labels: [
          ['__name__', 'a'],
          ['x', '1'],
        ],
        samples: [{ t: now - 6000, v: 3 }],
      },
    ],
  ],
  [
    'too old',
    [
      {
        labels: [
          ['__name__', 'a'],
          ['x', '1'],
        ],
        samples: [{ t: now - 86_400_000, v: 3 }],
      },
    ],
  ],
  [
    'too far ahead',
    [
      {
        labels: [
          ['__name__', 'a'],
          ['x', '1'],
        ],
        samples: [{ t: now + 3_600_000, v: 3 }],
      },
    ],
  ],
  ['no name', [{ labels: [['x', '1']], samples: [{ t: now - 1000, v: 1 }] }]],
  [
    'a label twice',
    [
      {
        labels: [
          ['__name__', 'd'],
          ['x', '1'],
          ['x', '2'],
        ],
        samples: [{ t: now - 1000, v: 1 }],
      },
    ],
  ],
  [
    'labels in no order',
    [
      {
        labels: [
          ['z', '1'],
          ['__name__', 'e'],
          ['b', '2'],
        ],
        samples: [{ t: now - 1000, v: 1 }],
      },
    ],
  ],
  [
    'an empty value',
    [
      {
        labels: [
          ['__name__', 'f'],
          ['b', ''],
        ],
        samples: [{ t: now - 1000, v: 1 }],
      },
    ],
  ],
  [
    'UTF-8 names',
    [
      {
        labels: [
          ['__name__', 'g.h'],
          ['ü', '1'],
        ],
        samples: [{ t: now - 1000, v: 1 }],
      },
    ],
  ],
  ['nothing', []],
  [
    'a bad histogram',
    [{ labels: [['__name__', 'i']], histograms: [{ t: now - 1000, h: { ...histogram, count: 1 } }] }],
  ],
  ['no samples', [{ labels: [['__name__', 'j']] }]],
  // By 2.0 Prometheus says that it has written them all; we say what we have.
  [
    'a time twice in one message, and one of before',
    [
      {
        labels: [['__name__', 'k']],
        samples: [
          { t: now - 3000, v: 1 },
          { t: now - 3000, v: 2 },
          { t: now - 2000, v: 3 },
          { t: now - 2500, v: 4 },
        ],
      },
      { labels: [['__name__', 'l']], samples: [{ t: now - 1000, v: 1 }] },
    ],
    '1.0',
  ],
  [
    'a series twice in one message',
    [1, 2].map((v) => ({ labels: [['__name__', 'm']], samples: [{ t: now - 1000, v }] })),
    '1.0',
  ],
  [
    'exemplars again',
    [
      {
        labels: [['__name__', 'n']],
        samples: [{ t: now - 4000, v: 1 }],
        exemplars: [1, 2].map(() => ({ t: now - 4000, v: 1, labels: [['trace_id', 'a']] })),
      },
    ],
  ],
  [
    'a late exemplar',
    [
      {
        labels: [['__name__', 'n']],
        samples: [{ t: now - 3000, v: 1 }],
        exemplars: [{ t: now - 9000, v: 1, labels: [['trace_id', 'b']] }],
      },
    ],
  ],
  [
    'an exemplar with labels that are too long',
    [
      {
        labels: [['__name__', 'o']],
        samples: [{ t: now - 3000, v: 1 }],
        exemplars: [{ t: now - 3000, v: 1, labels: [['trace_id', 'ä'.repeat(121)]] }],
      },
    ],
  ],
  [
    'one with as long labels as may be',
    [
      {
        labels: [['__name__', 'p']],
        samples: [{ t: now - 3000, v: 1 }],
        exemplars: [{ t: now - 3000, v: 1, labels: [['trace_id', 'ä'.repeat(120)]] }],
      },
    ],
  ],
];

describeWith('remote write and read beside Prometheus', { prometheus: peer('prometheus') }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-remote-'));
  let prometheus: RealPrometheus;
  let database: Database;
  let server: TestServer;

  beforeAll(async () => {
    prometheus = await RealPrometheus.start(peer('prometheus')!, join(dir, 'real'), '', [
      '--enable-feature=exemplar-storage',
    ]);
    database = await Database.open(join(dir, 'ours'), { clock: systemClock });
    server = await startTestServer(() => database.reader(), { appender: () => database.appender() });
  });

  afterAll(async () => {
    await server.close();
    await database.close();
    await prometheus.stop();
    rmSync(dir, { recursive: true });
  });

  async function write(
    url: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array<ArrayBuffer>,
  ) {
    const response = await fetch(`${url}/api/v1/write`, { method: 'POST', headers, body });
    const written = ['samples', 'histograms', 'exemplars'].map((kind) =>
      response.headers.get(`x-prometheus-remote-write-${kind}-written`),
    );
    return {
      status: response.status,
      written,
      text: (await response.text()).trim().replace(/: existing .*, new value \S+/, ''),
    };
  }

  it.each(['1.0', '2.0'])('takes what Prometheus takes, by %s', async (version) => {
    const found: string[] = [];
    for (const [name, plain, only = version] of WRITES) {
      if (only !== version) continue;
      // Series of their own for each version.
      const series = plain.map((one) => ({
        ...one,
        labels: [...one.labels, ['version', version] as const],
      }));
      const headers = version === '1.0' ? V1_HEADERS : V2_HEADERS;
      const body = snappy(version === '1.0' ? messageV1(series) : messageV2(series));
      const ours = await write(server.url, headers, body);
      const real = await write(prometheus.url, headers, body);
      if (JSON.stringify(ours) !== JSON.stringify(real)) {
        found.push(`${name}\n  ours ${JSON.stringify(ours)}\n  real ${JSON.stringify(real)}`);
      }
    }
    expect(found.join('\n\n')).toBe('');
  });

  it('has what Prometheus has, by remote read', async () => {
    const [mint, maxt] = [now - 60_000, now + 60_000];
    const ours = await remoteRead(server.url, '.+', mint, maxt);
    const real = await remoteRead(prometheus.url, '.+', mint, maxt);
    expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(real));
    expect(ours.size).toBeGreaterThan(8);
  });

  it('has the exemplars that Prometheus has', async () => {
    const [ours, real] = await Promise.all(
      [server.url, prometheus.url].map(async (url) =>
        (await fetch(`${url}/api/v1/query_exemplars?query={__name__=~".%2B"}`)).json(),
      ),
    );
    expect(ours).toEqual(real);
    expect((ours as { data: unknown[] }).data).toHaveLength(6);
  });

  it('answers as Prometheus what selects nothing, and kinds of answers that are not there', async () => {
    const bodies = {
      'no matcher': encodeReadRequest([], now - 60_000, now + 60_000),
      // A request of field 2 alone, as one literal of two bytes.
      'a kind that is not there': Uint8Array.of(2, 4, 0x10, 5),
    };
    for (const [what, body] of Object.entries(bodies)) {
      const [ours, real] = await Promise.all(
        [server.url, prometheus.url].map(async (url) => {
          const sent = { method: 'POST', headers: READ_HEADERS, body: Uint8Array.from(body) };
          const response = await fetch(`${url}/api/v1/read`, sent);
          return { status: response.status, text: await response.text() };
        }),
      );
      expect(ours, what).toEqual(real);
    }
  });

  it('streams chunks that Prometheus would send', async () => {
    const body = encodeReadRequest([new Matcher('=~', '__name__', '.+')], now - 60_000, now + 60_000);
    const [ours, real] = await Promise.all(
      [server.url, prometheus.url].map(async (url) => {
        const response = await fetch(`${url}/api/v1/read`, {
          method: 'POST',
          headers: READ_HEADERS,
          body: Uint8Array.from(body),
        });
        const answer = new Uint8Array(await response.arrayBuffer());
        const chunks: string[] = [];
        for (const { labels, parts } of decodeStreamedAnswer(answer)) {
          for (const part of parts) {
            eachChunk(part, ({ encoding, data }) => {
              chunks.push(`${labels} ${encoding} ${Buffer.from(data).toString('hex')}`);
            });
          }
        }
        return { status: response.status, type: response.headers.get('content-type'), chunks };
      }),
    );
    expect(ours).toEqual(real);
    expect(ours.chunks.length).toBeGreaterThan(8);
  });
});
