/**
 * Traffic of the network devices, from /proc/net/dev. node_exporter asks netlink, which gives the same numbers (the
 * kernel folds its detailed error counters together the same way) and one more, which stands in sysfs.
 */

import { numericAttribute } from '../attributes.ts';
import type { Collector } from '../collector.ts';
import { malformed, parseNumber, readText, words } from '../files.ts';

/** In the order of the numbers in a row. */
const COLUMNS = [
  ...['bytes', 'packets', 'errs', 'drop', 'fifo', 'frame', 'compressed', 'multicast'].map(
    (name) => `receive_${name}`,
  ),
  ...['bytes', 'packets', 'errs', 'drop', 'fifo', 'colls', 'carrier', 'compressed'].map(
    (name) => `transmit_${name}`,
  ),
];
const HEADER_LINES = 2;

export const netdev: Collector = {
  name: 'netdev',
  collect({ files, settings }, out) {
    const file = files.proc('net/dev');
    const statistic = (name: string) =>
      out.counter(`node_network_${name}_total`, `Network device statistic ${name}.`, 'device');
    const writers = COLUMNS.map(statistic);
    const noHandler = statistic('receive_nohandler');
    const lines = readText(file).split('\n');
    for (let i = HEADER_LINES; i < lines.length; i++) {
      if (lines[i].trim() === '') continue;
      // Old kernels leave no space after the colon; names of aliases contain colons themselves.
      const colon = lines[i].lastIndexOf(':');
      const fields = words(lines[i].slice(colon + 1));
      if (colon === -1 || fields.length < COLUMNS.length) {
        throw malformed(`expected a device and ${COLUMNS.length} numbers`, file, i + 1);
      }
      const device = lines[i].slice(0, colon).trim();
      if (settings.netDevicesExclude.matches(device)) continue;
      for (let c = 0; c < COLUMNS.length; c++) writers[c].add(parseNumber(fields[c], file, i + 1), device);
      const unhandled = numericAttribute(files.sys(`class/net/${device}/statistics/rx_nohandler`));
      if (unhandled !== undefined) noHandler.add(unhandled, device);
    }
    return true;
  },
};
