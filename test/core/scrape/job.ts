/** Jobs as the loader of configuration makes them, and a network in memory. */
import type { DiscoveryConfig } from '../../../src/core/discovery/sd-config.ts';
import { DEFAULT_SCRAPE_PROTOCOLS } from '../../../src/core/exposition/negotiation.ts';
import type { BodyBuffer } from '../../../src/core/http/body.ts';
import {
  type FetchAnswer,
  type FetchClient,
  FetchError,
  type FetchRequest,
} from '../../../src/core/http/fetch.ts';
import { DEFAULT_HTTP_CLIENT_CONFIG } from '../../../src/core/http/http-config.ts';
import type { ScrapeConfig } from '../../../src/core/scrape/index.ts';

export function job(settings: Partial<ScrapeConfig> = {}): ScrapeConfig {
  return {
    jobName: 'j',
    honorLabels: false,
    honorTimestamps: true,
    trackTimestampsStaleness: false,
    params: {},
    scrapeIntervalMs: 10_000,
    scrapeTimeoutMs: 5000,
    scrapeProtocols: DEFAULT_SCRAPE_PROTOCOLS,
    scrapeNativeHistograms: false,
    alwaysScrapeClassicHistograms: false,
    convertClassicHistogramsToNhcb: false,
    extraScrapeMetrics: false,
    scrapeFailureLogFile: '',
    metricsPath: '/metrics',
    scheme: 'http',
    enableCompression: true,
    bodySizeLimitBytes: 0,
    sampleLimit: 0,
    targetLimit: 0,
    labelLimit: 0,
    labelNameLengthLimit: 0,
    labelValueLengthLimit: 0,
    nativeHistogramBucketLimit: 0,
    nativeHistogramMinBucketFactor: 0,
    keepDroppedTargets: 0,
    metricNameValidationScheme: 'utf8',
    metricNameEscapingScheme: 'allow-utf-8',
    discovery: [],
    http: DEFAULT_HTTP_CLIENT_CONFIG,
    relabelConfigs: [],
    metricRelabelConfigs: [],
    ...settings,
  };
}

export function staticTargets(...targets: string[]): DiscoveryConfig {
  return { mechanism: 'static', groups: [{ targets, labels: {} }] };
}

/** What hosts answer; those that are not there refuse the connection. */
export class FakeNetwork implements FetchClient {
  readonly bodies = new Map<string, string>();
  readonly requests: FetchRequest[] = [];
  closed = 0;
  /** Awaited by every request. */
  gate: Promise<void> = Promise.resolve();

  async fetch(request: FetchRequest, body: BodyBuffer): Promise<FetchAnswer> {
    this.requests.push(request);
    body.clear();
    const text = this.bodies.get(request.url.host);
    await this.gate;
    if (text === undefined)
      throw new FetchError('http_connect', 'connect', 'connection refused', request.url.href);
    const bytes = Buffer.from(text);
    body.push(bytes, request.bodySizeLimitBytes);
    return { status: 200, contentType: 'text/plain; version=0.0.4', receivedBytes: bytes.length };
  }

  close(): void {
    this.closed++;
  }
}
