/** Role `endpoints`: a target for each address and port behind a service, with what its service and its pod say. */
import { MetaLabels } from '../meta-labels.ts';
import { META, NAMESPACE, objectLabels, serviceLabels } from './labels.ts';
import type { EndpointAddress, Endpoints } from './objects.ts';
import { PodPorts } from './pod-ports.ts';
import { attachNamespace, attachNode, type Build } from './role.ts';

export const buildEndpoints: Build<Endpoints> = (endpoints, context) => {
  const { name, namespace } = endpoints.metadata;
  const labels = objectLabels(endpoints, 'endpoints').set(NAMESPACE, namespace);
  const service = context.lookup.service(namespace, name);
  if (service !== undefined) labels.add(serviceLabels(service));
  attachNamespace(labels, namespace, context);
  const pods = new PodPorts(context);
  const targets = (endpoints.subsets ?? []).flatMap(({ addresses, notReadyAddresses, ports }) =>
    (ports ?? []).flatMap(({ name: portName, port, protocol }) => {
      const build = (ready: boolean) => (address: EndpointAddress) => {
        const { targetRef: ref, nodeName } = address;
        const target = new MetaLabels()
          .address(address.ip, port)
          .set(`${META}endpoint_port_name`, portName)
          .set(`${META}endpoint_port_protocol`, protocol)
          .set(`${META}endpoint_ready`, ready)
          .set(`${META}endpoint_address_target_kind`, ref?.kind)
          .set(`${META}endpoint_address_target_name`, ref?.name)
          .set(`${META}endpoint_node_name`, nodeName)
          .set(`${META}endpoint_hostname`, address.hostname);
        attachNode(target, nodeName ?? (ref?.kind === 'Node' ? ref.name : undefined), context);
        pods.describe(target, ref, port, protocol);
        return target.labels();
      };
      return [...(addresses ?? []).map(build(true)), ...(notReadyAddresses ?? []).map(build(false))];
    }),
  );
  return { labels, targets: [...targets, ...pods.others()] };
};
