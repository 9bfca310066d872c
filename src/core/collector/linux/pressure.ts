/**
 * Pressure stall information: time in which tasks waited for CPU, memory or I/O. Format:
 * https://docs.kernel.org/accounting/psi.html; totals are in microseconds. Needs kernel 4.20, and for IRQs 6.1.
 */
import type { Collector } from '../collector.ts';
import { malformed, parseNumber, readTextIfAny } from '../files.ts';

interface Total {
  /** `some`: a task waited; `full`: no task could run. */
  line: 'some' | 'full';
  name: string;
  help: string;
}

const RESOURCES: Readonly<Record<string, readonly Total[]>> = {
  cpu: [
    {
      line: 'some',
      name: 'node_pressure_cpu_waiting_seconds_total',
      help: 'Total time in seconds that processes have waited for CPU time',
    },
  ],
  io: [
    {
      line: 'some',
      name: 'node_pressure_io_waiting_seconds_total',
      help: 'Total time in seconds that processes have waited due to IO congestion',
    },
    {
      line: 'full',
      name: 'node_pressure_io_stalled_seconds_total',
      help: 'Total time in seconds no process could make progress due to IO congestion',
    },
  ],
  memory: [
    {
      line: 'some',
      name: 'node_pressure_memory_waiting_seconds_total',
      help: 'Total time in seconds that processes have waited for memory',
    },
    {
      line: 'full',
      name: 'node_pressure_memory_stalled_seconds_total',
      help: 'Total time in seconds no process could make progress due to memory congestion',
    },
  ],
  irq: [
    {
      line: 'full',
      name: 'node_pressure_irq_stalled_seconds_total',
      help: 'Total time in seconds no process could make progress due to IRQ congestion',
    },
  ],
};

export const pressure: Collector = {
  name: 'pressure',
  collect({ files }, out) {
    let found = false;
    for (const [resource, totals] of Object.entries(RESOURCES)) {
      const file = files.proc(`pressure/${resource}`);
      const text = readPressure(file);
      if (text === undefined) continue;
      found = true;
      for (const { line, name, help } of totals) {
        const match = new RegExp(`^${line} .*\\btotal=(\\S*)`, 'm').exec(text);
        if (match === null) throw malformed(`expected a line "${line} … total="`, file);
        out.counter(name, help).add(parseNumber(match[1], file) / 1000 / 1000);
      }
    }
    return found;
  },
};

/** Where pressure is compiled in but switched off (psi=0), the files are there and reading one says EOPNOTSUPP. */
function readPressure(file: string): string | undefined {
  try {
    return readTextIfAny(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EOPNOTSUPP' || code === 'ENOTSUP') return undefined;
    throw error;
  }
}
