/** The tasks of a swarm: a target for each port on the node, and for each address in a network. */
import type { Labels } from '../../model/labels.ts';
import { MetaLabels } from '../meta-labels.ts';
import { META } from './nodes.ts';
import { hostOfCidr, type PublishedPort } from './services.ts';

export interface Task {
  ID: string;
  ServiceID: string;
  NodeID: string;
  Slot?: number;
  DesiredState: string;
  Spec?: { ContainerSpec?: { Labels?: Record<string, string> | null } | null };
  Status: {
    State: string;
    ContainerStatus?: { ContainerID?: string } | null;
    PortStatus?: { Ports?: PublishedPort[] | null } | null;
  };
  NetworksAttachments?: { Network: { ID: string }; Addresses?: string[] | null }[] | null;
}

/** By id. */
export interface SwarmKnowledge {
  networks: ReadonlyMap<string, MetaLabels>;
  services: ReadonlyMap<string, { labels: MetaLabels; ports: readonly PublishedPort[] }>;
  nodes: ReadonlyMap<string, { labels: MetaLabels; address: string }>;
}

export function taskTargets(
  task: Task,
  { networks, services, nodes }: SwarmKnowledge,
  fallbackPort: number,
): Labels[] {
  const { Status: status } = task;
  const service = services.get(task.ServiceID);
  const node = nodes.get(task.NodeID);
  const common = new MetaLabels()
    .set(`${META}task_id`, task.ID)
    .set(`${META}task_desired_state`, task.DesiredState)
    .set(`${META}task_state`, status.State)
    .set(`${META}task_slot`, task.Slot ?? 0)
    .set(`${META}task_container_id`, status.ContainerStatus?.ContainerID)
    .setEach(`${META}container_label_`, task.Spec?.ContainerSpec?.Labels)
    .add(service?.labels)
    .add(node?.labels);
  const onNode = tcp(status.PortStatus?.Ports).map(({ PublishMode: mode, PublishedPort: port = 0 }) =>
    new MetaLabels(common)
      .address(node?.address ?? '', port)
      .set(`${META}task_port_publish_mode`, mode)
      .labels(),
  );
  const ports = tcp(service?.ports);
  const inNetworks = (task.NetworksAttachments ?? []).flatMap(({ Network: network, Addresses: addresses }) =>
    (addresses ?? []).flatMap((cidr) => {
      const ip = hostOfCidr(cidr);
      const onNetwork = new MetaLabels(common).add(networks.get(network.ID));
      if (ports.length === 0) return [onNetwork.address(ip, fallbackPort).labels()];
      return ports.map(({ PublishMode: mode, PublishedPort: port = 0 }) =>
        new MetaLabels(onNetwork).address(ip, port).set(`${META}task_port_publish_mode`, mode).labels(),
      );
    }),
  );
  return [...onNode, ...inNetworks];
}

function tcp(ports: readonly PublishedPort[] | null | undefined): PublishedPort[] {
  return (ports ?? []).filter(({ Protocol: protocol }) => protocol === 'tcp');
}
