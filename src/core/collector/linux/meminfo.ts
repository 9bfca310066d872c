/**
 * /proc/meminfo, one family a line: `Active(anon): 1572 kB` is `node_memory_Active_anon_bytes`. Lines that
 * node_exporter 1.11 leaves out (KReclaimable, FileHugePages, HighTotal, …) are named by the same rule.
 */
import type { Collector } from '../collector.ts';
import { malformed, parseNumber, readText, words } from '../files.ts';

export const meminfo: Collector = {
  name: 'meminfo',
  collect({ files }, out) {
    const file = files.proc('meminfo');
    const lines = readText(file).split('\n');
    for (let i = 0; i < lines.length; i++) {
      const fields = words(lines[i]);
      if (fields.length === 0) continue;
      const match = /^([A-Za-z0-9_]+)(?:\((\w+)\))?:$/.exec(fields[0]);
      if (match === null || fields.length < 2 || fields.length > 3) {
        throw malformed(`expected "name: number" or "name: number kB"`, file, i + 1);
      }
      const name = match[2] === undefined ? match[1] : `${match[1]}_${match[2]}`;
      const v = parseNumber(fields[1], file, i + 1);
      // Numbers without a unit are counts (of huge pages).
      const isBytes = fields.length === 3;
      const key = isBytes ? `${name}_bytes` : name;
      out.gauge(`node_memory_${key}`, `Memory information field ${key}.`).add(isBytes ? v * 1024 : v);
    }
    return true;
  },
};
