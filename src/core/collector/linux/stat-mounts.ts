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
 * Asks stat(1) for each path at once: a line `<index> <values>` for each that answers, and `<index> exit <status>`
 * in their order. At SIGTERM, when the time is over, those that have not answered are killed.
 */
const SCRIPT = `
children=
i=0
for path do
  stat -f -c "$i %S %b %f %a %c %d" -- "$path" &
  children="$children $!"
  i=$((i + 1))
done
trap 'kill -9 $children 2>/dev/null; exit 1' TERM
i=0
for child in $children; do
  wait "$child"
  echo "$i exit $?"
  i=$((i + 1))
done
`;

function statRemote(paths: readonly string[], timeoutMs: number): Map<string, FsStatus | string> {
  // Loaded here because Node takes longer to load it than to read all the files of a collection.
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const child = spawnSync('/bin/sh', ['-c', SCRIPT, 'sh', ...paths], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
    timeout: timeoutMs,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const statuses = new Map<string, FsStatus | string>();
  for (const line of (child.stdout ?? '').split('\n')) {
    const [index, ...fields] = line.split(' ');
    const path = paths[Number(index)];
    if (index === '' || path === undefined) continue;
    if (fields[0] === 'exit') {
      if (fields[1] !== '0') statuses.set(path, complaint(child.stderr, path));
      continue;
    }
    const [blockSize, blocks, blocksFree, blocksAvailable, files, filesFree] = fields.map(Number);
    statuses.set(path, { blockSize, blocks, blocksFree, blocksAvailable, files, filesFree });
  }
  return statuses;
}

/** What stat(1) said of `path`: `stat: cannot read file system information for '/x': Stale file handle`. */
function complaint(stderr: string, path: string): string {
  const line = stderr.split('\n').find((candidate) => candidate.includes(`'${path}'`));
  return line?.split(': ').at(-1)?.toLowerCase() ?? 'statfs failed';
}
