/** The services of a swarm: a target for each virtual address and published TCP port. */
import type { Labels } from '../../model/labels.ts';
import { MetaLabels } from '../meta-labels.ts';
import { META } from './nodes.ts';

export interface PublishedPort {
  Name?: string;
  Protocol: string;
  PublishedPort?: number;
  PublishMode?: string;
}

export interface Service {
  ID: string;
  Spec: {
    Name: string;
    Labels?: Record<string, string> | null;
    Mode?: { Global?: object | null; Replicated?: object | null };
    TaskTemplate?: { ContainerSpec?: { Hostname?: string; Image?: string } | null };
  };
  Endpoint?: {
    Ports?: PublishedPort[] | null;
    VirtualIPs?: { NetworkID: string; Addr: string }[] | null;
  };
  UpdateStatus?: { State?: string } | null;
}

/** What tasks say of their service, too. */
export function serviceLabels({ ID: id, Spec: spec }: Service): MetaLabels {
  return new MetaLabels()
    .set(`${META}service_id`, id)
    .set(`${META}service_name`, spec.Name)
    .set(`${META}service_mode`, modeOf(spec))
    .setEach(`${META}service_label_`, spec.Labels);
}

export function serviceTargets(
  service: Service,
  networks: ReadonlyMap<string, MetaLabels>,
  fallbackPort: number,
): Labels[] {
  const { Spec: spec, Endpoint: endpoint, UpdateStatus: update } = service;
  const container = spec.TaskTemplate?.ContainerSpec;
  const common = serviceLabels(service)
    .set(`${META}service_task_container_hostname`, container?.Hostname)
    .set(`${META}service_task_container_image`, container?.Image)
    .set(`${META}service_updating_status`, update?.State);
  const ports = (endpoint?.Ports ?? []).filter(({ Protocol: protocol }) => protocol === 'tcp');
  return (endpoint?.VirtualIPs ?? []).flatMap(({ NetworkID: id, Addr: cidr }) => {
    const ip = hostOfCidr(cidr);
    const onNetwork = new MetaLabels(common).add(networks.get(id));
    if (ports.length === 0) return [onNetwork.address(ip, fallbackPort).labels()];
    return ports.map(({ Name: name, PublishMode: mode, PublishedPort: port = 0 }) =>
      new MetaLabels(onNetwork)
        .address(ip, port)
        .set(`${META}service_endpoint_port_name`, name)
        .set(`${META}service_endpoint_port_publish_mode`, mode)
        .labels(),
    );
  });
}

/** `10.0.0.2` of `10.0.0.2/24`. */
export function hostOfCidr(cidr: string): string {
  return cidr.replace(/\/\d+$/, '');
}

function modeOf({ Mode: mode }: Service['Spec']): string {
  if (mode?.Global != null) return 'global';
  return mode?.Replicated != null ? 'replicated' : 'unknown';
}
