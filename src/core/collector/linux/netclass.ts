/**
 * Properties of the network devices, from /sys/class/net/<device>/.
 * Attributes: https://docs.kernel.org/admin-guide/abi-testing.html (sysfs-class-net)
 */

import { Attributes } from '../attributes.ts';
import type { Collector, Host } from '../collector.ts';
import type { Families } from '../families.ts';
import { listFolder } from '../files.ts';

interface Property {
  /** Name of the attribute's file. */
  file: string;
  /** The family's name without `node_network_`. */
  name: string;
  counter?: boolean;
  factor?: number;
}

const PROPERTIES: readonly Property[] = [
  { file: 'addr_assign_type', name: 'address_assign_type' },
  { file: 'carrier', name: 'carrier' },
  { file: 'carrier_changes', name: 'carrier_changes_total', counter: true },
  { file: 'carrier_up_count', name: 'carrier_up_changes_total', counter: true },
  { file: 'carrier_down_count', name: 'carrier_down_changes_total', counter: true },
  { file: 'dev_id', name: 'device_id' },
  { file: 'dormant', name: 'dormant' },
  { file: 'flags', name: 'flags' },
  { file: 'ifindex', name: 'iface_id' },
  { file: 'iflink', name: 'iface_link' },
  { file: 'link_mode', name: 'iface_link_mode' },
  { file: 'mtu', name: 'mtu_bytes' },
  { file: 'name_assign_type', name: 'name_assign_type' },
  { file: 'netdev_group', name: 'net_dev_group' },
  // In Mbit/s; -1 where it is not known, which node_exporter multiplies too.
  { file: 'speed', name: 'speed_bytes', factor: 1e6 / 8 },
  { file: 'tx_queue_len', name: 'transmit_queue_length' },
  { file: 'type', name: 'protocol_type' },
];

const FLAG_UP = 1;

export const netclass: Collector = {
  name: 'netclass',
  collect(host, out) {
    const devices = listFolder(host.files.sys('class/net'));
    if (devices === undefined) return false;
    for (const device of devices) {
      if (!host.settings.netClassDevicesExclude.matches(device)) collectDevice(host, out, device);
    }
    return true;
  },
};

function collectDevice({ files }: Host, out: Families, device: string): void {
  // `bonding_masters` is a file among the devices.
  const attributes = Attributes.in(files.sys(`class/net/${device}`));
  if (attributes === undefined) return;

  let flags: number | undefined;
  for (const property of PROPERTIES) {
    // A device that is down refuses to tell some of them, which leaves them out.
    const v = attributes.number(property.file);
    if (v === undefined) continue;
    if (property.file === 'flags') flags = v;
    const name = `node_network_${property.name}`;
    const help = `Network device property: ${property.name}`;
    const family = property.counter ? out.counter(name, help, 'device') : out.gauge(name, help, 'device');
    family.add(v * (property.factor ?? 1), device);
  }

  const operstate = attributes.text('operstate');
  out
    .gauge('node_network_up', "Value is 1 if operstate is 'up', 0 otherwise.", 'device')
    .add(operstate === 'up' ? 1 : 0, device);
  const adminstate = flags === undefined ? 'unknown' : (flags & FLAG_UP) !== 0 ? 'up' : 'down';
  out
    .gauge(
      'node_network_info',
      'Non-numeric data from /sys/class/net/<iface>, value is always 1.',
      ...['device', 'address', 'broadcast', 'duplex', 'operstate', 'adminstate', 'ifalias'],
    )
    .add(
      1,
      device,
      attributes.text('address'),
      attributes.text('broadcast'),
      attributes.text('duplex'),
      operstate,
      adminstate,
      attributes.text('ifalias'),
    );
}
