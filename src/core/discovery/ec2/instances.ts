/** From what DescribeInstances says of an instance to a target. */
import type { Labels } from '../../model/labels.ts';
import { MetaLabels } from '../meta-labels.ts';
import type { XmlElement } from './xml.ts';

const META = '__meta_ec2_';
const SEPARATOR = ',';

export interface InstanceContext {
  region: string;
  port: number;
  /** Ids of availability zones by their names. */
  zoneIds: ReadonlyMap<string, string>;
}

/** The targets of a reservation: by the private address, or else the first IPv6 one; who has neither has none. */
export function reservationTargets(reservation: XmlElement, context: InstanceContext): Labels[] {
  const owner = reservation.textAt('ownerId');
  return reservation.items('instancesSet').flatMap((instance) => {
    const ip = instance.textAt('privateIpAddress') || firstIpv6(instance);
    return ip ? [targetOf(instance, ip, owner, context)] : [];
  });
}

export function zoneOf(instance: XmlElement): string | undefined {
  return instance.textAt('placement', 'availabilityZone');
}

function targetOf(
  instance: XmlElement,
  ip: string,
  owner: string | undefined,
  { region, port, zoneIds }: InstanceContext,
): Labels {
  const publicIp = instance.textAt('ipAddress');
  const zone = zoneOf(instance);
  const labels = new MetaLabels()
    .address(ip, port)
    .set(`${META}instance_id`, instance.textAt('instanceId'))
    .set(`${META}region`, region)
    .set(`${META}owner_id`, owner)
    .set(`${META}private_ip`, instance.textAt('privateIpAddress'))
    .set(`${META}private_dns_name`, instance.textAt('privateDnsName'))
    .set(`${META}platform`, instance.textAt('platform'))
    .set(`${META}ami`, instance.textAt('imageId'))
    .set(`${META}availability_zone`, zone)
    .set(`${META}availability_zone_id`, zoneIds.get(zone ?? ''))
    .set(`${META}instance_state`, instance.textAt('instanceState', 'name'))
    .set(`${META}instance_type`, instance.textAt('instanceType'))
    .set(`${META}instance_lifecycle`, instance.textAt('instanceLifecycle'))
    .set(`${META}architecture`, instance.textAt('architecture'));
  if (publicIp)
    labels.set(`${META}public_ip`, publicIp).set(`${META}public_dns_name`, instance.textAt('dnsName'));
  const vpc = instance.textAt('vpcId');
  if (vpc !== undefined) {
    labels.set(`${META}vpc_id`, vpc).set(`${META}primary_subnet_id`, instance.textAt('subnetId'));
    addInterfaces(labels, instance.items('networkInterfaceSet'));
  }
  for (const tag of instance.items('tagSet')) {
    const [key, value] = [tag.textAt('key'), tag.textAt('value')];
    if (key !== undefined) labels.setEach(`${META}tag_`, { [key]: value });
  }
  return labels.labels();
}

function firstIpv6(instance: XmlElement): string | undefined {
  return instance
    .items('networkInterfaceSet')
    .flatMap((one) => one.items('ipv6AddressesSet'))
    .map((entry) => entry.textAt('ipv6Address'))
    .find(Boolean);
}

function addInterfaces(labels: MetaLabels, interfaces: readonly XmlElement[]): void {
  const subnets = new Set<string>();
  const addresses: string[] = [];
  /** By the number of the device; '' where one has none. */
  const primary: string[] = [];
  for (const one of interfaces) {
    const subnet = one.textAt('subnetId');
    if (subnet === undefined) continue;
    subnets.add(subnet);
    for (const entry of one.items('ipv6AddressesSet')) {
      const address = entry.textAt('ipv6Address') ?? '';
      addresses.push(address);
      if (entry.textAt('isPrimaryIpv6') !== 'true') continue;
      const device = Number(one.textAt('attachment', 'deviceIndex') ?? 0);
      while (primary.length <= device) primary.push('');
      primary[device] = address;
    }
  }
  labels.set(`${META}subnet_id`, enclosed([...subnets]));
  if (addresses.length > 0) labels.set(`${META}ipv6_addresses`, enclosed(addresses));
  if (primary.length > 0) labels.set(`${META}primary_ipv6_addresses`, enclosed(primary));
}

/** With the separator on both sides, so that one entry can be matched wherever it stands. */
function enclosed(values: readonly string[]): string {
  return SEPARATOR + values.join(SEPARATOR) + SEPARATOR;
}
