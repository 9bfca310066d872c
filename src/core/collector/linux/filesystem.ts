/** Size and use of the mounted file systems. */
import type { Collector } from '../collector.ts';
import { FilesystemFamilies } from '../filesystem-families.ts';
import { readMounts } from './mounts.ts';
import { statMounts } from './stat-mounts.ts';

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
    const families = new FilesystemFamilies(out);
    const mountInfo = out.gauge(
      'node_filesystem_mount_info',
      'Filesystem mount information.',
      ...['device', 'major', 'minor', 'mountpoint'],
    );
    const seen = new Set<string>();
    mounts.forEach((mount, i) => {
      // One device may be mounted twice at one place; the statuses are those of the upper mount.
      const key = `${mount.device}\0${mount.mountPoint}\0${mount.fsType}`;
      if (seen.has(key)) return;
      seen.add(key);
      const status = statuses[i];
      families.add(mount, status, mount.isReadOnly);
      if (typeof status !== 'string') {
        mountInfo.add(1, mount.device, mount.major, mount.minor, mount.mountPoint);
      }
    });
    return true;
  },
};
