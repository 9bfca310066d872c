/**
 * `dockerswarm_sd_configs`: the services, tasks or nodes of a Docker swarm, as a manager tells.
 * See https://prometheus.io/docs/prometheus/latest/configuration/configuration/#dockerswarm_sd_config
 */
import { EMPTY_LABELS, type Labels } from '../../model/labels.ts';
import type { Discoverer, DiscoveryHost, DiscoveryResources } from '../discoverer.ts';
import { DockerApi } from '../docker/api.ts';
import { RefreshingDiscoverer } from '../refresh.ts';
import type { DiscoveryFilter, DockerSwarmDiscoveryConfig } from '../sd-config.ts';
import type { TargetGroup } from '../target-group.ts';
import { META, nodeLabels, ownNodeLabels, type SwarmNode } from './nodes.ts';
import { type Service, serviceLabels, serviceTargets } from './services.ts';
import { type Task, taskTargets } from './tasks.ts';

export class SwarmDiscoverer implements Discoverer {
  private readonly config: DockerSwarmDiscoveryConfig;
  private readonly api: DockerApi;

  constructor(config: DockerSwarmDiscoveryConfig, resources: DiscoveryResources) {
    this.config = config;
    this.api = new DockerApi(config, resources);
  }

  async run(host: DiscoveryHost, signal: AbortSignal): Promise<void> {
    const refresh = async (): Promise<TargetGroup[]> => [
      { source: 'DockerSwarm', targets: await this.targets(signal), labels: EMPTY_LABELS },
    ];
    await new RefreshingDiscoverer(this.config.refreshIntervalMs, refresh).run(host, signal);
    this.api.close();
  }

  private async targets(signal: AbortSignal): Promise<Labels[]> {
    const { role, port, filters } = this.config;
    if (role === 'nodes') {
      const nodes = await this.api.list<SwarmNode>('nodes', filters, signal);
      return nodes.map((node) => ownNodeLabels(node).address(node.Status.Addr, port).labels());
    }
    if (role === 'services') {
      const services = await this.api.list<Service>('services', filters, signal);
      const networks = await this.api.networks(META, signal);
      return services.flatMap((service) => serviceTargets(service, networks, port));
    }
    return this.tasks(port, filters, signal);
  }

  private async tasks(
    port: number,
    filters: readonly DiscoveryFilter[],
    signal: AbortSignal,
  ): Promise<Labels[]> {
    const tasks = await this.api.list<Task>('tasks', filters, signal);
    const services = await this.api.list<Service>('services', [], signal);
    const nodes = await this.api.list<SwarmNode>('nodes', [], signal);
    const networks = await this.api.networks(META, signal);
    const known = {
      networks,
      services: new Map(
        services.map((service) => [
          service.ID,
          { labels: serviceLabels(service), ports: service.Endpoint?.Ports ?? [] },
        ]),
      ),
      nodes: new Map(nodes.map((node) => [node.ID, { labels: nodeLabels(node), address: node.Status.Addr }])),
    };
    return tasks.flatMap((task) => taskTargets(task, known, port));
  }
}
