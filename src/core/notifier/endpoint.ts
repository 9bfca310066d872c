/**
 * One Alertmanager: a queue of its own and one request at a time, so that a slow one holds up no other. A batch that
 * fails is not tried again: as long as an alert lasts, its rule sends it anew.
 */
import type { Clock } from '../clock.ts';
import { BodyBuffer } from '../http/body.ts';
import { type FetchClient, FetchError } from '../http/fetch.ts';
import type { SentAlert } from '../rules/sent-alert.ts';
import { alertsBody } from './alert.ts';
import type { NotifierMetrics } from './metrics.ts';

/** As Prometheus has it. */
export const DEFAULT_BATCH = 256;
/** More of an answer than this is of no interest. */
const ANSWER_LIMIT_BYTES = 64 * 1024;

export interface EndpointSettings {
  client: FetchClient;
  timeoutMs: number;
  /** Alerts that may wait; the oldest go first when there are more. */
  capacity: number;
  /** Alerts in one request. */
  batch: number;
  clock: Clock;
  metrics: NotifierMetrics;
  /** Told of every batch that was lost. */
  onFailure: (url: string, alerts: number, reason: string) => void;
}

export class Endpoint {
  readonly url: URL;
  private settings: EndpointSettings;
  private queue: SentAlert[] = [];
  private sending: Promise<void> | undefined;
  private readonly abort = new AbortController();
  private readonly answer = new BodyBuffer();

  constructor(url: URL, settings: EndpointSettings) {
    this.url = url;
    this.settings = settings;
    // A share of errors is known from the first alert on only where none is 0.
    settings.metrics.errors.with(url.href);
    settings.metrics.sent.with(url.href);
  }

  /** Alerts that wait. */
  get length(): number {
    return this.queue.length;
  }

  /** For the next batch; what waits stays. */
  configure(settings: EndpointSettings): void {
    this.settings = settings;
  }

  send(alerts: readonly SentAlert[]): void {
    if (this.abort.signal.aborted) return;
    const { capacity, metrics, onFailure } = this.settings;
    let kept = alerts;
    if (kept.length > capacity) kept = kept.slice(kept.length - capacity);
    const surplus = Math.max(0, this.queue.length + kept.length - capacity);
    this.queue = this.queue.slice(surplus).concat(kept);
    const lost = surplus + alerts.length - kept.length;
    if (lost > 0) {
      metrics.dropped.inc(lost);
      onFailure(this.url.href, lost, `the queue is full (${capacity})`);
    }
    this.sending ??= this.drain();
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await this.sending;
  }

  /** Ends the request under way, and drops what waits. */
  close(): void {
    this.settings.metrics.dropped.inc(this.queue.length);
    this.queue = [];
    this.abort.abort();
  }

  private async drain(): Promise<void> {
    // Who sends one alert after another in one turn has them in one request.
    await Promise.resolve();
    while (this.queue.length > 0) {
      const batch = this.queue.slice(0, this.settings.batch);
      this.queue = this.queue.slice(batch.length);
      await this.post(batch);
    }
    this.sending = undefined;
  }

  private async post(batch: readonly SentAlert[]): Promise<void> {
    const { client, timeoutMs, clock, metrics, onFailure } = this.settings;
    const name = this.url.href;
    const start = clock.monotonic();
    try {
      await client.fetch(
        {
          url: this.url,
          headers: { 'content-type': 'application/json' },
          timeoutMs,
          bodySizeLimitBytes: ANSWER_LIMIT_BYTES,
          content: alertsBody(batch),
          accepts: (status) => status >= 200 && status < 300,
        },
        this.answer,
        this.abort.signal,
      );
    } catch (error) {
      const aborted = this.abort.signal.aborted;
      if (!aborted && !(error instanceof FetchError)) throw error;
      metrics.errors.with(name).inc(batch.length);
      metrics.dropped.inc(batch.length);
      onFailure(name, batch.length, aborted ? 'stopped while sending' : (error as FetchError).message);
    }
    // As in Prometheus this counts what was tried, so that errors are a share of it.
    metrics.sent.with(name).inc(batch.length);
    const seconds = (clock.monotonic() - start) / 1000;
    metrics.latency.observe(seconds, name);
    metrics.latencyHistogram.with(name).observe(seconds);
  }
}
