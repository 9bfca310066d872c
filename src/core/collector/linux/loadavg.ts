/** Load averages, from /proc/loadavg. */
import type { Collector } from '../collector.ts';
import { malformed, parseNumber, readText, words } from '../files.ts';

export const loadavg: Collector = {
  name: 'loadavg',
  collect({ files }, out) {
    const file = files.proc('loadavg');
    const fields = words(readText(file));
    if (fields.length < 3) throw malformed(`expected 3 numbers, got ${fields.length}`, file, 1);
    [1, 5, 15].forEach((minutes, i) => {
      out.gauge(`node_load${minutes}`, `${minutes}m load average.`).add(parseNumber(fields[i], file, 1));
    });
    return true;
  },
};
