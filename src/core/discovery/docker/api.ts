/**
 * Docker's Engine API over a Unix socket or TCP, in the version that server and client both have.
 * See https://docs.docker.com/reference/api/engine/
 */
import { InputError } from '../../errors.ts';
import type { FetchClient } from '../../http/fetch.ts';
import type { HttpClientConfig } from '../../http/http-config.ts';
import type { DiscoveryResources } from '../discoverer.ts';
import { fetchAnyText, fetchJson } from '../http-json.ts';
import { MetaLabels } from '../meta-labels.ts';
import type { DiscoveryFilter } from '../sd-config.ts';

/** All that is asked for here has been there since long before. */
const NEWEST_VERSION = '1.44';
/** Of servers that do not tell theirs. */
const OLDEST_VERSION = '1.24';

interface Network {
  Id: string;
  Name: string;
  Scope: string;
  Internal: boolean;
  Ingress: boolean;
  Labels?: Record<string, string> | null;
}

export class DockerApi {
  private readonly client: FetchClient;
  private readonly base: URL;
  private readonly socketPath: string | undefined;
  private version: string | undefined;

  /** Throws InputError for a host that is none. */
  constructor(
    { host, http }: { host: string; http: HttpClientConfig },
    { openClient }: Pick<DiscoveryResources, 'openClient'>,
  ) {
    const [, scheme = '', address = ''] = /^(\w+):\/\/(.*)$/s.exec(host) ?? [];
    if (!['unix', 'tcp', 'http', 'https'].includes(scheme) || address === '')
      throw new InputError('discovery_docker', `cannot reach Docker at "${host}"`);
    this.client = openClient(http);
    this.socketPath = scheme === 'unix' ? address : undefined;
    const authority = scheme === 'unix' ? 'localhost' : address.replace(/\/+$/, '');
    this.base = new URL(`${scheme === 'https' ? 'https' : 'http'}://${authority}/`);
  }

  close(): void {
    this.client.close();
  }

  /** Asks for a list. */
  async list<T>(path: string, filters: readonly DiscoveryFilter[], signal: AbortSignal): Promise<T[]> {
    this.version ??= await this.negotiate(signal);
    const url = new URL(`v${this.version}/${path}`, this.base);
    if (filters.length > 0) {
      const byName = Object.fromEntries(filters.map(({ name, values }) => [name, values]));
      url.searchParams.set('filters', JSON.stringify(byName));
    }
    const request = { url, socketPath: this.socketPath };
    const { document } = await fetchJson<T[] | null>(this.client, request, signal);
    return document ?? [];
  }

  /** What is said of each network, by its id. */
  async networks(prefix: string, signal: AbortSignal): Promise<Map<string, MetaLabels>> {
    const networks = await this.list<Network>('networks', [], signal);
    return new Map(
      networks.map((network) => [
        network.Id,
        new MetaLabels()
          .set(`${prefix}network_id`, network.Id)
          .set(`${prefix}network_name`, network.Name)
          .set(`${prefix}network_scope`, network.Scope)
          .set(`${prefix}network_internal`, network.Internal ?? false)
          .set(`${prefix}network_ingress`, network.Ingress ?? false)
          .setEach(`${prefix}network_label_`, network.Labels),
      ]),
    );
  }

  private async negotiate(signal: AbortSignal): Promise<string> {
    const request = { url: new URL('_ping', this.base), socketPath: this.socketPath };
    const { headers } = await fetchAnyText(this.client, request, signal);
    const offered = String(headers?.['api-version'] ?? OLDEST_VERSION);
    return minor(offered) < minor(NEWEST_VERSION) ? offered : NEWEST_VERSION;
  }
}

function minor(version: string): number {
  return Number(/^1\.(\d+)$/.exec(version)?.[1] ?? 0);
}
