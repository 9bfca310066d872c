/** Seconds of each CPU in the modes that all systems have. */
import { cpus } from 'node:os';
import type { Collector } from '../collector.ts';

/** Node's name -> node_exporter's. */
const MODES = { user: 'user', nice: 'nice', sys: 'system', idle: 'idle', irq: 'irq' } as const;

export const cpu: Collector = {
  name: 'cpu',
  collect(_, out) {
    const seconds = out.counter(
      'node_cpu_seconds_total',
      'Seconds the CPUs spent in each mode.',
      'cpu',
      'mode',
    );
    cpus().forEach(({ times }, i) => {
      for (const [name, mode] of Object.entries(MODES)) {
        seconds.add(times[name as keyof typeof MODES] / 1000, String(i), mode);
      }
    });
    return true;
  },
};
