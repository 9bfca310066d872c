/**
 * `docker_sd_configs`: the containers of one Docker engine, a target for each network and exposed TCP port.
 * See https://prometheus.io/docs/prometheus/latest/configuration/configuration/#docker_sd_config
 */
import type { Labels } from '../../model/labels.ts';
import { EMPTY_LABELS } from '../../model/labels.ts';
import type { Discoverer, DiscoveryHost, DiscoveryResources } from '../discoverer.ts';
import { MetaLabels } from '../meta-labels.ts';
import { RefreshingDiscoverer } from '../refresh.ts';
import type { DockerDiscoveryConfig } from '../sd-config.ts';
import { ADDRESS, type TargetGroup } from '../target-group.ts';
import { DockerApi } from './api.ts';

const META = '__meta_docker_';

interface Endpoint {
  IPAddress: string;
  NetworkID: string;
}

interface Container {
  Id: string;
  Names: string[];
  Labels?: Record<string, string> | null;
  Ports?: { PrivatePort: number; PublicPort?: number; IP?: string; Type: string }[] | null;
  HostConfig: { NetworkMode: string };
  NetworkSettings?: { Networks?: Record<string, Endpoint | null> | null } | null;
}

export class DockerDiscoverer implements Discoverer {
  private readonly config: DockerDiscoveryConfig;
  private readonly api: DockerApi;

  constructor(config: DockerDiscoveryConfig, resources: DiscoveryResources) {
    this.config = config;
    this.api = new DockerApi(config, resources);
  }

  async run(host: DiscoveryHost, signal: AbortSignal): Promise<void> {
    const refresh = () => this.refresh(signal);
    await new RefreshingDiscoverer(this.config.refreshIntervalMs, refresh).run(host, signal);
    this.api.close();
  }

  private async refresh(signal: AbortSignal): Promise<TargetGroup[]> {
    const containers = await this.api.list<Container>('containers/json', this.config.filters, signal);
    const networks = await this.api.networks(META, signal);
    const byId = new Map(containers.map((container) => [container.Id, container]));
    const targets = containers.flatMap((container) => this.targetsOf(container, byId, networks));
    return [{ source: 'Docker', targets, labels: EMPTY_LABELS }];
  }

  private targetsOf(
    container: Container,
    byId: ReadonlyMap<string, Container>,
    networks: ReadonlyMap<string, MetaLabels>,
  ): Labels[] {
    const mode = container.HostConfig.NetworkMode;
    const common = new MetaLabels()
      .set(`${META}container_id`, container.Id)
      .set(`${META}container_name`, container.Names[0])
      .set(`${META}container_network_mode`, mode)
      .setEach(`${META}container_label_`, container.Labels);
    return this.endpointsOf(container, byId).flatMap(({ IPAddress: ip, NetworkID: id }) => {
      const onNetwork = new MetaLabels(common).set(`${META}network_ip`, ip).add(networks.get(id));
      const ports = (container.Ports ?? []).filter(({ Type: type }) => type === 'tcp');
      if (ports.length > 0)
        return ports.map(({ PrivatePort: port, PublicPort: published = 0, IP: publicIp }) => {
          const target = new MetaLabels(onNetwork).address(ip, port).set(`${META}port_private`, port);
          if (published > 0)
            target.set(`${META}port_public`, published).set(`${META}port_public_ip`, publicIp);
          return target.labels();
        });
      // The host's own network has neither addresses nor ports to tell.
      if (mode === 'host') return [onNetwork.set(ADDRESS, this.config.hostNetworkingHost).labels()];
      return [onNetwork.address(ip, this.config.port).labels()];
    });
  }

  /** In which networks a container is: its own, or those of the container whose network it shares. */
  private endpointsOf(container: Container, byId: ReadonlyMap<string, Container>): Endpoint[] {
    const seen = new Set<Container>();
    for (let at: Container | undefined = container; at !== undefined && !seen.has(at); ) {
      seen.add(at);
      const all = Object.entries(at.NetworkSettings?.Networks ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
      const own = all.flatMap(([, endpoint]) => endpoint ?? []);
      if (own.length > 0) return this.config.matchFirstNetwork ? own.slice(0, 1) : own;
      const shared: string | undefined = /^container:(.*)$/.exec(at.HostConfig.NetworkMode)?.[1];
      at = shared === undefined ? undefined : byId.get(shared);
    }
    return [];
  }
}
