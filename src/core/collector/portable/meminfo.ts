/** Memory in all, and free. */
import { freemem, totalmem } from 'node:os';
import type { Collector } from '../collector.ts';

export const meminfo: Collector = {
  name: 'meminfo',
  collect(_, out) {
    const gauge = (key: string) => out.gauge(`node_memory_${key}`, `Memory information field ${key}.`);
    gauge('MemTotal_bytes').add(totalmem());
    gauge('MemFree_bytes').add(freemem());
    return true;
  },
};
