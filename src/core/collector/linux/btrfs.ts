/**
 * Btrfs file systems, from /sys/fs/btrfs/<uuid>/. node_exporter also asks each file system by ioctl for the errors
 * and the unused bytes of its devices, which JavaScript cannot.
 */

import { attribute, numericAttribute } from '../attributes.ts';
import type { Collector, Host } from '../collector.ts';
import type { Families } from '../families.ts';
import { listFolder, parseNumber, words } from '../files.ts';

const SECTOR = 512;
const BLOCK_GROUPS = ['data', 'metadata', 'system'];

/** Bytes on disk for each byte of data, by layout; of the striped ones with parity by number of devices. */
const COPIES: Readonly<Record<string, number>> = {
  single: 1,
  raid0: 1,
  dup: 2,
  raid1: 2,
  raid10: 2,
  raid1c3: 3,
  raid1c4: 4,
};
const PARITY_DEVICES: Readonly<Record<string, number>> = { raid5: 1, raid6: 2 };

export const btrfs: Collector = {
  name: 'btrfs',
  collect(host, out) {
    for (const uuid of listFolder(host.files.sys('fs/btrfs')) ?? []) {
      // `features` beside the file systems says what this kernel can do.
      if (/^[0-9a-f]+(-[0-9a-f]+)+$/i.test(uuid)) collectFileSystem(host, out, uuid);
    }
    return true;
  },
};

function collectFileSystem({ files }: Host, out: Families, uuid: string): void {
  const folder = files.sys(`fs/btrfs/${uuid}`);
  const gauge = (name: string, help: string, ...labels: string[]) =>
    out.gauge(`node_btrfs_${name}`, help, 'uuid', ...labels);
  const counter = (name: string, help: string) => out.counter(`node_btrfs_${name}_total`, help, 'uuid');
  const number = (path: string) => numericAttribute(`${folder}/${path}`) ?? 0;

  gauge('info', 'Filesystem information', 'label').add(1, uuid, attribute(`${folder}/label`) ?? '');
  gauge('global_rsv_size_bytes', 'Size of global reserve.').add(number('allocation/global_rsv_size'), uuid);

  const commits = readPairs(`${folder}/commit_stats`);
  counter('commits', 'The total number of commits that have occurred.').add(
    commits.get('commits') ?? 0,
    uuid,
  );
  const seconds = (name: string) => (commits.get(name) ?? 0) / 1000;
  gauge('last_commit_seconds', 'Duration of the most recent commit, in seconds.').add(
    seconds('last_commit_ms'),
    uuid,
  );
  gauge('max_commit_seconds', 'Duration of the slowest commit, in seconds.').add(
    seconds('max_commit_ms'),
    uuid,
  );
  counter('commit_seconds', 'Sum of the duration of all commits, in seconds.').add(
    seconds('total_commit_ms'),
    uuid,
  );

  const devices = listFolder(`${folder}/devices`) ?? [];
  const deviceSize = gauge('device_size_bytes', 'Size of a device that is part of the filesystem.', 'device');
  for (const device of devices) deviceSize.add(number(`devices/${device}/size`) * SECTOR, uuid, device);

  const group = (name: string, help: string, ...labels: string[]) =>
    gauge(name, help, 'block_group_type', ...labels);
  const reserved = group('reserved_bytes', 'Amount of space reserved for a data type');
  const used = group('used_bytes', 'Amount of used space by a layout/data type', 'mode');
  const size = group('size_bytes', 'Amount of space allocated for a layout/data type', 'mode');
  const ratio = group('allocation_ratio', 'Data allocation ratio for a layout/data type', 'mode');
  for (const type of BLOCK_GROUPS) {
    const entries = listFolder(`${folder}/allocation/${type}`);
    if (entries === undefined) continue;
    reserved.add(number(`allocation/${type}/bytes_reserved`), uuid, type);
    for (const layout of entries) {
      if (!(layout in COPIES) && !(layout in PARITY_DEVICES)) continue;
      used.add(number(`allocation/${type}/${layout}/used_bytes`), uuid, type, layout);
      size.add(number(`allocation/${type}/${layout}/total_bytes`), uuid, type, layout);
      ratio.add(allocationRatio(layout, devices.length), uuid, type, layout);
    }
  }
}

function allocationRatio(layout: string, devices: number): number {
  const parity = PARITY_DEVICES[layout];
  return parity === undefined ? COPIES[layout] : devices / (devices - parity);
}

/** Lines of a name and a number. Missing before kernel 6.0. */
function readPairs(file: string): Map<string, number> {
  const pairs = new Map<string, number>();
  (attribute(file) ?? '').split('\n').forEach((line, i) => {
    const [name, v] = words(line);
    if (name !== undefined) pairs.set(name, parseNumber(v, file, i + 1));
  });
  return pairs;
}
