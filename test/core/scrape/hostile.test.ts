/** Targets that mean harm, or are broken, beside one that is well: real sockets, and the real database behind them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { openHttpClient } from '../../../src/core/http/configured-client.ts';
import { type ActiveTarget, ScrapeManager } from '../../../src/core/scrape/index.ts';
import { openJobClient } from '../../../src/core/scrape/job-client.ts';
import { Database } from '../../../src/core/tsdb/db/index.ts';
import { flood, serveHttp, serveRaw } from '../http/servers.ts';
import { job, staticTargets } from './job.ts';

const TEXT = { 'Content-Type': 'text/plain; version=0.0.4' };
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n';
/** Those that never get further. */
const SLOW = ['drip', 'silent', 'endless', 'bomb', 'many'];
const YEAR_2090 = 3_786_912_000_000;

async function hostOf(url: Promise<string>): Promise<string> {
  return new URL(await url).host;
}

function body(text: string, headers: Record<string, string> = {}) {
  return hostOf(
    serveHttp((_request, response) => {
      response.writeHead(200, { ...TEXT, ...headers }).end(text);
    }),
  );
}

it('hostile targets fail by themselves, store nothing, and do not keep others waiting', async () => {
  let scrapes = 0;
  const manySeries = () =>
    Array.from({ length: 30_000 }, (_, i) => `new_${scrapes}_${i}{n="${i}"} 1\n`).join('');
  const hosts = {
    good: await body('good 1\n'),
    drip: await hostOf(
      serveRaw((socket) => {
        socket.write(`${HEAD}\r\n`);
        const timer = setInterval(() => socket.write('a'), 20);
        socket.on('close', () => clearInterval(timer));
      }),
    ),
    silent: await hostOf(serveRaw(() => {})),
    endless: await hostOf(
      serveRaw((socket) => {
        socket.write(`${HEAD}\r\n`);
        flood(socket, 'endless{a="b"} 1\n'.repeat(1000));
      }),
    ),
    bomb: await hostOf(
      serveHttp((_request, response) => {
        response
          .writeHead(200, { ...TEXT, 'Content-Encoding': 'gzip' })
          .end(gzipSync(Buffer.alloc(50_000_000, 'bomb 1\n')));
      }),
    ),
    many: await hostOf(
      serveHttp((_request, response) => {
        scrapes++;
        response.writeHead(200, TEXT).end(manySeries());
      }),
    ),
    wrong: await body('# TYPE w counter\nw{} one\n'),
    html: await body('<html>', { 'Content-Type': 'text/html' }),
    future: await body(`future 1 ${YEAR_2090}\n`),
    label: await body(`huge{a="${'x'.repeat(100_000)}"} 1\n`),
    conflict: await body('twice 1\ntwice 2\n# TYPE twice gauge\ntwice{a=""} 3\n'),
    circle: await hostOf(
      serveHttp((_request, response) => {
        response.writeHead(302, { Location: '/metrics' }).end();
      }),
    ),
    local: await hostOf(
      serveHttp((_request, response) => {
        response.writeHead(302, { Location: 'file:///etc/passwd' }).end();
      }),
    ),
  };
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-hostile-'));
  const db = await Database.open(dir, { clock: systemClock });
  const manager = new ScrapeManager({
    clock: systemClock,
    store: { appender: () => db.appender() },
    openClient: (config) => openJobClient(config, { userAgent: 'tsmon/test' }),
    discovery: { openClient: (http) => openHttpClient(http, { userAgent: 'tsmon/test' }), env: {} },
    onTrouble: () => {},
  });
  manager.apply([
    job({
      scrapeIntervalMs: 1200,
      scrapeTimeoutMs: 1000,
      bodySizeLimitBytes: 2_000_000,
      sampleLimit: 1000,
      labelValueLengthLimit: 1000,
      discovery: [staticTargets(...Object.values(hosts))],
    }),
  ]);
  const all = () =>
    new Map(
      Object.entries(hosts).map(([name, host]): [string, ActiveTarget] => [
        name,
        manager.activeTargets().find(({ labels }) => labels.get('instance') === host)!,
      ]),
    );
  // On a busy machine any of them may run into the timeout now and then.
  const errors: Record<string, string> = {};
  const settled = () => {
    for (const [name, target] of all()) {
      if (target === undefined || target.health === 'unknown') continue;
      if (errors[name] === undefined || errors[name].startsWith('timed out')) errors[name] = target.lastError;
    }
    const isDone = (name: string) => SLOW.includes(name) || !errors[name].startsWith('timed out');
    return Object.keys(hosts).every((name) => errors[name] !== undefined && isDone(name));
  };
  const end = Date.now() + 30_000;
  while (Date.now() < end && (!settled() || scrapes < 2)) await new Promise((r) => setTimeout(r, 50));
  const targets = all();
  await manager.stop();

  expect(targets.size).toBe(Object.keys(hosts).length);
  expect(errors).toEqual({
    good: '',
    drip: expect.stringMatching(/^timed out after 1s/),
    silent: expect.stringMatching(/^timed out after 1s/),
    endless: expect.stringMatching(/^(?:body size limit exceeded|timed out)/),
    bomb: expect.stringMatching(/^(?:body size limit exceeded|timed out)/),
    many: expect.stringMatching(/^(?:sample limit exceeded|timed out)/),
    wrong: expect.stringContaining('one'),
    html: expect.stringContaining('unsupported Content-Type "text/html"'),
    future: '',
    label: expect.stringContaining('label_value_length_limit exceeded'),
    conflict: '',
    circle: expect.stringContaining('redirects'),
    local: expect.stringContaining('redirect to file:///etc/passwd refused'),
  });
  // Five series about each target, and of two what was exposed.
  expect(db.stats().series).toBe(Object.keys(hosts).length * 5 + 2);
  await db.close();
  rmSync(dir, { recursive: true });
}, 60_000);
