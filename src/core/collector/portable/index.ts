/**
 * Hosts other than Linux: what Node's `os` module tells, under the names that it has on Linux, so that the same
 * dashboards show what there is.
 */
import type { Collector } from '../collector.ts';
import { time } from '../time.ts';
import { uname } from '../uname.ts';
import { bootTime } from './boot-time.ts';
import { cpu } from './cpu.ts';
import { filesystem } from './filesystem.ts';
import { loadavg } from './loadavg.ts';
import { meminfo } from './meminfo.ts';
import { netdev } from './netdev.ts';

export function portableCollectors(): Collector[] {
  return [bootTime, cpu, filesystem, loadavg, meminfo, netdev, time, uname];
}
