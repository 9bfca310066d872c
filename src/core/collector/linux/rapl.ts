/** Energy that parts of the processor used (Running Average Power Limit), from /sys/class/powercap/. */

import { attribute } from '../attributes.ts';
import type { Collector } from '../collector.ts';
import { listFolder, parseNumber, readText } from '../files.ts';

export const rapl: Collector = {
  name: 'rapl',
  collect({ files }, out) {
    const root = files.sys('class/powercap');
    // `intel-rapl` alone is the driver, `intel-rapl:0` a package, `intel-rapl:0:1` a part of it.
    const zones = listFolder(root)?.filter((name) => name.includes(':'));
    if (zones === undefined) return false;
    const counts = new Map<string, number>();
    for (const zone of zones) {
      const label = attribute(`${root}/${zone}/name`);
      if (label === undefined) continue;
      // `package-10` numbers itself; parts of the same name are counted.
      const numbered = /^(.*)-(\d+)$/.exec(label);
      const name = numbered?.[1] ?? label;
      const index = numbered?.[2] ?? String(counts.get(name) ?? 0);
      if (numbered === null) counts.set(name, Number(index) + 1);
      const file = `${root}/${zone}/energy_uj`;
      let text: string;
      try {
        text = readText(file);
      } catch (error) {
        // Since kernel 5.10 only root may read it: fine-grained power readings betray what the processor computes.
        if ((error as NodeJS.ErrnoException).code === 'EACCES') return false;
        throw error;
      }
      out
        .counter(
          `node_rapl_${name.replace(/[^a-zA-Z0-9_]/g, '_')}_joules_total`,
          `Current RAPL ${name} value in joules`,
          'index',
          'path',
        )
        .add(parseNumber(text.trim(), file) / 1e6, index, `${root}/${zone}`);
    }
    return true;
  },
};
