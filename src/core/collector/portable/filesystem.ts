/** The file system of the system's root: Node cannot list the mounts. */
import type { Collector } from '../collector.ts';
import { FilesystemFamilies } from '../filesystem-families.ts';
import { statFilesystem } from '../stat-filesystem.ts';

export const filesystem: Collector = {
  name: 'filesystem',
  collect({ settings }, out) {
    const isWindows = settings.platform === 'win32';
    const mountPoint = isWindows ? `${process.env['SystemDrive'] ?? 'C:'}\\` : settings.rootfsPath;
    const status = statFilesystem(mountPoint);
    new FilesystemFamilies(out).add({ device: '', mountPoint, fsType: '' }, status, false);
    return true;
  },
};
