/**
 * `http_sd_configs`: target groups from a URL, asked for again and again. Groups that the next answer no longer has are
 * gone; an answer that is none leaves everything as it was.
 * See https://prometheus.io/docs/prometheus/latest/http_sd/
 */
import type { FetchClient } from '../http/fetch.ts';
import { labelsFromPairs } from '../model/labels.ts';
import type { Discoverer, DiscoveryHost, DiscoveryResources } from './discoverer.ts';
import { badAnswer, fetchText, parseAnswer } from './http-json.ts';
import { RefreshingDiscoverer } from './refresh.ts';
import type { HttpDiscoveryConfig } from './sd-config.ts';
import { parseTargetGroups, type TargetGroup } from './target-group.ts';

const JSON_TYPE = /^application\/json(;\s*charset=("utf-8"|utf-8))?$/i;

export class HttpDiscoverer implements Discoverer {
  private readonly config: HttpDiscoveryConfig;
  private readonly client: FetchClient;

  constructor(config: HttpDiscoveryConfig, { openClient }: DiscoveryResources) {
    this.config = config;
    this.client = openClient(config.http);
  }

  async run(host: DiscoveryHost, signal: AbortSignal): Promise<void> {
    const refresh = async () => {
      try {
        return await this.refresh(signal);
      } catch (error) {
        host.count?.('httpFailures');
        throw error;
      }
    };
    try {
      await new RefreshingDiscoverer(this.config.refreshIntervalMs, refresh).run(host, signal);
    } finally {
      this.client.close();
    }
  }

  private async refresh(signal: AbortSignal): Promise<TargetGroup[]> {
    const { refreshIntervalMs } = this.config;
    const url = new URL(this.config.url);
    const headers = {
      Accept: 'application/json',
      'X-Prometheus-Refresh-Interval-Seconds': String(refreshIntervalMs / 1000),
    };
    // An answer that takes longer than it is good for says nothing.
    const timeoutMs = Math.max(refreshIntervalMs, 1000);
    const { contentType, text } = await fetchText(this.client, { url, headers, timeoutMs }, signal);
    if (!JSON_TYPE.test(contentType?.trim() ?? ''))
      throw badAnswer(url, `unsupported content type "${contentType ?? ''}"`);
    return parseTargetGroups(
      parseAnswer(text, url),
      this.config.url,
      labelsFromPairs([['__meta_url', this.config.url]]),
    );
  }
}
