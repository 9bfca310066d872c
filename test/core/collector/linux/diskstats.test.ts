import { expect, it } from 'vitest';
import { read, samples, unpackTree } from '../tree.ts';

const ONLY = { collectors: ['diskstats'] };

it('turns sectors into bytes and milliseconds into seconds', () => {
  const reading = read(unpackTree('server'), ONLY);
  const sda = (name: string) =>
    samples(reading, `node_disk_${name}`)?.find((line) => line.startsWith('{device="sda"}'));
  expect(sda('reads_completed_total')).toBe('{device="sda"} 25354637');
  expect(sda('read_bytes_total')).toBe('{device="sda"} 513713216512');
  expect(sda('read_time_seconds_total')).toBe('{device="sda"} 18492.372');
  expect(sda('written_bytes_total')).toBe('{device="sda"} 258916880384');
  expect(sda('io_now')).toBe('{device="sda"} 3');
  expect(sda('discarded_sectors_total')).toBe('{device="sda"} 103');
  expect(sda('flush_requests_time_seconds_total')).toBe('{device="sda"} 0.106');
  expect(reading.families.get('node_disk_io_now')?.type).toBe('gauge');
});

it('leaves out partitions, loop devices and RAM disks, unless told otherwise', () => {
  const devices = (options = {}) =>
    read(unpackTree('server'), { ...ONLY, ...options })
      .families.get('node_disk_reads_completed_total')
      ?.samples.map(({ labels }) => labels.get('device'));
  expect(devices()).toEqual(['sda', 'sr0', 'dm-0', 'nvme0n1', 'md0']);
  expect(devices({ diskDevicesExclude: { matches: (name: string) => name !== 'loop0' } })).toEqual(['loop0']);
});

it('gives what each kernel counts, and no more', () => {
  const reading = read(unpackTree('server'), ONLY);
  const devices = (name: string) =>
    reading.families.get(`node_disk_${name}`)?.samples.map(({ labels }) => labels.get('device'));
  expect(devices('io_time_weighted_seconds_total')).toContain('sr0');
  expect(devices('discards_completed_total')).toEqual(['sda', 'dm-0', 'nvme0n1', 'md0']);
  expect(devices('flush_requests_total')).toEqual(['sda', 'md0']);
});

it('says what udev knows of a disk', () => {
  const reading = read(unpackTree('server'), ONLY);
  expect(samples(reading, 'node_disk_info')).toEqual([
    '{device="dm-0", major="252", minor="0", rotational="0"} 1',
    '{device="md0", major="9", minor="0", rotational="0"} 1',
    '{device="nvme0n1", major="259", minor="0", model="NVMe=Disk", rotational="0", serial="SCSI1"} 1',
    '{device="sda", major="8", minor="0", model="ACME_ST1000", path="pci-0000:00:1f.2-ata-1", revision="CC43", rotational="1", serial="Z1D1", wwn="0x5000c500aabbccdd"} 1',
    '{device="sr0", major="11", minor="0", rotational="0"} 1',
  ]);
  expect(samples(reading, 'node_disk_filesystem_info')).toEqual([
    '{device="dm-0", type="ext4", usage="filesystem", uuid="01234567-89ab-cdef-0123-456789abcdef", version="1.0"} 1',
  ]);
  expect(samples(reading, 'node_disk_device_mapper_info')).toEqual([
    '{device="dm-0", lv_name="root", name="vg-root", uuid="LVM-abc", vg_name="vg"} 1',
  ]);
  expect(samples(reading, 'node_disk_ata_rotation_rate_rpm')).toEqual(['{device="sda"} 7200']);
  expect(samples(reading, 'node_disk_ata_write_cache_enabled')).toEqual(['{device="sda"} 0']);
});

it('needs neither udev nor sysfs', () => {
  const reading = read(unpackTree('legacy'), ONLY);
  expect(reading.failures).toEqual([]);
  expect(samples(reading, 'node_disk_info')).toContain(
    '{device="cciss/c0d0", major="104", minor="0", rotational="0"} 1',
  );
});

it.each([
  ['   8       0', /diskstats:1: expected 4 fields or more, got 2$/],
  ['   8       0 sda 1 2 x 4', /diskstats:1: expected a number, got "x"$/],
])('refuses the row %j', (row, reason) => {
  const { failures } = read(unpackTree('server', { 'proc/diskstats': `${row}\n` }), ONLY);
  expect(failures[0].reason).toMatch(reason);
});
