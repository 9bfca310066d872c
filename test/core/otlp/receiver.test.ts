/** The receiver over HTTP: what it takes and what it answers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import type { TranslatorSettings } from '../../../src/core/otlp/index.ts';
import { Database } from '../../../src/core/tsdb/db/index.ts';
import { startTestServer, type TestServer } from '../server/test-server.ts';
import { jsonOf, type Metric, type Point, protobufOf, type ResourceMetrics } from './otlp-message.ts';
import { CONFIG, SETTINGS } from './stored.ts';

const PATH = '/api/v1/otlp/v1/metrics';
const PROTOBUF = { 'Content-Type': 'application/x-protobuf' };
const JSON_FORM = { 'Content-Type': 'application/json' };

const now = BigInt(Math.floor(Date.now() / 1000)) * 1_000_000_000n;

function gauge(name: string, ns: bigint, v: number): Metric {
  return { name, kind: 'gauge', points: [{ ns, double: v }] };
}

function of(...metrics: Metric[]): ResourceMetrics[] {
  return [{ attributes: [['service.name', 's']], scopes: [{ metrics }] }];
}

describe('the OTLP receiver', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-otlp-'));
  let database: Database;
  let server: TestServer;
  let settings: TranslatorSettings = SETTINGS;

  beforeAll(async () => {
    database = await Database.open(dir, { clock: systemClock });
    server = await startTestServer(() => database.reader(), {
      otlp: { appender: () => database.appender(), settings: () => settings },
    });
  });

  afterAll(async () => {
    await server.close();
    await database.close();
    rmSync(dir, { recursive: true });
  });

  async function send(
    body: Uint8Array | string,
    headers: Record<string, string> = PROTOBUF,
  ): Promise<{ status: number; text: string; type: string | null }> {
    const init = { method: 'POST', headers, body: body as Uint8Array<ArrayBuffer> | string };
    const response = await fetch(server.url + PATH, init);
    return {
      status: response.status,
      text: await response.text(),
      type: response.headers.get('content-type'),
    };
  }

  async function values(query: string): Promise<Record<string, string>> {
    const response = await fetch(`${server.url}/api/v1/query?${new URLSearchParams({ query })}`);
    const { data } = (await response.json()) as {
      data: { result: { metric: Record<string, string>; value: [number, string] }[] };
    };
    return Object.fromEntries(
      data.result.map(({ metric, value }) => [`${metric['__name__']}/${metric['job']}`, value[1]]),
    );
  }

  it('stores what comes in either form, compressed or not', async () => {
    const bodies: readonly (readonly [Uint8Array | string, Record<string, string>])[] = [
      [protobufOf(of(gauge('a', now, 1))), PROTOBUF],
      [gzipSync(protobufOf(of(gauge('b', now, 2)))), { ...PROTOBUF, 'Content-Encoding': 'gzip' }],
      [jsonOf(of(gauge('c', now, 3))), JSON_FORM],
      [gzipSync(jsonOf(of(gauge('d', now, 4)))), { ...JSON_FORM, 'Content-Encoding': 'gzip' }],
    ];
    for (const [body, headers] of bodies) {
      expect(await send(body, headers)).toEqual({ status: 200, text: '', type: null });
    }
    expect(await values('{__name__=~"[abcd]"}')).toEqual({ 'a/s': '1', 'b/s': '2', 'c/s': '3', 'd/s': '4' });
  });

  it('refuses what is no request, in words', async () => {
    const gzip = { ...PROTOBUF, 'Content-Encoding': 'gzip' };
    const cases: readonly (readonly [Uint8Array | string, Record<string, string>, string])[] = [
      [
        '',
        {},
        'unsupported content type: text/plain;charset=UTF-8, supported: [application/json, application/x-protobuf]',
      ],
      [
        '',
        { 'Content-Type': 'application/json; charset=utf-8' },
        'unsupported content type: application/json; charset=utf-8, supported: [application/json, application/x-protobuf]',
      ],
      [
        '',
        { ...PROTOBUF, 'Content-Encoding': 'snappy' },
        'unsupported compression: snappy. Only "gzip" or no compression supported',
      ],
      ['', gzip, 'EOF'],
      ['nothing of that sort', gzip, 'gzip: invalid header'],
      [gzipSync(protobufOf(of(gauge('x', now, 1)))).subarray(0, 30), gzip, 'unexpected EOF'],
      [Uint8Array.of(0x0a, 5, 1), PROTOBUF, 'byte 1: 5 bytes are announced, 1 are left'],
    ];
    for (const [body, headers, text] of cases) {
      expect(await send(body, headers)).toMatchObject({ status: 400, text: `${text}\n` });
    }
    expect(await send('{', JSON_FORM)).toMatchObject({ status: 400 });
  });

  it('stops at what unpacks without end', async () => {
    const bomb = gzipSync(new Uint8Array(140 << 20), { level: 1 });
    const answer = await send(bomb, { ...PROTOBUF, 'Content-Encoding': 'gzip' });
    expect(answer).toMatchObject({ status: 413, text: 'the body is larger than 134217728 bytes\n' });
    const text = gzipSync(new Uint8Array(33 << 20).fill(0x20), { level: 1 });
    const other = await send(text, { ...JSON_FORM, 'Content-Encoding': 'gzip' });
    expect(other).toMatchObject({ status: 413, text: 'the body is larger than 33554432 bytes\n' });
  });

  it('stores nothing of a request with a sample that cannot be stored', async () => {
    await send(protobufOf(of(gauge('known', now, 1))));
    const refusals: readonly (readonly [Metric, status: number, text: string])[] = [
      [gauge('known', now - 1_000_000_000n, 1), 400, 'out of order sample'],
      [
        gauge('known', now, 2),
        400,
        `duplicate sample for timestamp ${now / 1_000_000n}; overrides not allowed`,
      ],
      [gauge('known', now + 3_600_000_000_000n, 2), 400, 'out of bounds: timestamp is too far in the future'],
      [gauge('known', now - 864_000_000_000_000n, 2), 400, 'out of bounds'],
      [
        { name: 'h', kind: 'exponential', temporality: 2, points: [{ ns: now, count: 1 } satisfies Point] },
        500,
        "0 observations found in buckets, but the Count field is 1: histogram's observation count should equal the number of observations found in the buckets (in absence of NaN)",
      ],
    ];
    for (const [metric, status, text] of refusals) {
      const answer = await send(protobufOf(of(gauge('beside', now, 1), metric)));
      expect(answer).toMatchObject({ status, text: `${text}\n` });
    }
    expect(await values('{__name__=~"known|beside|h"}')).toEqual({ 'known/s': '1' });
  });

  it('takes what comes again', async () => {
    const body = protobufOf(of(gauge('again', now, 1)));
    expect((await send(body)).status).toBe(200);
    expect((await send(body)).status).toBe(200);
  });

  it('leaves out what it cannot translate, and logs that', async () => {
    const delta: Metric = { name: 'delta', kind: 'sum', temporality: 1, points: [{ ns: now, int: 1n }] };
    expect((await send(protobufOf(of(delta, gauge('kept', now, 1))))).status).toBe(200);
    expect(await values('{__name__=~"delta|kept"}')).toEqual({ 'kept/s': '1' });
    expect(server.log.at(-1)).toMatchObject({
      level: 'warn',
      detail: 'invalid temporality and type combination for metric "delta"',
    });
  });

  it('follows the configuration in effect', async () => {
    settings = { ...SETTINGS, config: { ...CONFIG, translationStrategy: 'NoTranslation' } };
    await send(protobufOf(of(gauge('dotted.name', now, 1))));
    settings = SETTINGS;
    expect(await values('{"dotted.name"}')).toEqual({ 'dotted.name/s': '1' });
  });

  it('keeps exemplars', async () => {
    const exemplars = Array.from({ length: 500 }, (_, i) => ({
      ns: now + BigInt(i) * 1_000_000n,
      double: i,
    }));
    const points: Point[] = [{ ns: now, int: 1n, exemplars }];
    await send(protobufOf(of({ name: 'ex', kind: 'sum', temporality: 2, points })));
    const range = { start: String(now / 1_000_000_000n - 10n), end: String(now / 1_000_000_000n + 10n) };
    const response = await fetch(
      `${server.url}/api/v1/query_exemplars?${new URLSearchParams({ query: 'ex', ...range })}`,
    );
    const { data } = (await response.json()) as { data: { exemplars: unknown[] }[] };
    expect(data[0].exemplars).toHaveLength(500);
  });
});

it('is not there unless asked for', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-otlp-'));
  const database = await Database.open(dir, { clock: systemClock });
  const server = await startTestServer(() => database.reader());
  const response = await fetch(server.url + PATH, { method: 'POST', headers: PROTOBUF });
  expect([response.status, await response.text()]).toEqual([
    404,
    'otlp write receiver needs to be enabled with --web.enable-otlp-receiver\n',
  ]);
  await server.close();
  await database.close();
  rmSync(dir, { recursive: true });
});
