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
    const isNew = (...parts: readonly string[]) => {
      const key = parts.join('\0');
      return !seen.has(key) && seen.add(key);
    };
    mounts.forEach((mount, i) => {
      const { device, major, minor, mountPoint, fsType } = mount;
      const status = statuses[i];
      // A place may be mounted over with the like: it answers for the upper mount, and counts once.
      if (isNew(device, mountPoint, fsType)) families.add(mount, status, mount.isReadOnly);
      if (typeof status !== 'string' && isNew(device, major, minor, mountPoint)) {
        mountInfo.add(1, device, major, minor, mountPoint);
      }
    });
    return true;
  },
};
