/**
 * statfs(2) of many mounts without ever hanging.
 *
 * A file system whose server is gone (NFS, CIFS, a FUSE daemon that died) blocks whoever asks it, for minutes or
 * for ever, and a blocked thread of ours could not even exit. So local file systems are asked directly, and remote
 * ones by child processes, all at once, which are killed when the time is over. That costs a few milliseconds, and
 * only on hosts that have such mounts.
 */
import type { FsStatus } from '../filesystem-families.ts';
import { statFilesystem } from '../stat-filesystem.ts';

const REMOTE_TYPES =
  /^(9p|afs|beegfs|ceph|cifs|coda|davfs|fuse|gfs2?|gpfs|lustre|ncpfs|nfs|ocfs2|orangefs|smb|vboxsf)/;

/** What node_exporter calls a mount that did not answer in time. */
export const MOUNT_TIMEOUT = 'mountpoint timeout';

/** For each mount its status, or what is wrong with it in node_exporter's words. */
export function statMounts(
  mounts: readonly { path: string; fsType: string }[],
  timeoutMs: number,
): (FsStatus | string)[] {
  const remote = mounts.filter((mount) => isRemote(mount.fsType)).map((mount) => mount.path);
  const remoteStatuses = remote.length === 0 ? new Map() : statRemote(remote, timeoutMs);
  return mounts.map(({ path, fsType }) =>
    isRemote(fsType) ? (remoteStatuses.get(path) ?? MOUNT_TIMEOUT) : statFilesystem(path),
  );
}

function isRemote(fsType: string): boolean {
  return REMOTE_TYPES.test(fsType) && fsType !== 'fuseblk';
}

/**
 * Asks stat(1) for each path at once. Each answer is one line, `<number of the path> <values>`; the lines of those
 * that hang never come. The shell is told to end after the time, and then kills what it started.
 */
const SCRIPT = `
children=
trap 'kill -9 $children 2>/dev/null; exit 0' TERM
i=0
for path do
  { text=$(LC_ALL=C stat -f -c '%S %b %f %a %c %d' -- "$path" 2>&1) && echo "$i $text" || echo "$i ! $text"; } &
  children="$children $!"
  i=$((i + 1))
done
wait
`;

function statRemote(paths: readonly string[], timeoutMs: number): Map<string, FsStatus | string> {
  // Loaded here because it takes Node longer to load than all the files of a collection to be read.
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const child = spawnSync('/bin/sh', ['-c', SCRIPT, 'sh', ...paths], {
    encoding: 'utf8',
    timeout: timeoutMs,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const statuses = new Map<string, FsStatus | string>();
  for (const line of (child.stdout ?? '').split('\n')) {
    const [number, ...values] = line.split(' ');
    const path = paths[Number(number)];
    if (number === '' || path === undefined) continue;
    const [blockSize, blocks, blocksFree, blocksAvailable, files, filesFree] = values.map(Number);
    statuses.set(
      path,
      values[0] === '!'
        ? (values.slice(1).join(' ').split(': ').at(-1) ?? '').toLowerCase()
        : { blockSize, blocks, blocksFree, blocksAvailable, files, filesFree },
    );
  }
  return statuses;
}
