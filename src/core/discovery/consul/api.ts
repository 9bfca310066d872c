/**
 * Consul's HTTP API, as far as discovery asks it: long polls that answer when something has changed since an index.
 * See https://developer.hashicorp.com/consul/api-docs/features/blocking
 */
import type { FetchClient } from '../../http/fetch.ts';
import type { HttpClientConfig } from '../../http/http-config.ts';
import type { DiscoveryResources } from '../discoverer.ts';
import { badAnswer, fetchJson, REQUEST_TIMEOUT_MS } from '../http-json.ts';
import type { ConsulDiscoveryConfig } from '../sd-config.ts';

/** How long Consul may wait for a change. */
const WAIT_MS = 120_000;
/** Consul waits up to a sixteenth longer, so that not all ask again at once. */
const SLACK_MS = 15_000;

/** An entry of /v1/health/service/:name. */
export interface ServiceEntry {
  Node: {
    Node: string;
    Address: string;
    Meta?: Record<string, string> | null;
    TaggedAddresses?: Record<string, string> | null;
  };
  Service: {
    ID: string;
    Address: string;
    Port: number;
    Tags?: string[] | null;
    Meta?: Record<string, string> | null;
    Namespace?: string;
    Partition?: string;
  };
  Checks?: { CheckID: string; Status: string }[] | null;
}

export interface PollAnswer<T> {
  document: T;
  /** What to ask with the next time. */
  index: number;
}

export class ConsulApi {
  private readonly config: ConsulDiscoveryConfig;
  private readonly client: FetchClient;
  private readonly base: URL;
  private readonly socketPath: string | undefined;
  /** Sent with every request. */
  private readonly scope: readonly [string, string][];

  constructor(config: ConsulDiscoveryConfig, { openClient, env }: DiscoveryResources) {
    this.config = config;
    this.client = openClient(withToken(config, env['CONSUL_HTTP_TOKEN'] ?? ''));
    const [, scheme, address] = /^(?:(\w+):\/\/)?(.*)$/s.exec(config.server)!;
    this.socketPath = scheme === 'unix' ? address : undefined;
    const host = this.socketPath === undefined ? address : 'localhost';
    const protocol = scheme === 'http' || scheme === 'https' ? scheme : config.scheme || 'http';
    const prefix = config.pathPrefix.replace(/^\/|\/$/g, '');
    this.base = new URL(`${protocol}://${host}/${prefix === '' ? '' : `${prefix}/`}`);
    const given: [string, string][] = [
      ['dc', config.datacenter],
      ['ns', config.namespace || (env['CONSUL_NAMESPACE'] ?? '')],
      ['partition', config.partition || (env['CONSUL_PARTITION'] ?? '')],
    ];
    this.scope = given.filter(([, value]) => value !== '');
  }

  close(): void {
    this.client.close();
  }

  /** The datacenter of the agent itself. */
  async datacenter(signal: AbortSignal): Promise<string> {
    const url = this.url('v1/agent/self', []);
    const request = { url, socketPath: this.socketPath };
    const { document } = await fetchJson<{ Config?: { Datacenter?: unknown } }>(this.client, request, signal);
    const datacenter = document?.Config?.Datacenter;
    if (typeof datacenter !== 'string') throw badAnswer(url, 'the agent does not tell its datacenter');
    return datacenter;
  }

  /** The tags of each service, by its name. */
  services(index: number, signal: AbortSignal): Promise<PollAnswer<Record<string, string[]>>> {
    return this.poll('v1/catalog/services', [['filter', this.config.filter]], index, signal);
  }

  /** Where a service runs. */
  service(name: string, index: number, signal: AbortSignal): Promise<PollAnswer<ServiceEntry[]>> {
    const tags = this.config.tags.map((tag): [string, string] => ['tag', tag]);
    const path = `v1/health/service/${encodeURIComponent(name)}`;
    return this.poll(path, [...tags, ['filter', this.config.healthFilter]], index, signal);
  }

  private async poll<T>(
    path: string,
    more: readonly [string, string][],
    index: number,
    signal: AbortSignal,
  ): Promise<PollAnswer<T>> {
    const { allowStale, nodeMeta } = this.config;
    const params = [...this.scope, ...more];
    if (allowStale) params.push(['stale', '']);
    for (const [name, value] of Object.entries(nodeMeta)) params.push(['node-meta', `${name}:${value}`]);
    if (index > 0) params.push(['index', String(index)], ['wait', `${WAIT_MS}ms`]);
    const timeoutMs = index > 0 ? WAIT_MS + SLACK_MS : REQUEST_TIMEOUT_MS;
    const request = { url: this.url(path, params), socketPath: this.socketPath, timeoutMs };
    const { document, answer } = await fetchJson<T>(this.client, request, signal);
    const next = Number(answer.headers?.['x-consul-index'] ?? 0);
    // One that goes back tells of a restored server: everything is asked for anew.
    return { document, index: Number.isFinite(next) && next >= index ? next : 0 };
  }

  private url(path: string, params: readonly [string, string][]): URL {
    const url = new URL(path, this.base);
    for (const [name, value] of params) {
      if (value !== '' || name === 'stale') url.searchParams.append(name, value);
    }
    return url;
  }
}

/** The token stays with Consul's own address, as everything in `http_headers` does. */
function withToken({ http, token }: ConsulDiscoveryConfig, fallback: string): HttpClientConfig {
  const value = token || fallback;
  if (value === '') return http;
  const header = { values: [], secrets: [value], files: [] };
  return { ...http, httpHeaders: { ...http.httpHeaders, 'X-Consul-Token': header } };
}
