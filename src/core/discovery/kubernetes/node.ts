/** Role `node`: a target for each node, where its kubelet listens. */
import { labelNamePart, MetaLabels } from '../meta-labels.ts';
import { META, nodeLabels } from './labels.ts';
import type { Node } from './objects.ts';
import type { Build } from './role.ts';

/** In the order in which they are preferred. */
const ADDRESS_TYPES = ['InternalIP', 'InternalDNS', 'ExternalIP', 'ExternalDNS', 'LegacyHostIP', 'Hostname'];

export const buildNode: Build<Node> = (node) => {
  const addresses = new Map<string, string>();
  for (const { type, address } of node.status.addresses ?? [])
    if (!addresses.has(type)) addresses.set(type, address);
  const preferred = ADDRESS_TYPES.find((type) => addresses.has(type));
  if (preferred === undefined) return undefined;
  const port = node.status.daemonEndpoints?.kubeletEndpoint?.Port ?? 0;
  const target = new MetaLabels()
    .address(addresses.get(preferred)!, port)
    .set('instance', node.metadata.name);
  for (const [type, address] of addresses) target.set(`${META}node_address_${labelNamePart(type)}`, address);
  return {
    labels: nodeLabels(node).set(`${META}node_provider_id`, node.spec.providerID),
    targets: [target.labels()],
  };
};
