/** The mounts of the host's first process. Format of mountinfo: proc_pid_mountinfo(5). */
import type { HostFiles } from '../files.ts';
import { malformed, readTextIfAny, words } from '../files.ts';

export interface Mount {
  /** What is mounted: `/dev/vda1`, `nas:/export`, `tmpfs`. */
  device: string;
  major: string;
  minor: string;
  /** Where, as the host sees it. */
  mountPoint: string;
  fsType: string;
  isReadOnly: boolean;
}

/** In the order of mounting; a mount point that was mounted over occurs several times. */
export function readMounts(files: HostFiles): Mount[] {
  // Without the right to see pid 1, or in another PID namespace, our own mounts must do.
  for (const path of ['1/mountinfo', 'self/mountinfo']) {
    const file = files.proc(path);
    const text = readIfAllowed(file);
    if (text !== undefined) return parseMountInfo(text, file).map((mount) => onHost(mount, files.rootfsPath));
  }
  const file = files.proc('mounts');
  return parseMountTable(readTextIfAny(file) ?? '', file);
}

function readIfAllowed(file: string): string | undefined {
  try {
    return readTextIfAny(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return undefined;
    throw error;
  }
}

/** `36 35 98:0 /root /mount/point options optional… - type device superoptions` */
function parseMountInfo(text: string, file: string): Mount[] {
  const mounts: Mount[] = [];
  text.split('\n').forEach((line, i) => {
    const fields = words(line);
    if (fields.length === 0) return;
    const dash = fields.indexOf('-', 6);
    const [major, minor, rest] = (fields[2] ?? '').split(':');
    if (dash === -1 || fields.length < dash + 3 || minor === undefined || rest !== undefined) {
      throw malformed('expected the fields of a mountinfo line', file, i + 1);
    }
    mounts.push({
      device: fields[dash + 2],
      major,
      minor,
      mountPoint: unescapePath(fields[4]),
      fsType: fields[dash + 1],
      isReadOnly: isReadOnly(fields[5]) || isReadOnly(fields[dash + 3] ?? ''),
    });
  });
  return mounts;
}

/** Kernels before 2.6.26 have only `device mountpoint type options 0 0`, without device numbers. */
function parseMountTable(text: string, file: string): Mount[] {
  const mounts: Mount[] = [];
  text.split('\n').forEach((line, i) => {
    const fields = words(line);
    if (fields.length === 0) return;
    if (fields.length < 4) throw malformed('expected the fields of a line of mounts', file, i + 1);
    const [device, mountPoint, fsType, options] = fields;
    mounts.push({
      ...{ device, major: '', minor: '', mountPoint: unescapePath(mountPoint), fsType },
      isReadOnly: isReadOnly(options),
    });
  });
  return mounts;
}

/** A mount point below the folder where the host's root is mounted is one of the host's. */
function onHost(mount: Mount, rootfsPath: string): Mount {
  if (rootfsPath === '/' || !`${mount.mountPoint}/`.startsWith(`${rootfsPath}/`)) return mount;
  return { ...mount, mountPoint: mount.mountPoint.slice(rootfsPath.length) || '/' };
}

function isReadOnly(options: string): boolean {
  return options.split(',').includes('ro');
}

/** Spaces, tabs, line feeds and backslashes are written in octal. */
function unescapePath(path: string): string {
  return path.replace(/\\(040|011|012|134)/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 8)),
  );
}
