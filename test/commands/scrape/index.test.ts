import { mkdtempSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Batch } from '../../../src/core/exposition/batch.ts';
import { createParser, createWriter } from '../../../src/core/exposition/format.ts';
import { PROTOBUF_CONTENT_TYPE } from '../../../src/core/exposition/negotiation.ts';
import { SeriesTable } from '../../../src/core/exposition/series-table.ts';
import type { Histogram } from '../../../src/core/model/histogram.ts';
import { labelsFromObject } from '../../../src/core/model/labels.ts';
import { type Finished, startTsmon, tsmon } from '../../cli.ts';
import { serveHttp, serveRaw } from '../../core/http/servers.ts';

const TEXT = { 'Content-Type': 'text/plain; version=0.0.4' };
const dir = mkdtempSync(join(tmpdir(), 'tsmon-scrape-'));

function file(name: string, content: string): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

/** Runs `tsmon scrape` beside a server of this process; `during` gets the child while it runs. */
async function scrape(
  args: readonly string[],
  during: (child: ReturnType<typeof startTsmon>) => void = () => {},
): Promise<Finished & { bytes: Buffer; signal: string | null }> {
  const child = startTsmon(['scrape', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const stdout: Buffer[] = [];
  let stderr = '';
  child.stdout!.on('data', (piece: Buffer) => stdout.push(piece));
  child.stderr!.on('data', (piece: Buffer) => {
    stderr += piece.toString('utf8');
  });
  during(child);
  const [status, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.on('close', (...end) => resolve(end)),
  );
  const bytes = Buffer.concat(stdout);
  return { status, signal, stdout: bytes.toString('utf8'), stderr, bytes };
}

interface Line {
  metric: Record<string, string>;
  values: unknown[];
  timestamps: number[];
}

function jsonLines(text: string): Line[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter((line) => line.metric !== undefined);
}

describe('tsmon scrape', () => {
  it('prints several targets one after another, and those after one that is down', async () => {
    const url = await serveHttp((_request, response) => response.writeHead(200, TEXT).end('a 1\n'));
    const one = file('one.prom', '# TYPE b gauge\nb{x="y"} 2 1700000000000\n');
    const { status, stdout, stderr } = await scrape([url, 'http://127.0.0.1:1', one, '--label', 'env=test']);
    expect(status).toBe(1);
    expect(stderr).toBe('error: http://127.0.0.1:1/metrics: connecting to 127.0.0.1:1: connection refused\n');
    const host = new URL(url).host;
    const samples = stdout.split('\n').filter((line) => !line.startsWith('#') && !line.startsWith('scrape_'));
    expect(samples).toEqual([
      expect.stringMatching(`^a\\{env="test",instance="${host}",job="scrape"\\} 1 \\d{13}$`),
      expect.stringMatching(`^up\\{env="test",instance="${host}",job="scrape"\\} 1 \\d{13}$`),
      expect.stringMatching(/^up\{env="test",instance="127.0.0.1:1",job="scrape"\} 0 \d{13}$/),
      `b{env="test",instance="${one}",job="scrape",x="y"} 2 1700000000000`,
      expect.stringMatching(/^up\{env="test",instance=".*",job="scrape"\} 1 \d{13}$/),
      '',
    ]);
    expect(stdout).toContain('# TYPE b gauge\n');
  });

  it('collects this host and itself where no target is named', () => {
    const { status, stdout } = tsmon(['scrape']);
    expect(status).toBe(0);
    const host = hostname();
    expect(stdout).toMatch(`up{instance="${host}",job="node"} 1 `);
    expect(stdout).toMatch(`up{instance="${host}",job="tsmon"} 1 `);
    expect(stdout).toMatch(/^node_load1\{/m);
    expect(stdout).toMatch(/^process_cpu_seconds_total\{/m);
  });

  it('reads standard input, raw', () => {
    const { status, stdout } = tsmon(['scrape', '--raw', '-'], { input: 'a{job="x"} 1\n' });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^a\{job="x"\} 1 \d{13}\n$/);
  });

  it.each(['text', 'openmetrics', 'jsonl', 'protobuf'] as const)('prints %s that parses back', (format) => {
    const path = file(
      'formats.prom',
      '# HELP a What.\n# TYPE a counter\na_total{x="y"} 1 1700000000000\nb 2\n',
    );
    const child = startTsmon(['scrape', '--output', format, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pieces: Buffer[] = [];
    child.stdout!.on('data', (piece: Buffer) => pieces.push(piece));
    return new Promise<void>((resolve) => {
      child.on('close', (status) => {
        expect(status).toBe(0);
        const table = new SeriesTable();
        const batch = new Batch();
        const parser = createParser(format, table);
        parser.write(Buffer.concat(pieces), batch);
        parser.end(batch);
        const names = Array.from(batch.series.subarray(0, batch.length), (id) =>
          table.labels[id].get('__name__'),
        );
        expect(names.slice(0, 3)).toEqual(['a_total', 'b', 'up']);
        expect(batch.t[0]).toBe(1_700_000_000_000);
        expect(batch.length).toBe(7);
        resolve();
      });
    });
  });

  it('says when a format loses something', async () => {
    const histogram: Histogram = {
      isFloat: false,
      counterReset: 0,
      schema: 0,
      zeroThreshold: 0.001,
      zeroCount: 1,
      count: 3,
      sum: 4,
      stale: false,
      positiveSpans: [{ offset: 0, length: 1 }],
      negativeSpans: [],
      positiveBuckets: Float64Array.of(2),
      negativeBuckets: new Float64Array(),
      customValues: new Float64Array(),
    };
    const writer = createWriter('protobuf');
    writer.family({ name: 'h', type: 'histogram', help: '', unit: '' });
    writer.histogram(labelsFromObject({ __name__: 'h' }), Number.NaN, histogram);
    writer.end();
    const body = Buffer.from(writer.take());
    let accept = '';
    const url = await serveHttp((request, response) => {
      accept = request.headers.accept ?? '';
      response.writeHead(200, { 'Content-Type': PROTOBUF_CONTENT_TYPE }).end(body);
    });
    const text = await scrape([url, '--native-histograms', '--raw']);
    expect(accept).toMatch(/^application\/vnd\.google\.protobuf/);
    expect(text.stderr).toMatch(
      /^warning: native histograms are not in the output, because text cannot carry them/,
    );
    const jsonl = await scrape([url, '--native-histograms', '--raw', '--output', 'jsonl']);
    expect(jsonl.stderr).toBe('');
    expect(jsonl.stdout).toContain('"histograms"');
  });

  it('sends what the HTTP flags say', async () => {
    let headers: NodeJS.Dict<string | string[]> = {};
    const url = await serveHttp((request, response) => {
      headers = request.headers;
      response.writeHead(200, TEXT).end('a 1\n');
    });
    const password = file('password', 'p:w\n');
    await scrape([
      url,
      '--user',
      'me',
      '--password-file',
      password,
      '--header',
      'X-Scope: one',
      '--timeout',
      '1500ms',
    ]);
    expect(headers).toMatchObject({
      authorization: `Basic ${Buffer.from('me:p:w').toString('base64')}`,
      'x-scope': 'one',
      'x-prometheus-scrape-timeout-seconds': '1.5',
      'user-agent': expect.stringMatching(/^tsmon\/\d/),
    });
    await scrape([url, '--bearer-token-file', password]);
    expect(headers.authorization).toBe('Bearer p:w');
  });

  it.each([
    [['ftp://h'], 'cannot scrape ftp URLs'],
    [['nonsense'], 'neither a URL, a host, nor a file'],
    [['-', '-'], 'only once'],
    [['-', '--watch'], 'only once'],
    [['a.prom', '--label', 'x'], 'is not a label'],
    [['a.prom', '--header', 'x'], 'is not a header'],
    [['a.prom', '--interval', '0'], '--interval must be more than 0'],
    [['a.prom', '--timeout', '5'], 'duration'],
    [['a.prom', '--body-size-limit', 'x'], 'is not a size'],
    [['a.prom', '--protocols', 'x'], 'there is no protocol "x"'],
    [['a.prom', '--count', '0'], 'count'],
    [['a.prom', '--tls-cert', 'x'], 'tls-key'],
    [['a.prom', '--tls-ca', join(dir, 'none')], 'no such file'],
  ])('%j is wrong usage', (args, reason) => {
    const { status, stdout, stderr } = tsmon(['scrape', ...args]);
    expect(stderr).toContain(reason);
    expect(status).toBe(2);
    expect(stdout).toBe('');
  });
});

describe('tsmon scrape --interval', () => {
  it('keeps a steady pace, adds each series once, and ends those that vanish', async () => {
    let asked = 0;
    const url = await serveHttp((_request, response) => {
      response.writeHead(200, TEXT).end(asked++ < 2 ? 'a 1\nb 1\n' : 'a 1\n');
    });
    const { status, stdout, stderr } = await scrape([
      url,
      '--interval',
      '150ms',
      '--count',
      '4',
      '-o',
      'jsonl',
    ]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = jsonLines(stdout);
    const times = (name: string) =>
      lines.filter(({ metric }) => metric.__name__ === name).map(({ timestamps }) => timestamps[0]);
    const up = times('up');
    expect(up).toHaveLength(4);
    // On time to the millisecond, or late; never early, and never twice in one interval.
    for (let i = 1; i < 4; i++) expect(up[i] - up[0]).toBeGreaterThanOrEqual(i * 150);
    expect(times('b')).toEqual(up.slice(0, 3));
    const last = lines.filter(({ metric }) => metric.__name__ === 'b').at(-1)!;
    expect(JSON.stringify(last.values)).toMatch(/stale/i);
    const added = lines.filter(({ metric }) => metric.__name__ === 'scrape_series_added');
    expect(added.map(({ values }) => values[0])).toEqual([2, 0, 0, 0]);
  });

  it('skips what a slow target makes impossible, and says so', async () => {
    const url = await serveHttp((_request, response) => {
      setTimeout(() => response.writeHead(200, TEXT).end('a 1\n'), 350);
    });
    const { stderr, status } = await scrape([url, '--interval', '100ms', '--timeout', '5s', '--count', '2']);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^warning: http.*: (3|4) scrapes were skipped because the one before took longer/);
  });

  it('says once that a target is down, and when it is up again', async () => {
    let asked = 0;
    const url = await serveHttp((_request, response) => {
      if (asked++ < 3) response.writeHead(503).end();
      else response.writeHead(200, TEXT).end('a 1\n');
    });
    const { stderr, status } = await scrape([url, '--interval', '50ms', '--count', '5']);
    expect(status).toBe(1);
    expect(stderr).toBe(
      `error: ${url}/metrics: server returned HTTP status 503 Service Unavailable\n${url}/metrics: up again\n`,
    );
  });

  it('marks the end of every series where that is wanted', async () => {
    const { stdout } = await scrape([file('e.prom', 'a 1\n'), '--count', '1', '--mark-end', '-o', 'jsonl']);
    const lines = jsonLines(stdout);
    expect(lines).toHaveLength(12);
    for (const { values } of lines.slice(6)) expect(JSON.stringify(values)).toMatch(/stale/i);
  });
});

describe('tsmon scrape, stopped', () => {
  it('by a reader that has seen enough, ends quietly and at once', async () => {
    const many = Array.from({ length: 20_000 }, (_, i) => `m{i="${i}"} ${i}\n`).join('');
    const url = await serveHttp((_request, response) => response.writeHead(200, TEXT).end(many));
    const never = await serveRaw(() => {});
    const { status, stderr } = await scrape(
      [url, never, '--timeout', '50s', '--interval', '60s'],
      (child) => {
        child.stdout!.once('data', () => child.stdout!.destroy());
      },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s, ends at once with status %d and no stack', async (signal, expected) => {
    let child: ReturnType<typeof startTsmon>;
    const url = await serveRaw(() => child.kill(signal));
    const { status, stdout, stderr } = await scrape([url, '--timeout', '50s'], (started) => {
      child = started;
    });
    expect({ status, stdout, stderr }).toEqual({ status: expected, stdout: '', stderr: '' });
  });

  it('by SIGINT between two scrapes, keeps what was printed', async () => {
    const url = await serveHttp((_request, response) => response.writeHead(200, TEXT).end('a 1\n'));
    const { status, stdout } = await scrape([url, '--watch', '--interval', '60s'], (child) => {
      child.stdout!.once('data', () => child.kill('SIGINT'));
    });
    expect(status).toBe(130);
    expect(stdout).toMatch(/^a\{/m);
  });
});
