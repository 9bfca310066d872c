/** What the HTTP server says of itself, under upstream's names where there are such. */
import { Counter, type Registry } from '../../instrument/index.ts';
import type { Connections } from './connections.ts';

const DURATION_BUCKETS = [0.1, 0.2, 0.4, 1, 3, 8, 20, 60, 120];
const SIZE_BUCKETS = [100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

export class HttpMetrics {
  readonly requests;
  readonly duration;
  readonly size;
  /** Requests that no handler has seen. */
  readonly refused;

  /** `handlers` are those that there are: each has a count from the start, so that its first request shows in a rate. */
  constructor(registry: Registry, connections: Connections, handlers: readonly string[]) {
    this.requests = registry.counter(
      'prometheus_http_requests_total',
      'Counter of HTTP requests.',
      'handler',
      'code',
    );
    for (const handler of handlers) this.requests.with(handler, '200');
    this.duration = registry.histogram(
      'prometheus_http_request_duration_seconds',
      'Histogram of latencies for HTTP requests.',
      ['handler'],
      DURATION_BUCKETS,
    );
    this.size = registry.histogram(
      'prometheus_http_response_size_bytes',
      'Histogram of response size for HTTP requests.',
      ['handler'],
      SIZE_BUCKETS,
    );
    this.refused = registry.counter(
      'tsmon_http_refused_requests_total',
      'Requests and connections that were refused before a handler saw them.',
      'reason',
    );
    registry.reading(
      'gauge',
      'tsmon_http_connections',
      'Open connections to the HTTP server.',
      () => connections.count,
    );
    // As Prometheus counts those of its web server.
    const listener = (what: string, help: string, read: () => number) =>
      registry.source(() => {
        const counter = new Counter(`net_conntrack_listener_conn_${what}_total`, help, ['listener_name']);
        counter.with('http').value = read();
        return [counter.collect()];
      });
    listener(
      'accepted',
      'Total number of connections opened to the listener of a given name.',
      () => connections.accepted,
    );
    listener(
      'closed',
      'Total number of connections closed that were made to the listener of a given name.',
      () => connections.closed,
    );
  }

  answered(handler: string, status: number, seconds: number, bytes: number): void {
    this.requests.with(handler, String(status)).inc();
    this.duration.with(handler).observe(seconds);
    this.size.with(handler).observe(bytes);
  }
}
