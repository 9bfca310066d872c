/** IPv4 neighbours by device, from /proc/net/arp (node_exporter asks netlink, which lists the same entries). */
import type { Collector } from '../collector.ts';
import { malformed, readText, words } from '../files.ts';

export const arp: Collector = {
  name: 'arp',
  collect({ files, settings }, out) {
    const file = files.proc('net/arp');
    const counts = new Map<string, number>();
    const lines = readText(file).split('\n');
    for (let i = 1; i < lines.length; i++) {
      const fields = words(lines[i]);
      if (fields.length === 0) continue;
      if (fields.length !== 6) throw malformed(`expected 6 fields, got ${fields.length}`, file, i + 1);
      const device = fields[5];
      if (!settings.arpDevicesExclude.matches(device)) counts.set(device, (counts.get(device) ?? 0) + 1);
    }
    const entries = out.gauge('node_arp_entries', 'ARP entries by device', 'device');
    for (const [device, n] of counts) entries.add(n, device);
    return true;
  },
};
