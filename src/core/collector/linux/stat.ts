/** Interrupts, context switches, forks, processes and the time of boot, from /proc/stat below its CPU rows. */
import type { Collector } from '../collector.ts';
import { malformed, parseNumber, readText } from '../files.ts';

export const stat: Collector = {
  name: 'stat',
  collect({ files }, out) {
    const file = files.proc('stat');
    const text = readText(file);
    // The first number after the name; the row of interrupts goes on with hundreds of others.
    const first = (name: string) => {
      const match = new RegExp(`^${name} (\\S*)`, 'm').exec(text);
      if (match === null) throw malformed(`expected a line "${name}"`, file);
      return parseNumber(match[1], file);
    };
    out.counter('node_intr_total', 'Total number of interrupts serviced.').add(first('intr'));
    out.counter('node_context_switches_total', 'Total number of context switches.').add(first('ctxt'));
    out.counter('node_forks_total', 'Total number of forks.').add(first('processes'));
    out.gauge('node_boot_time_seconds', 'Node boot time, in unixtime.').add(first('btime'));
    out.gauge('node_procs_running', 'Number of processes in runnable state.').add(first('procs_running'));
    out
      .gauge('node_procs_blocked', 'Number of processes blocked waiting for I/O to complete.')
      .add(first('procs_blocked'));
    return true;
  },
};
