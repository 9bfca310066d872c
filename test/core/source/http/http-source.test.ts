/** Servers as sources: what is asked of them, and what is made of strange answers. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../../src/core/errors.ts';
import { HttpClient } from '../../../../src/core/http/http-client.ts';
import { SampleColumns } from '../../../../src/core/model/index.ts';
import { Matcher } from '../../../../src/core/model/matcher.ts';
import { MAX_TIMESTAMP, MIN_TIMESTAMP } from '../../../../src/core/model/timestamp.ts';
import { ApiClient, ApiError } from '../../../../src/core/source/http/api-client.ts';
import { HttpSource } from '../../../../src/core/source/http/http-source.ts';
import { PrometheusServer } from '../../../../src/core/source/http/prometheus-server.ts';
import { serveHttp } from '../../http/servers.ts';
import { sampledAnswer } from '../../remote/read-answers.ts';

type Answer = { status?: number; json?: unknown; text?: string };

interface Asked {
  method: string;
  path: string;
  params: [string, string][];
}

/** A server that answers each path, below /api/v1/, as `answers` says. */
async function server(answers: (asked: Asked) => Answer, prefix = '') {
  const asked: Asked[] = [];
  const respond = (request: IncomingMessage, response: ServerResponse, content: string) => {
    const url = new URL(request.url!, 'http://x');
    const search = request.headers['content-type']?.includes('form') ? content : url.search;
    const path = url.pathname.replace(`${prefix}/api/v1/`, '');
    const one: Asked = { method: request.method!, path, params: [...new URLSearchParams(search)] };
    asked.push(one);
    const { status = 200, json, text } = answers(one);
    response.writeHead(status);
    response.end(text ?? JSON.stringify(json));
  };
  const url = await serveHttp((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => respond(request, response, Buffer.concat(pieces).toString('latin1')));
  });
  const client = new HttpClient({ userAgent: 'tsmon/test', keepAlive: false });
  const api = new ApiClient(new URL(url + prefix), {
    client,
    timeoutMs: 10_000,
    bodySizeLimitBytes: 1 << 20,
  });
  const warnings: string[] = [];
  const source = new HttpSource(
    api,
    () => 1_000_000,
    (text) => warnings.push(text),
  );
  return { asked, api, source, warnings, url };
}

const success = (data: unknown, extra = {}): Answer => ({ json: { status: 'success', data, ...extra } });
const OPEN = { mint: MIN_TIMESTAMP, maxt: MAX_TIMESTAMP };
const up = new Matcher('=', '__name__', 'up');

describe('the API', () => {
  it('is asked with POST, and with GET where that is refused', async () => {
    const { api, asked } = await server(({ method }) =>
      method === 'POST' ? { status: 405, text: '' } : success([]),
    );
    expect((await api.post('labels', [['match[]', 'up']])).data).toEqual([]);
    expect(asked.map(({ method, params }) => [method, params])).toEqual([
      ['POST', [['match[]', 'up']]],
      ['GET', [['match[]', 'up']]],
    ]);
  });

  it.each(['', '/prometheus', '/prometheus/', '/a/api/v1'])('is found below %j', async (prefix) => {
    const { api, asked, url } = await server(
      () => success(1),
      prefix.replace(/\/$/, '').replace('/api/v1', ''),
    );
    const base = new ApiClient(new URL(url + prefix), (api as unknown as { options: never }).options);
    await base.get('metadata', []);
    expect(asked[0].path).toBe('metadata');
  });

  it("gives a server's refusal in its own words", async () => {
    const json = { status: 'error', errorType: 'execution', error: 'too many chunks' };
    const { api } = await server(() => ({ status: 422, json }));
    const error = await api.post('query', []).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ errorType: 'execution', reason: 'too many chunks', status: 422 });
    expect(JSON.parse(Buffer.from((error as ApiError).body).toString())).toEqual(json);
  });

  it.each([
    [{ status: 404, text: '<html>not here</html>' }],
    [{ text: 'null' }],
    [{ text: '{"status":"fine"}' }],
    [{ text: '' }],
  ])('is missed where the answer is %j', async (answer) => {
    const { api } = await server(() => answer);
    const error = await api.get('labels', []).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).message).toContain("not an answer of Prometheus' API");
  });
});

describe('a whole query', () => {
  it('is handed over with its time, and with what flags say', async () => {
    const { api, asked } = await server(() =>
      success({ resultType: 'scalar', result: [1.5, '2'] }, { infos: ['i'] }),
    );
    const prometheus = new PrometheusServer(api);
    const answer = await prometheus.instantQuery('1+1', 1500, { timeoutMs: 2500, lookbackMs: 60_000 });
    expect(answer).toMatchObject({ value: { type: 'scalar', t: 1500, v: 2 }, infos: ['i'], warnings: [] });
    expect(asked[0]).toEqual({
      method: 'POST',
      path: 'query',
      params: [
        ['query', '1+1'],
        ['time', '1.500'],
        ['timeout', '2.5'],
        ['lookback_delta', '60'],
      ],
    });
    await prometheus.rangeQuery('up', 0, 60_000, 500, {}).catch(() => {});
    expect(asked[1].params).toEqual([
      ['query', 'up'],
      ['start', '0'],
      ['end', '60'],
      ['step', '0.5'],
    ]);
  });

  it('of floats and histograms comes in time order', async () => {
    const result = [
      {
        metric: { a: 'b' },
        values: [
          [1, '1'],
          [3, 'NaN'],
        ],
        histograms: [[2, { count: '3', sum: '+Inf' }]],
      },
    ];
    const { api } = await server(() => success({ resultType: 'matrix', result }));
    const { value } = await new PrometheusServer(api).rangeQuery('x', 0, 1, 1, {});
    if (value.type !== 'matrix') throw new Error(value.type);
    const [series] = value.series;
    expect([...series.t]).toEqual([1000, 2000, 3000]);
    expect([...series.v]).toEqual([1, 0, Number.NaN]);
    expect(series.histograms?.map((h) => h?.count)).toEqual([undefined, 3, undefined]);
  });
});

describe('lookups', () => {
  it('leave out the open ends of a range', async () => {
    const { source, asked } = await server(() => success(['b', 'a']));
    expect(await source.labelNames([up], OPEN)).toEqual(['a', 'b']);
    expect(asked[0].params).toEqual([['match[]', '{__name__="up"}']]);
    await source.labelValues('jöb', [], { mint: 1500, maxt: 3000 });
    expect(asked[1]).toMatchObject({
      path: 'label/U__j_f6_b/values',
      params: [
        ['start', '1.500'],
        ['end', '3'],
      ],
    });
  });

  it('ask for everything with a matcher that servers take', async () => {
    const { source, asked } = await server(() => success([{ __name__: 'b' }, { __name__: 'a', x: 'y' }]));
    const set = await source.select([], { ...OPEN, labelsOnly: true, limit: 7 });
    expect([set.length, set.labels(0).toString()]).toEqual([2, 'a{x="y"}']);
    expect(asked[0].params).toEqual([
      ['match[]', '{__name__!=""}'],
      ['limit', '7'],
    ]);
  });

  it('pass on what the server says beside its data', async () => {
    const { source, warnings } = await server(() =>
      success([], { warnings: ['partial', 'results truncated due to limit'], infos: ['slow'] }),
    );
    await source.labelNames([], OPEN);
    expect(warnings).toEqual(['partial', 'slow']);
  });

  it('read metadata, exemplars and the extent', async () => {
    const { source } = await server(({ path }) => {
      if (path === 'metadata') return success({ up: [{ type: 'gauge', help: 'h', unit: '' }] });
      if (path === 'status/tsdb') return success({ headStats: { minTime: 5, maxTime: 9 } });
      const exemplars = [{ labels: { t: 'x' }, value: '0.5', timestamp: 1.25 }];
      return success([{ seriesLabels: { __name__: 'up' }, exemplars }]);
    });
    expect(await source.metadata('up')).toEqual(new Map([['up', [{ type: 'gauge', help: 'h', unit: '' }]]]));
    expect(await source.exemplars([[up]], OPEN)).toMatchObject([{ exemplars: [{ v: 0.5, t: 1250 }] }]);
    expect(await source.extent()).toEqual({ mint: 5, maxt: 9 });
  });
});

describe('raw series', () => {
  it('may come as samples, whose compression is part of remote read', async () => {
    const url = await serveHttp((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/x-protobuf', 'Content-Encoding': 'snappy' });
      response.end(sampledAnswer());
    });
    const client = new HttpClient({ userAgent: 'tsmon/test', keepAlive: false });
    const api = new ApiClient(new URL(url), { client, timeoutMs: 10_000, bodySizeLimitBytes: 1 << 20 });
    const set = await new HttpSource(
      api,
      () => 0,
      () => {},
    ).select([up], { mint: 0, maxt: 5000 });
    const columns = new SampleColumns();
    set.read(0, columns);
    expect([...columns.t.subarray(0, columns.length)]).toEqual([1000, 2000, 3000]);
  });

  it('come by queries where the server has no remote read, and it is asked for that once', async () => {
    const result = [{ metric: { __name__: 'up' }, values: [[1, '5']] }];
    const { source, asked } = await server(({ path }) =>
      path === 'read' ? { status: 404, text: 'no' } : success({ resultType: 'matrix', result }),
    );
    for (let i = 0; i < 2; i++) {
      const set = await source.select([up], { mint: 500, maxt: 2000 });
      const columns = new SampleColumns();
      set.read(0, columns);
      expect([columns.length, columns.t[0], columns.v[0]]).toEqual([1, 1000, 5]);
    }
    expect(asked.map(({ path }) => path)).toEqual(['read', 'query', 'query']);
    expect(asked[1].params).toEqual([
      ['query', '{__name__="up"}[1501ms]'],
      ['time', '2'],
    ]);
  });

  it('that are refused are refused in the words of the server', async () => {
    const { source } = await server(() => ({ status: 500, text: 'exceeded sample limit' }));
    await expect(source.select([up], { mint: 0, maxt: 1 })).rejects.toThrow(
      /remote read: exceeded sample limit \(HTTP status 500\)/,
    );
  });

  it('that are no remote read are a fault of the server', async () => {
    const { source, url } = await server(() => ({ text: 'hello' }));
    const error = await source.select([up], { mint: 0, maxt: 1 }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).message).toContain(url);
  });
});
