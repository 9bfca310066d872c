/** From the health entries of a service to targets. */
import type { Labels } from '../../model/labels.ts';
import { MetaLabels } from '../meta-labels.ts';
import type { TargetGroup } from '../target-group.ts';
import type { ServiceEntry } from './api.ts';

const META = '__meta_consul_';

/** The group of one service; its name is the source. */
export function serviceGroup(
  name: string,
  datacenter: string,
  tagSeparator: string,
  entries: readonly ServiceEntry[],
): TargetGroup {
  return {
    source: name,
    labels: new MetaLabels().set(`${META}service`, name).set(`${META}dc`, datacenter).labels(),
    targets: entries.map((entry) => targetOf(entry, tagSeparator)),
  };
}

function targetOf({ Node: node, Service: service, Checks: checks }: ServiceEntry, separator: string): Labels {
  return (
    new MetaLabels()
      .address(service.Address || node.Address, service.Port)
      .set(`${META}address`, node.Address)
      .set(`${META}node`, node.Node)
      .set(`${META}namespace`, service.Namespace)
      .set(`${META}partition`, service.Partition)
      // With the separator on both sides, so that one tag can be matched wherever it stands.
      .set(`${META}tags`, separator + (service.Tags ?? []).join(separator) + separator)
      .set(`${META}service_address`, service.Address)
      .set(`${META}service_port`, service.Port)
      .set(`${META}service_id`, service.ID)
      .set(`${META}health`, aggregatedStatus(checks ?? []))
      .setEach(`${META}metadata_`, node.Meta)
      .setEach(`${META}service_metadata_`, service.Meta)
      .setEach(`${META}tagged_address_`, node.TaggedAddresses)
      .labels()
  );
}

/** The worst of the checks; maintenance is worse than anything. */
function aggregatedStatus(checks: NonNullable<ServiceEntry['Checks']>): string {
  const maintained = ({ CheckID: id }: { CheckID: string }) =>
    id === '_node_maintenance' || id.startsWith('_service_maintenance');
  if (checks.some(maintained)) return 'maintenance';
  const worst = ['critical', 'warning'].find((status) => checks.some((check) => check.Status === status));
  return worst ?? 'passing';
}
