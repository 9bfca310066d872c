/** Files that are cut, or have a byte changed, as after a kernel's change of format: an error, never nonsense. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { read, unpackTree } from '../tree.ts';

const FILES = {
  arp: 'proc/net/arp',
  bcache: 'sys/fs/bcache/deaddd54-c735-46d5-868e-f331c5fd7c74/bdev0/writeback_rate_debug',
  bcachefs: 'sys/fs/bcachefs/deadbeef-1234-5678-9012-abcdefabcdef/btree_write_stats',
  btrfs: 'sys/fs/btrfs/0abb23a9-579b-43e6-ad30-227ef47fcb9d/commit_stats',
  conntrack: 'proc/net/stat/nf_conntrack',
  cpu: 'proc/stat',
  diskstats: 'proc/diskstats',
  filefd: 'proc/sys/fs/file-nr',
  filesystem: 'proc/1/mountinfo',
  hwmon: 'sys/class/hwmon/hwmon0/temp1_input',
  infiniband: 'sys/class/infiniband/mlx5_0/ports/1/rate',
  ipvs: 'proc/net/ip_vs',
  loadavg: 'proc/loadavg',
  mdadm: 'proc/mdstat',
  meminfo: 'proc/meminfo',
  netdev: 'proc/net/dev',
  netstat: 'proc/net/snmp',
  nfs: 'proc/net/rpc/nfs',
  nfsd: 'proc/net/rpc/nfsd',
  os: 'etc/os-release',
  pressure: 'proc/pressure/io',
  schedstat: 'proc/schedstat',
  sockstat: 'proc/net/sockstat',
  softnet: 'proc/net/softnet_stat',
  stat: 'proc/stat',
  udp_queues: 'proc/net/udp6',
  vmstat: 'proc/vmstat',
  xfs: 'sys/fs/xfs/sda2/stats/stats',
  zfs: 'proc/spl/kstat/zfs/arcstats',
};

/** Where to cut or what to change, as parts of the file's length. */
const damages = fc.oneof(
  fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), to: fc.constant(undefined) }),
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    to: fc.constantFrom('\0', ' ', '\n', 'x', '-', ':', '9', '\u00ff'),
  }),
);

it.each(Object.entries(FILES))('%s gives numbers or an error, whatever is in %s', (collector, path) => {
  const text = readFileSync(join(unpackTree('server'), path), 'utf8');
  const root = unpackTree('server', { [path]: text });
  fc.assert(
    fc.property(damages, ({ at, to }) => {
      const i = Math.floor(at * text.length);
      const damaged = text.slice(0, i) + (to === undefined ? '' : to + text.slice(i + 1));
      writeFileSync(join(root, path), damaged);
      const reading = read(root, { collectors: [collector] });
      for (const family of reading.families.values()) {
        for (const { labels, v } of family.samples) expect(Number.isNaN(v), labels.toString()).toBe(false);
      }
      const success = reading.families.get('node_scrape_collector_success')!.samples[0].v;
      if (reading.failures.length > 0) {
        expect(success).toBe(0);
        expect(reading.failures[0].reason).toContain(path.split('/').at(-1));
      }
    }),
    { numRuns: 40 },
  );
});
