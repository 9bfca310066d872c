/** Addresses of the network devices: Node has no traffic counters. */
import { networkInterfaces } from 'node:os';
import type { Collector } from '../collector.ts';

export const netdev: Collector = {
  name: 'netdev',
  collect({ settings }, out) {
    const info = out.gauge(
      'node_network_address_info',
      'node network address by device',
      ...['device', 'address', 'netmask', 'scope'],
    );
    for (const [device, addresses] of Object.entries(networkInterfaces())) {
      if (settings.netDevicesExclude.matches(device)) continue;
      for (const { address, cidr, internal } of addresses ?? []) {
        const bits = cidr?.split('/')[1] ?? '';
        info.add(1, device, address, bits, scope(address, internal));
      }
    }
    return true;
  },
};

function scope(address: string, isInternal: boolean): string {
  if (isInternal) return '';
  return /^(fe[89ab]|169\.254\.)/i.test(address) ? 'link-local' : 'global';
}
