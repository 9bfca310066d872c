/** What can be set about the collection of a host, with node_exporter's defaults. */
import type { Clock } from '../clock.ts';
import { type NameFilter, nothing, pattern } from './filter.ts';

/** A collector that failed, in whole or in part, and why, in words for stderr. */
export interface CollectorFailure {
  collector: string;
  reason: string;
}

export interface HostSettings {
  /** `linux` reads /proc and /sys; anything else asks Node's `os` module. */
  platform: NodeJS.Platform;
  procPath: string;
  sysPath: string;
  /** Where the host's root is mounted, as for node_exporter in a container. */
  rootfsPath: string;
  udevDataPath: string;
  /** Folders whose `*.prom` files are read. */
  textfileDirectories: readonly string[];
  /** `node_cpu_info`, which node_exporter has off by default. */
  cpuInfo: boolean;
  mountPointsExclude: NameFilter;
  fsTypesExclude: NameFilter;
  /** How long a remote file system (NFS, CIFS, FUSE, …) may take to answer before it counts as dead. */
  mountTimeoutMs: number;
  diskDevicesExclude: NameFilter;
  netDevicesExclude: NameFilter;
  netClassDevicesExclude: NameFilter;
  arpDevicesExclude: NameFilter;
  powerSuppliesExclude: NameFilter;
  tapeDevicesExclude: NameFilter;
  hwmonChipsExclude: NameFilter;
  vmstatFields: NameFilter;
  netstatFields: NameFilter;
}

export interface HostOptions extends Partial<HostSettings> {
  /** Run these collectors only. */
  collectors?: readonly string[] | undefined;
  /** Run all but these. */
  withoutCollectors?: readonly string[] | undefined;
  /**
   * Called for each collector that failed, and for each file that the textfile collector refused. A collector that
   * has nothing to read on this host has not failed.
   */
  onFailure?: ((failure: CollectorFailure) => void) | undefined;
  clock?: Clock | undefined;
}

const DEFAULTS: HostSettings = {
  platform: process.platform,
  procPath: '/proc',
  sysPath: '/sys',
  rootfsPath: '/',
  udevDataPath: '/run/udev/data',
  textfileDirectories: [],
  cpuInfo: false,
  mountPointsExclude: pattern(
    /^\/(dev|proc|run|sys|mnt|media|var\/lib\/docker\/.+|var\/lib\/containers\/storage\/.+)($|\/)/,
  ),
  fsTypesExclude: pattern(
    /^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$/,
  ),
  mountTimeoutMs: 5000,
  diskDevicesExclude: pattern(/^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$/),
  netDevicesExclude: nothing,
  netClassDevicesExclude: nothing,
  arpDevicesExclude: nothing,
  powerSuppliesExclude: nothing,
  tapeDevicesExclude: nothing,
  hwmonChipsExclude: nothing,
  vmstatFields: pattern(/^(oom_kill|pgpg|pswp|pg.*fault).*/),
  netstatFields: pattern(
    /^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$/,
  ),
};

/** The settings that `options` give, the defaults where they are silent. */
export function hostSettings(options: HostOptions): HostSettings {
  const settings: HostSettings = { ...DEFAULTS };
  for (const key of Object.keys(DEFAULTS) as (keyof HostSettings)[]) {
    if (options[key] !== undefined) Object.assign(settings, { [key]: options[key] });
  }
  return settings;
}
