/**
 * `kubernetes_sd_configs`: the objects of one role, kept up to date by watches, joined with what belongs to them.
 * See https://prometheus.io/docs/prometheus/latest/configuration/configuration/#kubernetes_sd_config
 */
import type { FetchClient } from '../../http/fetch.ts';
import type { Discoverer, DiscoveryHost, DiscoveryResources } from '../discoverer.ts';
import { emptyGroup } from '../refresh.ts';
import type { KubernetesDiscoveryConfig, KubernetesRole } from '../sd-config.ts';
import type { TargetGroup } from '../target-group.ts';
import { type ClusterAccess, resolveAccess } from './access.ts';
import { buildEndpoints } from './endpoints.ts';
import { buildEndpointSlice } from './endpointslice.ts';
import { buildIngress } from './ingress.ts';
import { Lookup } from './lookup.ts';
import { buildNode } from './node.ts';
import { type Kind, RESOURCES } from './objects.ts';
import { buildPod } from './pod.ts';
import { type ObjectEvent, Reflector } from './reflector.ts';
import type { Build } from './role.ts';
import { buildService } from './service.ts';

interface Role {
  // biome-ignore lint/suspicious/noExplicitAny: each role builds from its own kind
  build: Build<any>;
  /** What the sources of its groups begin with. */
  prefix: string;
  /** What else it looks at. */
  joins: readonly Kind[];
  nodes: boolean;
  namespaces: boolean;
  /** Whether it tells of pods. */
  pods: boolean;
}

const ROLES: Readonly<Record<KubernetesRole, Role>> = {
  node: { build: buildNode, prefix: 'node', joins: [], nodes: false, namespaces: false, pods: false },
  pod: { build: buildPod, prefix: 'pod', joins: [], nodes: true, namespaces: true, pods: true },
  service: { build: buildService, prefix: 'svc', joins: [], nodes: false, namespaces: true, pods: false },
  endpoints: {
    build: buildEndpoints,
    prefix: 'endpoints',
    joins: ['service', 'pod'],
    nodes: true,
    namespaces: true,
    pods: true,
  },
  endpointslice: {
    build: buildEndpointSlice,
    prefix: 'endpointslice',
    joins: ['service', 'pod'],
    nodes: true,
    namespaces: true,
    pods: true,
  },
  ingress: { build: buildIngress, prefix: 'ingress', joins: [], nodes: false, namespaces: true, pods: false },
};

/** Rejects with InputError where there is no way to the API server. */
export async function openKubernetes(
  config: KubernetesDiscoveryConfig,
  { openClient, env }: DiscoveryResources,
): Promise<Discoverer> {
  const access = await resolveAccess(config, env);
  return new KubernetesDiscoverer(config, access, openClient(access.http));
}

export class KubernetesDiscoverer implements Discoverer {
  private readonly config: KubernetesDiscoveryConfig;
  private readonly access: ClusterAccess;
  private readonly client: FetchClient;

  /** The client is closed when the run ends. */
  constructor(config: KubernetesDiscoveryConfig, access: ClusterAccess, client: FetchClient) {
    this.config = config;
    this.access = access;
    this.client = client;
  }

  async run(host: DiscoveryHost, signal: AbortSignal): Promise<void> {
    const groups = new Groups(this.config, host);
    const reflectors = this.kinds().flatMap((kind) =>
      this.collections(kind).map(
        (url) =>
          new Reflector({ client: this.client, url, ...this.selectorOf(kind) }, groups.lookup.store(kind), {
            clock: host.clock,
            changed: (event, key) => groups.changed(kind, event, key),
            settled: () => {
              if (reflectors.every(({ synced }) => synced)) groups.soonReport(signal);
            },
            requested: (status, seconds, asked) => {
              host.count?.('kubernetesRequests', status === undefined ? '<error>' : String(status));
              if (seconds !== undefined) host.observe?.('kubernetesRequests', seconds, asked.pathname);
            },
            failed: (error) => {
              host.count?.('kubernetesFailures');
              host.failed(error);
            },
          }),
      ),
    );
    try {
      await Promise.all(reflectors.map((reflector) => reflector.run(signal)));
    } finally {
      this.client.close();
    }
  }

  private kinds(): Kind[] {
    const { role, attachMetadata } = this.config;
    const { joins, nodes, namespaces, pods } = ROLES[role];
    const kinds: Kind[] = [role, ...joins];
    if (nodes && attachMetadata.node) kinds.push('node');
    if (namespaces && attachMetadata.namespace) kinds.push('namespace');
    if (pods && attachMetadata.deployment) kinds.push('replicaset');
    if (pods && attachMetadata.cronjob) kinds.push('job');
    return kinds;
  }

  /** Where to list a kind: once, or in each namespace that was named. */
  private collections(kind: Kind): URL[] {
    const { server, namespaces } = this.access;
    const { api, plural, namespaced } = RESOURCES[kind];
    if (!namespaced || namespaces.length === 0) return [new URL(`${api}/${plural}`, server)];
    return namespaces.map(
      (name) => new URL(`${api}/namespaces/${encodeURIComponent(name)}/${plural}`, server),
    );
  }

  private selectorOf(kind: Kind): { labelSelector: string; fieldSelector: string } {
    const selector = this.config.selectors.find(({ role }) => role === kind);
    return { labelSelector: selector?.label ?? '', fieldSelector: selector?.field ?? '' };
  }
}

/** The groups of one run: which are to be built anew, and the building. */
class Groups {
  readonly lookup = new Lookup();
  private readonly config: KubernetesDiscoveryConfig;
  private readonly host: DiscoveryHost;
  private readonly role: Role;
  /** Keys of objects of the role's own kind. */
  private dirty = new Set<string>();
  private reported = false;
  private waiting = false;

  constructor(config: KubernetesDiscoveryConfig, host: DiscoveryHost) {
    this.config = config;
    this.host = host;
    this.role = ROLES[config.role];
  }

  changed(kind: Kind, event: ObjectEvent, key: string): void {
    this.host.count?.('kubernetesEvents', kind, event);
    if (kind === this.config.role) this.dirty.add(key);
    else for (const dependent of this.lookup.dependents(kind, key)) this.dirty.add(dependent);
  }

  /** After whatever came in the same moment: a group that many changes concern is built once. */
  soonReport(signal: AbortSignal): void {
    if (this.waiting) return;
    this.waiting = true;
    setImmediate(() => {
      this.waiting = false;
      if (!signal.aborted) this.report();
    });
  }

  /** Builds what has changed since the last time, and hands it over. */
  private report(): void {
    if (this.dirty.size === 0 && this.reported) return;
    const changed = [...this.dirty].map((key) => this.build(key));
    this.dirty = new Set();
    this.reported = true;
    this.host.update(changed);
  }

  private build(key: string): TargetGroup {
    const source = `${this.role.prefix}/${key}`;
    const object = this.lookup.store(this.config.role).get(key);
    if (object === undefined) {
      this.lookup.forget(key);
      return emptyGroup(source);
    }
    const context = { lookup: this.lookup, attach: this.config.attachMetadata };
    const built = this.lookup.noting(key, () => this.role.build(object, context));
    if (built === undefined) return emptyGroup(source);
    return { source, targets: built.targets, labels: built.labels.labels() };
  }
}
