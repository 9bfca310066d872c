/**
 * Block devices: /proc/diskstats, and what udev and sysfs know of them.
 * Fields: https://docs.kernel.org/admin-guide/iostats.html; 11 numbers since 2.6, 15 since 4.18, 17 since 5.5.
 */

import { attribute } from '../attributes.ts';
import type { Collector, Host } from '../collector.ts';
import type { Families } from '../families.ts';
import { listFolder, malformed, parseNumber, readText, readTextIfAny, words } from '../files.ts';

const MILLISECOND = 1 / 1000;
/** Sectors of /proc/diskstats have 512 bytes whatever the device's block size is. */
const SECTOR = 512;
const COUNT = 1;

interface Field {
  name: string;
  help: string;
  factor: number;
  gauge?: boolean;
}

/** In the order of the numbers in a row. */
const FIELDS: readonly Field[] = [
  {
    name: 'reads_completed_total',
    help: 'The total number of reads completed successfully.',
    factor: COUNT,
  },
  { name: 'reads_merged_total', help: 'The total number of reads merged.', factor: COUNT },
  { name: 'read_bytes_total', help: 'The total number of bytes read successfully.', factor: SECTOR },
  {
    name: 'read_time_seconds_total',
    help: 'The total number of seconds spent by all reads.',
    factor: MILLISECOND,
  },
  {
    name: 'writes_completed_total',
    help: 'The total number of writes completed successfully.',
    factor: COUNT,
  },
  { name: 'writes_merged_total', help: 'The number of writes merged.', factor: COUNT },
  { name: 'written_bytes_total', help: 'The total number of bytes written successfully.', factor: SECTOR },
  {
    name: 'write_time_seconds_total',
    help: 'This is the total number of seconds spent by all writes.',
    factor: MILLISECOND,
  },
  { name: 'io_now', help: 'The number of I/Os currently in progress.', factor: COUNT, gauge: true },
  { name: 'io_time_seconds_total', help: 'Total seconds spent doing I/Os.', factor: MILLISECOND },
  {
    name: 'io_time_weighted_seconds_total',
    help: 'The weighted # of seconds spent doing I/Os.',
    factor: MILLISECOND,
  },
  {
    name: 'discards_completed_total',
    help: 'The total number of discards completed successfully.',
    factor: COUNT,
  },
  { name: 'discards_merged_total', help: 'The total number of discards merged.', factor: COUNT },
  {
    name: 'discarded_sectors_total',
    help: 'The total number of sectors discarded successfully.',
    factor: COUNT,
  },
  {
    name: 'discard_time_seconds_total',
    help: 'This is the total number of seconds spent by all discards.',
    factor: MILLISECOND,
  },
  {
    name: 'flush_requests_total',
    help: 'The total number of flush requests completed successfully',
    factor: COUNT,
  },
  {
    name: 'flush_requests_time_seconds_total',
    help: 'This is the total number of seconds spent by all flush requests.',
    factor: MILLISECOND,
  },
];

/** Properties that udev keeps of an ATA disk. */
const ATA_PROPERTIES = [
  { property: 'ID_ATA_WRITE_CACHE', name: 'ata_write_cache', help: 'ATA disk has a write cache.' },
  {
    property: 'ID_ATA_WRITE_CACHE_ENABLED',
    name: 'ata_write_cache_enabled',
    help: 'ATA disk has its write cache enabled.',
  },
  {
    property: 'ID_ATA_ROTATION_RATE_RPM',
    name: 'ata_rotation_rate_rpm',
    help: 'ATA disk rotation rate in RPMs (0 for SSDs).',
  },
];

export const diskstats: Collector = {
  name: 'diskstats',
  collect(host, out) {
    const file = host.files.proc('diskstats');
    const writers = FIELDS.map(({ name, help, gauge }) =>
      gauge
        ? out.gauge(`node_disk_${name}`, help, 'device')
        : out.counter(`node_disk_${name}`, help, 'device'),
    );
    const lines = readText(file).split('\n');
    for (let i = 0; i < lines.length; i++) {
      const row = words(lines[i]);
      if (row.length === 0) continue;
      if (row.length < 4) throw malformed(`expected 4 fields or more, got ${row.length}`, file, i + 1);
      const [major, minor, device] = row;
      if (host.settings.diskDevicesExclude.matches(device)) continue;
      collectProperties(host, out, device, major, minor);
      for (let field = 0; field < FIELDS.length && field + 3 < row.length; field++) {
        writers[field].add(parseNumber(row[field + 3], file, i + 1) * FIELDS[field].factor, device);
      }
    }
    return true;
  },
};

function collectProperties(host: Host, out: Families, device: string, major: string, minor: string): void {
  const udev = readUdev(`${host.settings.udevDataPath}/b${major}:${minor}`);
  const property = (name: string) => udev.get(name) ?? '';
  out
    .gauge(
      'node_disk_info',
      'Info of /sys/block/<block_device>.',
      ...['device', 'major', 'minor', 'path', 'wwn', 'model', 'serial', 'revision', 'rotational'],
    )
    .add(
      1,
      device,
      major,
      minor,
      property('ID_PATH'),
      property('ID_WWN'),
      property('ID_MODEL'),
      // The serial number on the disk's label; virtio disks have only the last of these.
      property('SCSI_IDENT_SERIAL') || property('ID_SERIAL_SHORT') || property('ID_SERIAL'),
      property('ID_REVISION'),
      rotational(host, device),
    );

  if (property('ID_FS_TYPE') !== '') {
    out
      .gauge(
        'node_disk_filesystem_info',
        'Info about disk filesystem.',
        ...['device', 'type', 'usage', 'uuid', 'version'],
      )
      .add(
        1,
        device,
        property('ID_FS_TYPE'),
        property('ID_FS_USAGE'),
        property('ID_FS_UUID'),
        property('ID_FS_VERSION'),
      );
  }
  if (property('DM_NAME') !== '') {
    out
      .gauge(
        'node_disk_device_mapper_info',
        'Info about disk device mapper.',
        ...['device', 'name', 'uuid', 'vg_name', 'lv_name', 'lv_layer'],
      )
      .add(
        1,
        device,
        property('DM_NAME'),
        property('DM_UUID'),
        property('DM_VG_NAME'),
        property('DM_LV_NAME'),
        property('DM_LV_LAYER'),
      );
  }
  if (property('ID_ATA') !== '') {
    for (const ata of ATA_PROPERTIES) {
      const v = Number.parseFloat(property(ata.property));
      if (!Number.isNaN(v)) out.gauge(`node_disk_${ata.name}`, ata.help, 'device').add(v, device);
    }
  }
}

/** The `E:NAME=value` lines of udev's database; empty where there is none for the device. */
function readUdev(file: string): Map<string, string> {
  const properties = new Map<string, string>();
  for (const line of readTextIfAny(file)?.split('\n') ?? []) {
    const equals = line.indexOf('=');
    if (line.startsWith('E:') && equals !== -1) properties.set(line.slice(2, equals), line.slice(equals + 1));
  }
  return properties;
}

/** What node_exporter reads of a device's queue, all of it or nothing. */
const QUEUE_ATTRIBUTES =
  `add_random chunk_sectors dax discard_granularity discard_max_bytes discard_max_hw_bytes fua hw_sector_size
  io_poll io_poll_delay io_timeout iostats logical_block_size max_discard_segments max_hw_sectors_kb
  max_integrity_segments max_sectors_kb max_segment_size max_segments minimum_io_size nomerges nr_requests nr_zones
  optimal_io_size physical_block_size read_ahead_kb rotational rq_affinity scheduler wbt_lat_usec write_cache
  write_same_max_bytes write_zeroes_max_bytes zoned`.split(/\s+/);

/**
 * `1` for a spinning disk. Where the kernel keeps one of the queue's attributes from the device (as for device
 * mapper and software RAID), node_exporter knows nothing of the queue and says `0`; so do we, because a label that
 * differs between the two would split a series.
 */
function rotational({ files }: Host, device: string): string {
  const queue = files.sys(`block/${device.replaceAll('/', '!')}/queue`);
  const names = new Set(listFolder(queue));
  if (!QUEUE_ATTRIBUTES.every((name) => names.has(name))) return '0';
  return attribute(`${queue}/rotational`) ?? '0';
}
