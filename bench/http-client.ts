/**
 * CPU of one scrape's HTTP exchange: node:http as core/http/http-client.ts uses it, beside undici's Agent, over
 * kept connections to 100 targets.
 *
 *     npm run bench -- http-client [KILOBYTES] [ROUNDS]
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Agent } from 'undici';
import { BodyBuffer } from '../src/core/http/body.ts';
import { openHttpClient } from '../src/core/http/configured-client.ts';
import { DEFAULT_HTTP_CLIENT_CONFIG } from '../src/core/http/http-config.ts';

const TARGETS = 100;
const kilobytes = Number(process.argv[2] ?? 100);
const rounds = Number(process.argv[3] ?? 30);

const SERVER = `
const http = require('node:http');
const body = Buffer.alloc(${kilobytes} * 1024, 'metric_name_total{label="value"} 123456\\n');
for (let i = 0; i < ${TARGETS}; i++) {
  const server = http.createServer((_, r) => {
    r.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4', 'Content-Length': body.length });
    r.end(body);
  });
  server.keepAliveTimeout = 60000;
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
}`;

type Exchange = (url: string, body: BodyBuffer) => Promise<unknown>;

const server = spawn(process.execPath, ['-e', SERVER], { stdio: ['ignore', 'pipe', 'inherit'] });
const urls: string[] = [];
for await (const port of createInterface({ input: server.stdout })) {
  urls.push(`http://127.0.0.1:${port}/metrics`);
  if (urls.length === TARGETS) break;
}
const bodies = urls.map(() => new BodyBuffer());

const own = openHttpClient(DEFAULT_HTTP_CLIENT_CONFIG, { userAgent: 'bench' });
const headers = { Accept: 'text/plain;version=0.0.4' };
const withOwn: Exchange = (url, body) =>
  own.fetch({ url: new URL(url), headers, timeoutMs: 10_000, bodySizeLimitBytes: 0 }, body);

const agent = new Agent();
const withUndici: Exchange = async (url, body) => {
  const { origin, pathname } = new URL(url);
  const signal = AbortSignal.timeout(10_000);
  const answer = await agent.request({ origin, path: pathname, method: 'GET', headers, signal });
  body.clear();
  for await (const piece of answer.body) body.push(piece, 0);
};

async function measure(name: string, exchange: Exchange): Promise<void> {
  for (let i = 0; i < 3; i++) await Promise.all(urls.map((url, j) => exchange(url, bodies[j])));
  const before = process.cpuUsage();
  const began = performance.now();
  for (let i = 0; i < rounds; i++) await Promise.all(urls.map((url, j) => exchange(url, bodies[j])));
  const { user, system } = process.cpuUsage(before);
  const requests = rounds * TARGETS;
  const cpu = ((user + system) / requests).toFixed(1);
  const wall = (((performance.now() - began) * 1000) / requests).toFixed(1);
  console.log(`${name.padEnd(12)} ${cpu.padStart(8)} µs CPU per request, ${wall.padStart(8)} µs elapsed`);
}

for (let again = 0; again < 3; again++) {
  await measure('node:http', withOwn);
  await measure('undici', withUndici);
}
own.close();
await agent.close();
server.kill();
