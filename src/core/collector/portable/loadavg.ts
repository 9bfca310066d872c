/** Load averages. Windows has none. */
import { loadavg as averages } from 'node:os';
import type { Collector } from '../collector.ts';

export const loadavg: Collector = {
  name: 'loadavg',
  collect({ settings }, out) {
    if (settings.platform === 'win32') return false;
    const loads = averages();
    [1, 5, 15].forEach((minutes, i) => {
      out.gauge(`node_load${minutes}`, `${minutes}m load average.`).add(loads[i]);
    });
    return true;
  },
};
