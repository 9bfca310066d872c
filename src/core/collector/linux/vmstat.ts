/** Chosen counters of the virtual memory, from /proc/vmstat. */
import type { Collector } from '../collector.ts';
import { parseNumber, readText } from '../files.ts';

export const vmstat: Collector = {
  name: 'vmstat',
  collect({ files, settings }, out) {
    const file = files.proc('vmstat');
    readText(file)
      .split('\n')
      .forEach((line, i) => {
        const space = line.indexOf(' ');
        const name = space === -1 ? line : line.slice(0, space);
        if (name === '' || !settings.vmstatFields.matches(name)) return;
        out
          .untyped(`node_vmstat_${name}`, `/proc/vmstat information field ${name}.`)
          .add(parseNumber(line.slice(name.length).trim(), file, i + 1));
      });
    return true;
  },
};
