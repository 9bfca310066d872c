/**
 * Whole scrapes of one target after another: `npm run bench -- scrape [SECONDS]`.
 *
 * `intake` is body in memory -> parser -> final labels, duplicates, staleness, report: what a scrape costs beyond the
 * network. `http` is the same from a server on loopback in a thread of its own, plain and compressed. `first` is the
 * target's first scrape, with every series new. `memory` is what a scraper holds afterwards, per series. All ns are
 * wall time a sample of the best scrape; CPU is that of the scraping thread alone.
 */
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { systemClock } from '../src/core/clock.ts';
import { DEFAULT_SCRAPE_PROTOCOLS } from '../src/core/exposition/negotiation.ts';
import { HttpClient } from '../src/core/http/http-client.ts';
import {
  HttpInput,
  NO_LIMITS,
  type ScrapeInput,
  type ScrapeResult,
  Scraper,
  TargetLabels,
  targetFromArgument,
} from '../src/core/scrape/index.ts';

const SECONDS = Number(process.argv[2] ?? 2);
const collect = (globalThis as { gc?: () => void }).gc ?? (() => {});

/** `series` series of 40 families, five labels each; `round` changes the values. */
function body(series: number, round: number): Buffer {
  const lines: string[] = [];
  const perFamily = Math.ceil(series / 40);
  for (let i = 0; i < series; i++) {
    const family = Math.floor(i / perFamily);
    if (i % perFamily === 0)
      lines.push(
        `# HELP http_requests_${family}_total Requests.\n# TYPE http_requests_${family}_total counter`,
      );
    const labels = `method="GET",path="/api/v1/resource/${i % 500}",code="${200 + (i % 5)}",pod="pod-${i % 97}",n="${i}"`;
    lines.push(`http_requests_${family}_total{${labels}} ${i * 7 + round}`);
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}

/** Gives two bodies in turn, without a network. */
function memoryInput(bodies: readonly Buffer[]): ScrapeInput {
  let next = 0;
  return {
    async read(buffer) {
      buffer.clear();
      buffer.push(bodies[next++ % bodies.length], 0);
      return { format: 'text', receivedBytes: 0, warning: undefined };
    },
  };
}

function scraper(input: ScrapeInput): Scraper {
  const target = targetFromArgument('bench.example:9100', { job: 'bench', labels: {} });
  const labels = new TargetLabels(target.labels, false);
  return new Scraper(target, input, {
    clock: systemClock,
    relabel: (exposed, empty) => labels.addTo(exposed, empty),
    reportTo: target.labels,
    honorTimestamps: true,
    trackTimestampsStaleness: false,
    limits: NO_LIMITS,
  });
}

async function measure(name: string, series: number, input: ScrapeInput): Promise<void> {
  collect();
  const before = process.memoryUsage();
  const one = scraper(input);
  const start = performance.now();
  check(await one.scrape(Date.now()), series);
  const first = performance.now() - start;
  let best = Number.POSITIVE_INFINITY;
  let scrapes = 0;
  const cpu = process.cpuUsage();
  const end = performance.now() + SECONDS * 1000;
  while (performance.now() < end || scrapes < 3) {
    const begun = performance.now();
    check(await one.scrape(Date.now()), series);
    best = Math.min(best, performance.now() - begun);
    scrapes++;
  }
  const used = process.cpuUsage(cpu);
  collect();
  const after = process.memoryUsage();
  const held = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  const ns = (ms: number) => String(Math.round((ms * 1e6) / series));
  console.log(
    name.padEnd(24),
    String(series).padStart(8),
    ns(best).padStart(9),
    ns(first).padStart(9),
    ns((used.user + used.system) / 1000 / scrapes).padStart(9),
    `${(held / series).toFixed(0)} B`.padStart(9),
    String(scrapes).padStart(8),
  );
  // Keeps the scraper alive until its memory has been measured.
  if (one.target.name === '') console.log();
}

function check({ counts, error }: ScrapeResult, series: number): void {
  if (error !== undefined) throw error;
  if (counts.scraped !== series) throw new Error(`${counts.scraped} samples instead of ${series}`);
}

/** Serves the bodies on loopback from another thread; resolves with the port. */
async function serve(
  bodies: readonly Buffer[],
  encoding: string | undefined,
): Promise<{ port: number; worker: Worker }> {
  const source = `
    const { createServer } = require('node:http');
    const { parentPort, workerData } = require('node:worker_threads');
    let next = 0;
    const server = createServer((_request, response) => {
      const body = workerData.bodies[next++ % workerData.bodies.length];
      const headers = { 'Content-Type': 'text/plain; version=0.0.4', 'Content-Length': body.length };
      if (workerData.encoding) headers['Content-Encoding'] = workerData.encoding;
      response.writeHead(200, headers).end(body);
    });
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`;
  const worker = new Worker(source, { eval: true, workerData: { bodies, encoding } });
  const port = await new Promise<number>((resolve) => worker.once('message', resolve));
  return { port, worker };
}

async function measureHttp(
  name: string,
  series: number,
  bodies: readonly Buffer[],
  encoding?: string,
): Promise<void> {
  const { port, worker } = await serve(bodies, encoding);
  const client = new HttpClient({ userAgent: 'tsmon/bench', keepAlive: true });
  const input = new HttpInput(
    client,
    { url: new URL(`http://127.0.0.1:${port}/metrics`) },
    {
      timeoutMs: 60_000,
      bodySizeLimitBytes: 0,
      protocols: DEFAULT_SCRAPE_PROTOCOLS,
      fallbackProtocol: undefined,
    },
  );
  await measure(name, series, input);
  client.close();
  await worker.terminate();
}

console.log('                           series   best ns  first ns    CPU ns    memory  scrapes');
for (const series of [1000, 100_000]) {
  const bodies = [body(series, 1), body(series, 2)];
  // Warms the code, so that `first` is about new series and not about a new process.
  await scraper(memoryInput(bodies)).scrape(Date.now());
  await measure('intake', series, memoryInput(bodies));
  await measureHttp('http', series, bodies);
  await measureHttp(
    'http, gzip',
    series,
    bodies.map((plain) => gzipSync(plain)),
    'gzip',
  );
}
