/** When the host started, as the time that passed since then says. */
import { uptime } from 'node:os';
import type { Collector } from '../collector.ts';

export const bootTime: Collector = {
  name: 'boottime',
  collect({ clock }, out) {
    out
      .gauge('node_boot_time_seconds', 'Node boot time, in unixtime.')
      // Some systems give whole seconds only; rounded, the difference stays the same from one collection to the next.
      .add(Math.round(clock.now() / 1000 - uptime()));
    return true;
  },
};
