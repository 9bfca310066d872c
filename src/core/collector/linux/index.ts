/** The collectors of a Linux host, by name. */
import type { Collector } from '../collector.ts';
import { arp } from './arp.ts';
import { bonding } from './bonding.ts';
import { conntrack } from './conntrack.ts';
import { CpuCollector } from './cpu.ts';
import { diskstats } from './diskstats.ts';
import { entropy } from './entropy.ts';
import { filefd } from './filefd.ts';
import { filesystem } from './filesystem.ts';
import { hwmon } from './hwmon.ts';
import { kernelHung } from './kernel-hung.ts';
import { loadavg } from './loadavg.ts';
import { meminfo } from './meminfo.ts';
import { netclass } from './netclass.ts';
import { netdev } from './netdev.ts';
import { netstat } from './netstat.ts';
import { osRelease } from './os-release.ts';
import { pressure } from './pressure.ts';
import { schedstat } from './schedstat.ts';
import { sockstat } from './sockstat.ts';
import { softnet } from './softnet.ts';
import { stat } from './stat.ts';
import { thermalZone } from './thermal-zone.ts';
import { time } from './time.ts';
import { udpQueues } from './udp-queues.ts';
import { uname } from './uname.ts';
import { vmstat } from './vmstat.ts';

/** New ones for each HostCollector: some remember the last collection. */
export function linuxCollectors(): Collector[] {
  return [
    arp,
    bonding,
    conntrack,
    new CpuCollector(),
    diskstats,
    entropy,
    filefd,
    filesystem,
    hwmon,
    kernelHung,
    loadavg,
    meminfo,
    netclass,
    netdev,
    netstat,
    osRelease,
    pressure,
    schedstat,
    sockstat,
    softnet,
    stat,
    thermalZone,
    time,
    udpQueues,
    uname,
    vmstat,
  ];
}
