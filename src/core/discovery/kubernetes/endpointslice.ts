/** Role `endpointslice`: as `endpoints`, from the newer objects that large services are cut into. */
import type { Labels } from '../../model/labels.ts';
import { MetaLabels } from '../meta-labels.ts';
import { ADDRESS } from '../target-group.ts';
import { META, NAMESPACE, objectLabels, serviceLabels } from './labels.ts';
import type { EndpointSlice, SliceEndpoint, SlicePort } from './objects.ts';
import { PodPorts } from './pod-ports.ts';
import { attachNamespace, attachNode, type Build, type BuildContext } from './role.ts';

const SERVICE_NAME = 'kubernetes.io/service-name';
const SLICE = `${META}endpointslice_`;

export const buildEndpointSlice: Build<EndpointSlice> = (slice, context) => {
  const { namespace, labels: own } = slice.metadata;
  const labels = objectLabels(slice, 'endpointslice')
    .set(NAMESPACE, namespace)
    .set(`${SLICE}address_type`, slice.addressType);
  const serviceName = own?.[SERVICE_NAME];
  const service = serviceName === undefined ? undefined : context.lookup.service(namespace, serviceName);
  if (service !== undefined) labels.add(serviceLabels(service));
  attachNamespace(labels, namespace, context);
  const pods = new PodPorts(context);
  const targets: Labels[] = [];
  for (const endpoint of slice.endpoints ?? []) {
    for (const port of slice.ports ?? []) {
      for (const address of endpoint.addresses)
        targets.push(targetOf(endpoint, address, port, pods, context));
    }
  }
  return { labels, targets: [...targets, ...pods.others()] };
};

function targetOf(
  endpoint: SliceEndpoint,
  address: string,
  { name, protocol, port, appProtocol }: SlicePort,
  pods: PodPorts,
  context: BuildContext,
): Labels {
  const { conditions, targetRef: ref, nodeName } = endpoint;
  const target = new MetaLabels();
  if (port == null) target.set(ADDRESS, address);
  else target.address(address, port);
  target
    .set(`${SLICE}port_name`, name)
    .set(`${SLICE}port_protocol`, protocol)
    .set(`${SLICE}port`, port)
    .set(`${SLICE}port_app_protocol`, appProtocol)
    .set(`${SLICE}endpoint_conditions_ready`, conditions?.ready)
    .set(`${SLICE}endpoint_conditions_serving`, conditions?.serving)
    .set(`${SLICE}endpoint_conditions_terminating`, conditions?.terminating)
    .set(`${SLICE}endpoint_hostname`, endpoint.hostname)
    .set(`${SLICE}address_target_kind`, ref?.kind)
    .set(`${SLICE}address_target_name`, ref?.name)
    .set(`${SLICE}endpoint_node_name`, nodeName)
    .set(`${SLICE}endpoint_zone`, endpoint.zone)
    .setEach(`${SLICE}endpoint_topology_`, endpoint.deprecatedTopology)
    .setEach(
      `${SLICE}endpoint_topology_present_`,
      Object.fromEntries(Object.keys(endpoint.deprecatedTopology ?? {}).map((key) => [key, true])),
    );
  attachNode(target, ref?.kind === 'Node' ? ref.name : nodeName, context);
  pods.describe(target, ref, port ?? undefined, protocol ?? undefined);
  return target.labels();
}
