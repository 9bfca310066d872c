/** The collectors of a Linux host, by name. */
import type { Collector } from '../collector.ts';
import { time } from '../time.ts';
import { uname } from '../uname.ts';
import { arp } from './arp.ts';
import { bcache } from './bcache.ts';
import { bcachefs } from './bcachefs.ts';
import { bonding } from './bonding.ts';
import { btrfs } from './btrfs.ts';
import { conntrack } from './conntrack.ts';
import { CpuCollector } from './cpu.ts';
import { cpufreq } from './cpufreq.ts';
import { diskstats } from './diskstats.ts';
import { dmi } from './dmi.ts';
import { edac } from './edac.ts';
import { entropy } from './entropy.ts';
import { fibrechannel } from './fibrechannel.ts';
import { filefd } from './filefd.ts';
import { filesystem } from './filesystem.ts';
import { hwmon } from './hwmon.ts';
import { infiniband } from './infiniband.ts';
import { ipvs } from './ipvs.ts';
import { kernelHung } from './kernel-hung.ts';
import { loadavg } from './loadavg.ts';
import { mdadm } from './mdadm.ts';
import { meminfo } from './meminfo.ts';
import { netclass } from './netclass.ts';
import { netdev } from './netdev.ts';
import { netstat } from './netstat.ts';
import { nfs } from './nfs.ts';
import { nfsd } from './nfsd.ts';
import { nvme } from './nvme.ts';
import { osRelease } from './os-release.ts';
import { powerSupply } from './power-supply.ts';
import { pressure } from './pressure.ts';
import { rapl } from './rapl.ts';
import { schedstat } from './schedstat.ts';
import { selinux } from './selinux.ts';
import { sockstat } from './sockstat.ts';
import { softnet } from './softnet.ts';
import { stat } from './stat.ts';
import { tapestats } from './tapestats.ts';
import { thermalZone } from './thermal-zone.ts';
import { udpQueues } from './udp-queues.ts';
import { vmstat } from './vmstat.ts';
import { watchdog } from './watchdog.ts';
import { xfs } from './xfs.ts';
import { zfs } from './zfs.ts';

/** New ones for each HostCollector: some remember the last collection. */
export function linuxCollectors(): Collector[] {
  return [
    arp,
    bcache,
    bcachefs,
    bonding,
    btrfs,
    conntrack,
    new CpuCollector(),
    cpufreq,
    diskstats,
    dmi,
    edac,
    entropy,
    fibrechannel,
    filefd,
    filesystem,
    hwmon,
    infiniband,
    ipvs,
    kernelHung,
    loadavg,
    mdadm,
    meminfo,
    netclass,
    netdev,
    netstat,
    nfs,
    nfsd,
    nvme,
    osRelease,
    powerSupply,
    pressure,
    rapl,
    schedstat,
    selinux,
    sockstat,
    softnet,
    stat,
    tapestats,
    thermalZone,
    time,
    udpQueues,
    uname,
    vmstat,
    watchdog,
    xfs,
    zfs,
  ];
}
