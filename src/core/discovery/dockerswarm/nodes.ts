/** The machines of a swarm. */
import { MetaLabels } from '../meta-labels.ts';

export const META = '__meta_dockerswarm_';

export interface SwarmNode {
  ID: string;
  Spec: { Role: string; Availability: string; Labels?: Record<string, string> | null };
  Description: {
    Hostname: string;
    Platform?: { Architecture: string; OS: string };
    Engine?: { EngineVersion: string };
  };
  Status: { State: string; Addr: string };
  ManagerStatus?: { Leader?: boolean; Reachability: string; Addr: string } | null;
}

/** What tasks say of their node, too. */
export function nodeLabels(node: SwarmNode): MetaLabels {
  const { Spec: spec, Description: description, Status: status } = node;
  return new MetaLabels()
    .set(`${META}node_id`, node.ID)
    .set(`${META}node_role`, spec.Role)
    .set(`${META}node_availability`, spec.Availability)
    .set(`${META}node_hostname`, description.Hostname)
    .set(`${META}node_platform_architecture`, description.Platform?.Architecture)
    .set(`${META}node_platform_os`, description.Platform?.OS)
    .set(`${META}node_status`, status.State)
    .set(`${META}node_address`, status.Addr)
    .setEach(`${META}node_label_`, spec.Labels);
}

/** What a node says of itself alone. */
export function ownNodeLabels(node: SwarmNode): MetaLabels {
  const { Description: description, ManagerStatus: manager } = node;
  const labels = nodeLabels(node).set(`${META}node_engine_version`, description.Engine?.EngineVersion);
  if (manager == null) return labels;
  return labels
    .set(`${META}node_manager_leader`, manager.Leader ?? false)
    .set(`${META}node_manager_reachability`, manager.Reachability)
    .set(`${META}node_manager_address`, manager.Addr);
}
