/** The processes beside: what is scraped, and what looks how soon a server answers. */
import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { nodeLikeBody } from './fleet.ts';

/** By who asked (the first word of its User-Agent) and which target it asked: when, ms since the epoch. */
export type Arrivals = Record<string, Record<string, number[]>>;

/** By port: when a small request was sent, ms since the epoch, and how long it took, ms. */
export interface Probes {
  taken: Record<number, [t: number, took: number][]>;
  /** How long this process, which does nothing, stood still at most: nobody's answers can be sooner. */
  ownStallMs: number;
}

const PROBE_MS = 20;

const epochMs = () => performance.timeOrigin + performance.now();

/** Answers on all of 127.0.0.0/8; says the port, and on any message the arrivals so far. */
export function serveTargets(series: number): void {
  const bodyAt = nodeLikeBody(series);
  const arrivals: Arrivals = {};
  const server = createServer((request, response) => {
    const target = request.headers.host ?? '';
    const agent = (request.headers['user-agent'] ?? '').split('/')[0];
    arrivals[agent] ??= {};
    arrivals[agent][target] ??= [];
    arrivals[agent][target].push(epochMs());
    const body = bodyAt(Date.now(), target);
    response
      .writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4', 'Content-Length': body.length })
      .end(body);
  });
  server.keepAliveTimeout = 60_000;
  process.on('message', () => process.send!(arrivals));
  server.listen(0, '0.0.0.0', 4096, () => process.send!((server.address() as AddressInfo).port));
}

/** Asks each of the ports again and again for something that costs nothing; on any message says what it saw. */
export function probe(ports: readonly number[]): void {
  const delay = monitorEventLoopDelay();
  delay.enable();
  const agent = new Agent({ keepAlive: true });
  const taken: Probes['taken'] = {};
  for (const port of ports) {
    taken[port] = [];
    let waiting = false;
    setInterval(() => {
      // One at a time: the wait of one tells all.
      if (waiting) return;
      waiting = true;
      const began = epochMs();
      const done = () => {
        waiting = false;
        taken[port].push([began, epochMs() - began]);
      };
      get({ host: '127.0.0.1', port, path: '/-/healthy', agent }, (response) => {
        response.resume().on('end', done);
      }).on('error', () => {
        waiting = false;
      });
    }, PROBE_MS);
  }
  process.on('message', () => process.send!({ taken, ownStallMs: delay.max / 1e6 } satisfies Probes));
}
