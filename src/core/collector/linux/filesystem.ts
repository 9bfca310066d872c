/** Size and use of the mounted file systems. */
import type { Collector } from '../collector.ts';
import { readMounts } from './mounts.ts';
import { type FsStatus, statMounts } from './stat-mounts.ts';

const LABELS = ['device', 'mountpoint', 'fstype', 'device_error'];

export const filesystem: Collector = {
  name: 'filesystem',
  collect({ files, settings }, out) {
    const mounts = readMounts(files).filter(
      (mount) =>
        !settings.mountPointsExclude.matches(mount.mountPoint) &&
        !settings.fsTypesExclude.matches(mount.fsType),
    );
    const statuses = statMounts(
      mounts.map((mount) => ({ path: files.rootfs(mount.mountPoint), fsType: mount.fsType })),
      settings.mountTimeoutMs,
    );

    const gauge = (name: string, help: string) => out.gauge(`node_filesystem_${name}`, help, ...LABELS);
    const deviceError = gauge(
      'device_error',
      'Whether an error occurred while getting statistics for the given device.',
    );
    const readOnly = gauge('readonly', 'Filesystem read-only status.');
    const mountInfo = out.gauge(
      'node_filesystem_mount_info',
      'Filesystem mount information.',
      ...['device', 'major', 'minor', 'mountpoint'],
    );
    const numbers: readonly [ReturnType<typeof gauge>, (status: FsStatus) => number][] = [
      [gauge('size_bytes', 'Filesystem size in bytes.'), (fs) => fs.blocks * fs.blockSize],
      [gauge('free_bytes', 'Filesystem free space in bytes.'), (fs) => fs.blocksFree * fs.blockSize],
      [
        gauge('avail_bytes', 'Filesystem space available to non-root users in bytes.'),
        (fs) => fs.blocksAvailable * fs.blockSize,
      ],
      [gauge('files', 'Filesystem total file nodes.'), (fs) => fs.files],
      [gauge('files_free', 'Filesystem total free file nodes.'), (fs) => fs.filesFree],
      [
        gauge('purgeable_bytes', 'Filesystem space available including purgeable space (MacOS specific).'),
        () => 0,
      ],
    ];

    const seen = new Set<string>();
    mounts.forEach((mount, i) => {
      const key = `${mount.device}\0${mount.mountPoint}\0${mount.fsType}`;
      if (seen.has(key)) return;
      seen.add(key);
      const status = statuses[i];
      const error = typeof status === 'string' ? status : '';
      const labels = [mount.device, mount.mountPoint, mount.fsType, error];
      deviceError.add(error === '' ? 0 : 1, ...labels);
      readOnly.add(mount.isReadOnly ? 1 : 0, ...labels);
      if (typeof status === 'string') return;
      for (const [family, value] of numbers) family.add(value(status), ...labels);
      mountInfo.add(1, mount.device, mount.major, mount.minor, mount.mountPoint);
    });
    return true;
  },
};
