import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { createWriter } from '../../../src/core/exposition/format.ts';
import { DEFAULT_SCRAPE_PROTOCOLS } from '../../../src/core/exposition/negotiation.ts';
import { writeBatch } from '../../../src/core/exposition/writer.ts';
import type { MetricFamily } from '../../../src/core/model/family.ts';
import { labelsFromObject } from '../../../src/core/model/labels.ts';
import {
  FamilyInput,
  NO_LIMITS,
  openScrapers,
  type ScrapeResult,
  Scraper,
  type ScrapeSettings,
  targetFromArgument,
} from '../../../src/core/scrape/index.ts';
import { flood, serveHttp, serveRaw } from '../http/servers.ts';

const T = 1_700_000_000_000;
const TEXT = { 'Content-Type': 'text/plain; version=0.0.4' };

async function scraperOf(argument: string, changes: Partial<ScrapeSettings> = {}): Promise<Scraper> {
  const { scrapers, close } = await openScrapers([targetFromArgument(argument, { job: 'j', labels: {} })], {
    clock: systemClock,
    client: { userAgent: 'tsmon/test', keepAlive: true },
    timeoutMs: 10_000,
    bodySizeLimitBytes: 0,
    protocols: DEFAULT_SCRAPE_PROTOCOLS,
    fallbackProtocol: undefined,
    honorLabels: false,
    honorTimestamps: true,
    trackTimestampsStaleness: false,
    limits: NO_LIMITS,
    raw: false,
    stdin: process.stdin,
    textfileDirectories: [],
    ...changes,
  });
  onTestFinished(close);
  return scrapers[0];
}

/** A target that serves one body after another. */
async function serve(...bodies: (string | number)[]): Promise<string> {
  let next = 0;
  return serveHttp((_request, response) => {
    const body = bodies[Math.min(next++, bodies.length - 1)];
    if (typeof body === 'number') response.writeHead(body).end();
    else response.writeHead(200, TEXT).end(body);
  });
}

/** Samples as JSON Lines, which show stale markers, without the duration, which is never the same. */
function rows(result: ScrapeResult, own = false): string[] {
  const writer = createWriter('jsonl');
  writeBatch(writer, result.batch, result.series, result.t);
  writer.end();
  const lines = Buffer.from(writer.take()).toString().trim().split('\n');
  const samples: string[] = [];
  for (const line of lines) {
    const { metric, values, timestamps } = JSON.parse(line);
    if (metric === undefined) continue;
    const { __name__: name, ...labels } = metric;
    if (own && (name === 'up' || name.startsWith('scrape_'))) continue;
    const value = name === 'scrape_duration_seconds' ? '…' : values[0];
    samples.push(`${name}${JSON.stringify(labels)} ${JSON.stringify(value)} ${timestamps[0]}`);
  }
  return samples;
}

function report(result: ScrapeResult): Record<string, number> {
  const out: Record<string, number> = {};
  const { batch, series } = result;
  for (let row = 0; row < batch.length; row++) {
    const name = series.labels[batch.series[row]]!.get('__name__');
    if (name === 'up' || name.startsWith('scrape_')) out[name] = batch.v[row];
  }
  return out;
}

describe('a scrape', () => {
  it('gives samples with the target’s labels, and the report', async () => {
    const url = await serve('# TYPE a counter\na{x="y"} 1\na{job="own"} 2 1600000000000\n');
    const instance = new URL(url).host;
    const result = await (await scraperOf(url)).scrape(T);
    const labels = JSON.stringify({ instance, job: 'j' });
    expect(rows(result)).toEqual([
      `a${JSON.stringify({ instance, job: 'j', x: 'y' })} 1 ${T}`,
      `a${JSON.stringify({ exported_job: 'own', instance, job: 'j' })} 2 1600000000000`,
      `up${labels} 1 ${T}`,
      `scrape_duration_seconds${labels} "…" ${T}`,
      `scrape_samples_scraped${labels} 2 ${T}`,
      `scrape_samples_post_metric_relabeling${labels} 2 ${T}`,
      `scrape_series_added${labels} 2 ${T}`,
    ]);
    expect(result.error).toBeUndefined();
    expect(report(result)['scrape_duration_seconds']).toBeGreaterThan(0);
  });

  it('takes an empty label for the wish to have none, where labels are honoured', async () => {
    const url = await serve('a{instance=""} 1\nb{job="own"} 2\n');
    const result = await (await scraperOf(url, { honorLabels: true })).scrape(T);
    expect(rows(result, true)).toEqual([
      `a{"job":"j"} 1 ${T}`,
      `b${JSON.stringify({ instance: new URL(url).host, job: 'own' })} 2 ${T}`,
    ]);
  });

  it('is only what the target exposes where raw is wanted', async () => {
    const url = await serve('a{job="own"} 1\n');
    const result = await (await scraperOf(url, { raw: true })).scrape(T);
    expect(rows(result)).toEqual([`a{"job":"own"} 1 ${T}`]);
  });

  it('keeps the metadata of families', async () => {
    const url = await serve('# HELP a What it is.\n# TYPE a counter\na 1\n');
    const { batch, series } = await (await scraperOf(url)).scrape(T);
    const family = series.families[series.familyOf[batch.series[0]]];
    expect(family).toMatchObject({ name: 'a', type: 'counter', help: 'What it is.' });
  });

  it('sends what Prometheus sends', async () => {
    let headers: NodeJS.Dict<string | string[]> = {};
    const url = await serveHttp((request, response) => {
      headers = request.headers;
      response.writeHead(200, TEXT).end();
    });
    await (await scraperOf(url, { timeoutMs: 2500 })).scrape(T);
    expect(headers['x-prometheus-scrape-timeout-seconds']).toBe('2.5');
    expect(headers.accept).toMatch(
      /^application\/openmetrics-text;version=1\.0\.0;.*text\/plain;version=0\.0\.4;.*\*\/\*/,
    );
  });

  it('of an empty body succeeds', async () => {
    const url = await serveHttp((_request, response) => response.end());
    expect(report(await (await scraperOf(url)).scrape(T))).toMatchObject({
      up: 1,
      scrape_samples_scraped: 0,
    });
  });

  it('reads files in any format, and says what is wrong with them', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'tsmon-'));
    const file = join(dir, 'a.txt');
    writeFileSync(file, '# TYPE a counter\n# UNIT a_seconds seconds\na_total 1\n# EOF\n');
    expect(rows(await (await scraperOf(file, { raw: true })).scrape(T))).toEqual([`a_total{} 1 ${T}`]);
    writeFileSync(file, 'a 1\nb{ 2\n');
    const broken = await (await scraperOf(file)).scrape(T);
    expect(broken.error?.message).toMatch(new RegExp(`^${file}:2:\\d+: `));
    expect(report(broken)).toMatchObject({ up: 0 });
    const missing = await (await scraperOf(join(dir, 'none.prom'))).scrape(T);
    expect(missing.error?.message).toBe(`${join(dir, 'none.prom')}: no such file or directory`);
    const directory = await (await scraperOf(dir)).scrape(T);
    expect(directory.error?.message).toContain('illegal operation on a directory');
  });

  it('reads standard input once', async () => {
    async function* stdin() {
      yield Buffer.from('a ');
      yield Buffer.from('1\n');
    }
    expect(rows(await (await scraperOf('-', { stdin: stdin(), raw: true })).scrape(T))).toEqual([
      `a{} 1 ${T}`,
    ]);
    await expect(
      scraperOf('-').then(() => openScrapers([target('-'), target('-')], {} as ScrapeSettings)),
    ).rejects.toThrow('only once');
    function target(argument: string) {
      return targetFromArgument(argument, { labels: {} });
    }
  });

  it('takes families from a collector, again and again', async () => {
    let v = 1;
    const families = (): MetricFamily[] => [
      {
        name: 'a',
        type: 'gauge',
        help: 'h',
        unit: '',
        samples: [{ labels: labelsFromObject({ __name__: 'a' }), v }],
      },
    ];
    const scraper = new Scraper(
      targetFromArgument('host:', { labels: { instance: 'i' } }),
      new FamilyInput(families),
      {
        clock: systemClock,
        relabel: (labels) => labels,
        reportTo: null,
        honorTimestamps: true,
        trackTimestampsStaleness: false,
        limits: NO_LIMITS,
      },
    );
    expect(rows(await scraper.scrape(T))).toEqual([`a{} 1 ${T}`]);
    v = 2;
    const again = await scraper.scrape(T + 1);
    expect(rows(again)).toEqual([`a{} 2 ${T + 1}`]);
    expect(again.counts.added).toBe(0);
    expect(again.series.families).toMatchObject([{ name: 'a', help: 'h' }]);
  });
});

describe('one scrape after another', () => {
  it('adds only new series, and ends those that vanish', async () => {
    const scraper = await scraperOf(await serve('a 1\nb 1\n', 'a 2\nc 1\n', 500, 'a 3\n', ''), {});
    const instance = scraper.target.labels.get('instance');
    const labels = JSON.stringify({ instance, job: 'j' });
    const seen: string[][] = [];
    const reports: Record<string, number>[] = [];
    for (let i = 0; i < 5; i++) {
      const result = await scraper.scrape(T + i);
      seen.push(rows(result, true));
      reports.push(report(result));
    }
    const stale = (name: string, t: number) =>
      expect.stringMatching(new RegExp(`^${name}\\{.*stale.* ${T + t}$`, 'i'));
    expect(seen).toEqual([
      [`a${labels} 1 ${T}`, `b${labels} 1 ${T}`],
      [`a${labels} 2 ${T + 1}`, `c${labels} 1 ${T + 1}`, stale('b', 1)],
      [stale('a', 2), stale('c', 2)],
      [`a${labels} 3 ${T + 3}`],
      [stale('a', 4)],
    ]);
    expect(reports.map(({ up }) => up)).toEqual([1, 1, 0, 1, 1]);
    expect(reports.map(({ scrape_series_added }) => scrape_series_added)).toEqual([2, 1, 0, 0, 0]);
    expect(reports.map(({ scrape_samples_scraped }) => scrape_samples_scraped)).toEqual([2, 2, 0, 1, 0]);
  });

  it('goes on after a body that could not be parsed', async () => {
    const scraper = await scraperOf(await serve('a 1\nb 1\n', 'a 2\nb{\n', 'a 3\nb 3\n'));
    await scraper.scrape(T);
    const broken = await scraper.scrape(T + 1);
    expect(report(broken)).toMatchObject({ up: 0, scrape_samples_scraped: 1, scrape_series_added: 0 });
    expect(rows(broken, true)).toHaveLength(2);
    expect(broken.error?.message).toMatch(/^http:.*\/metrics:2:\d+: /);
    const after = await scraper.scrape(T + 2);
    expect(report(after)).toMatchObject({ up: 1, scrape_samples_scraped: 2, scrape_series_added: 0 });
  });

  it('goes on when the target changes its format', async () => {
    let format = 0;
    const url = await serveHttp((_request, response) => {
      if (format++ === 0) response.writeHead(200, TEXT).end('a_total 1\n');
      else
        response
          .writeHead(200, { 'Content-Type': 'application/openmetrics-text' })
          .end('# TYPE a counter\na_total 2\n# EOF\n');
    });
    const scraper = await scraperOf(url);
    await scraper.scrape(T);
    const second = await scraper.scrape(T + 1);
    expect(report(second)).toMatchObject({ up: 1, scrape_samples_scraped: 1, scrape_series_added: 0 });
    expect(rows(second, true)).toHaveLength(1);
  });

  it('forgets series that are gone, and mixes none of them up', async () => {
    let round = 0;
    const url = await serveHttp((_request, response) => {
      const churn = Array.from({ length: 800 }, (_, i) => `churn{id="${round}-${i}"} ${round}\n`).join('');
      response.writeHead(200, TEXT).end(`kept{x="1"} ${round}\n${churn}kept{x="2"} ${round++}\n`);
    });
    const scraper = await scraperOf(url, { raw: true });
    let largest = 0;
    for (let i = 0; i < 12; i++) {
      const result = await scraper.scrape(T + i);
      expect(result.counts).toMatchObject({ scraped: 802, added: i === 0 ? 802 : 800, duplicates: 0 });
      const { batch, series } = result;
      const names = Array.from(batch.series.subarray(0, batch.length), (id) => String(series.labels[id]));
      expect(new Set(names).size).toBe(i === 0 ? 802 : 1602);
      expect([names[0], batch.v[0], names[1], names[801]]).toEqual([
        'kept{x="1"}',
        i,
        `churn{id="${i}-0"}`,
        'kept{x="2"}',
      ]);
      if (i > 0) expect(names.slice(802).every((name) => name.startsWith(`churn{id="${i - 1}-`))).toBe(true);
      largest = Math.max(largest, series.labels.length);
    }
    expect(largest).toBeLessThan(5000);
  });

  it('can be ended, which ends every series', async () => {
    const scraper = await scraperOf(await serve('a 1\n'));
    await scraper.scrape(T);
    expect(scraper.end(T + 1).batch.length).toBe(6);
  });
});

describe('limits', () => {
  it('on samples fail the target but count all of it, without remembering what is too much', async () => {
    const lines = Array.from(
      { length: 100_000 },
      (_, i) => `m{i="${i}",padding="${'x'.repeat(50)}"} 1\n`,
    ).join('');
    const scraper = await scraperOf(await serve(lines, 'a 1\n'), { limits: { ...NO_LIMITS, samples: 100 } });
    const result = await scraper.scrape(T);
    expect(result.error?.message).toMatch(/: sample limit exceeded$/);
    expect(report(result)).toMatchObject({
      up: 0,
      scrape_samples_scraped: 100_000,
      scrape_samples_post_metric_relabeling: 100_000,
      scrape_series_added: 100,
    });
    expect(result.series.labels.length).toBeLessThan(10_000);
    expect(report(await scraper.scrape(T + 1))).toMatchObject({ up: 1, scrape_series_added: 1 });
  });

  it('on the body hold for files too', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'tsmon-')), 'a.prom');
    writeFileSync(file, 'a 1\n'.repeat(1000));
    const result = await (await scraperOf(file, { bodySizeLimitBytes: 1000 })).scrape(T);
    expect(result.error?.message).toBe(`${file}: body size limit exceeded (1000 bytes)`);
  });
});

describe('a hostile target', () => {
  it.each<[string, Record<string, string>, string | Buffer, RegExp]>([
    ['HTML', { 'Content-Type': 'text/html' }, '<html>', /received unsupported Content-Type "text\/html"/],
    ['no type', {}, 'a 1\n', /blank Content-Type/],
    ['invalid UTF-8', TEXT, Buffer.from('a{b="\xff"} 1\n', 'latin1'), /:1:\d+: .*UTF-8/],
    ['a truncated line', TEXT, 'a 1\nb{c="d', /:2:\d+: /],
    ['zeros', TEXT, Buffer.alloc(1_000_000), /:1:1: /],
    ['a single line of 5 MB', TEXT, 'x'.repeat(5_000_000), /:1:\d+: /],
    ['OpenMetrics without its end', { 'Content-Type': 'application/openmetrics-text' }, 'a 1\n', /EOF/],
    [
      'compressed nonsense',
      { ...TEXT, 'Content-Encoding': 'gzip' },
      gzipSync('not metrics at all {'),
      /:1:\d+: /,
    ],
  ])('that sends %s is down, and the reason said', async (_what, headers, body, reason) => {
    const url = await serveHttp((_request, response) => response.writeHead(200, headers).end(body));
    const result = await (await scraperOf(url)).scrape(T);
    expect(result.error?.message).toMatch(reason);
    expect(result.error?.message.length).toBeLessThan(1000);
    expect(report(result)).toMatchObject({ up: 0 });
    expect(rows(result, true)).toEqual([]);
  });

  it('that does not say what it sends may be taken at the caller’s word', async () => {
    const url = await serveHttp((_request, response) => response.end('a 1\n'));
    const result = await (await scraperOf(url, { fallbackProtocol: 'PrometheusText0.0.4' })).scrape(T);
    expect(report(result)).toMatchObject({ up: 1, scrape_samples_scraped: 1 });
    expect(result.warning).toContain('using fallback_scrape_protocol');
  });

  it('that repeats a series is told so', async () => {
    const url = await serve('a 1\na 2\na{} 3\nb 1\n');
    const result = await (await scraperOf(url)).scrape(T);
    expect(result.counts).toMatchObject({ duplicates: 2, scraped: 4 });
    expect(rows(result, true)).toHaveLength(2);
  });

  it('that floods lets others run meanwhile', async () => {
    const url = await serveRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n');
      flood(socket, 'a 1\n'.repeat(1 << 16));
    });
    const flooded = (await scraperOf(url, { bodySizeLimitBytes: 1 << 25 })).scrape(T);
    const quick = await scraperOf(await serve('a 1\n'));
    expect(report(await quick.scrape(T))).toMatchObject({ up: 1 });
    expect((await flooded).error?.message).toContain('body size limit exceeded');
  });

  it('with a million new series is taken in while a timer still runs', async () => {
    const piece = (from: number) =>
      Array.from({ length: 10_000 }, (_, i) => `m{i="${from + i}"} ${i}\n`).join('');
    const url = await serveHttp((_request, response) => {
      response.writeHead(200, TEXT);
      let sent = 0;
      const more = () => {
        while (sent < 1_000_000) {
          sent += 10_000;
          if (!response.write(piece(sent - 10_000))) {
            response.once('drain', more);
            return;
          }
        }
        response.end();
      };
      more();
    });
    let ticks = 0;
    const timer = setInterval(() => ticks++, 20);
    const scraper = await scraperOf(url, { limits: { ...NO_LIMITS, samples: 200_000 }, timeoutMs: 60_000 });
    const before = process.memoryUsage().rss;
    const result = await scraper.scrape(T);
    clearInterval(timer);
    expect(result.error?.message).toContain('sample limit exceeded');
    expect(result.counts.scraped).toBe(1_000_000);
    expect(result.series.labels.length).toBeLessThan(250_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(700 * 1024 * 1024);
    expect(ticks).toBeGreaterThan(5);
  });
});
