import { chmodSync, mkdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type Reading, read, samples, unpackTree, writeTree } from '../tree.ts';

const ONLY = { collectors: ['filesystem'] };

function mountPoints(reading: Reading): string[] {
  const families = reading.families.get('node_filesystem_size_bytes');
  return (families?.samples ?? []).map(({ labels }) => labels.get('mountpoint')).sort();
}

it('tells the size of each mounted file system once, but not of what is excluded', () => {
  const root = unpackTree('server');
  const reading = read(root, ONLY);
  // Bind mounts count, /proc, /sys and what is below /mnt do not, nor the second mount of the same device on /.
  expect(mountPoints(reading)).toEqual([
    '/',
    '/boot',
    '/srv/bind',
    '/srv/ro-super',
    '/srv/tmp',
    '/srv/with space',
  ]);
  const fs = statfsSync(root);
  expect(samples(reading, 'node_filesystem_size_bytes')).toContain(
    `{device="/dev/sda1", fstype="vfat", mountpoint="/boot"} ${fs.blocks * fs.bsize}`,
  );
  expect(samples(reading, 'node_filesystem_files')).toContain(
    `{device="tmpfs", fstype="tmpfs", mountpoint="/srv/tmp"} ${fs.files}`,
  );
  expect(samples(reading, 'node_filesystem_mount_info')).toContain(
    '{device="/dev/sda2", major="8", minor="2", mountpoint="/srv/with space"} 1',
  );
});

it('counts a place once that is mounted over, but knows both mounts', () => {
  const mounts = '20 1 0:26 / /dev/pts rw - tmpfs none rw\n21 20 0:27 / /dev/pts rw - tmpfs none rw\n';
  const reading = read(writeTree({ 'proc/1/mountinfo': mounts, 'dev/pts/': '' }), {
    ...ONLY,
    mountPointsExclude: { matches: () => false },
  });
  expect(mountPoints(reading)).toEqual(['/dev/pts']);
  expect(samples(reading, 'node_filesystem_mount_info')).toEqual([
    '{device="none", major="0", minor="26", mountpoint="/dev/pts"} 1',
    '{device="none", major="0", minor="27", mountpoint="/dev/pts"} 1',
  ]);
});

it('says why a file system could not be asked', () => {
  const reading = read(unpackTree('server'), ONLY);
  expect(samples(reading, 'node_filesystem_device_error')).toContain(
    '{device="/dev/sdq1", device_error="no such file or directory", fstype="ext4", mountpoint="/srv/gone"} 1',
  );
  expect(mountPoints(reading)).not.toContain('/srv/gone');
});

it('finds read-only mounts, whether the mount or the file system is', () => {
  const readOnly = samples(read(unpackTree('server'), ONLY), 'node_filesystem_readonly');
  expect(readOnly?.filter((line) => line.endsWith(' 1'))).toEqual([
    '{device="/dev/sda1", fstype="vfat", mountpoint="/boot"} 1',
    '{device="/dev/sda3", fstype="ext4", mountpoint="/srv/ro-super"} 1',
  ]);
});

it('takes other exclusions', () => {
  const reading = read(unpackTree('server'), {
    ...ONLY,
    mountPointsExclude: { matches: (path) => path.startsWith('/srv') },
    fsTypesExclude: { matches: (type) => type !== 'ext4' },
  });
  expect(mountPoints(reading)).toEqual(['/', '/mnt/usb']);
});

it('shows mount points as the host sees them where its root is mounted elsewhere', () => {
  const root = writeTree({ 'host/data/': '' });
  const mountInfo = [
    `20 1 8:1 / / rw - ext4 /dev/sda1 rw`,
    `21 20 8:2 / ${root}/host rw - ext4 /dev/sda2 rw`,
    `22 21 8:3 / ${root}/host/data rw - ext4 /dev/sda3 rw`,
  ];
  mkdirSync(join(root, 'proc/1'));
  writeFileSync(join(root, 'proc/1/mountinfo'), `${mountInfo.join('\n')}\n`);
  const reading = read(root, { ...ONLY, rootfsPath: join(root, 'host') });
  expect(samples(reading, 'node_filesystem_mount_info')).toEqual([
    '{device="/dev/sda1", major="8", minor="1", mountpoint="/"} 1',
    '{device="/dev/sda2", major="8", minor="2", mountpoint="/"} 1',
    '{device="/dev/sda3", major="8", minor="3", mountpoint="/data"} 1',
  ]);
});

it('reads its own mounts where those of pid 1 are hidden, and /proc/mounts on kernels that have only that', () => {
  expect(mountPoints(read(unpackTree('legacy'), ONLY))).toEqual(['/', '/data']);
  const older = read(unpackTree('legacy', { 'proc/self/mountinfo': null }), ONLY);
  expect(samples(older, 'node_filesystem_readonly')).toEqual([
    '{device="/dev/sda1", fstype="ext3", mountpoint="/"} 0',
    '{device="/dev/sdb1", fstype="ext3", mountpoint="/data"} 1',
    '{device="rootfs", fstype="rootfs", mountpoint="/"} 0',
  ]);
});

it.each([
  ['too few fields', '22 27 0:21 / /proc rw'],
  ['no device number', '22 27 021 / /proc rw - proc proc rw'],
  ['no separator', '22 27 0:21 / /proc rw shared:1 master:2 proc proc rw'],
])('refuses mountinfo with %s', (_, line) => {
  const reading = read(
    unpackTree('server', { 'proc/1/mountinfo': `27 1 254:0 / / rw - ext4 /dev/a rw\n${line}\n` }),
    ONLY,
  );
  expect(reading.failures[0].reason).toMatch(/mountinfo:2: expected the fields of a mountinfo line$/);
});

it('asks remote file systems through stat(1), which may fail for one of them', () => {
  const root = writeTree({
    'proc/1/mountinfo': [
      '20 1 0:40 / /nas rw - nfs4 nas:/export rw',
      "21 1 0:41 / /gone's rw - fuse.sshfs host:/ rw",
      '22 1 0:42 / /local rw - fuseblk /dev/sdb1 rw',
    ].join('\n'),
    'nas/': '',
    'local/': '',
  });
  const fs = statfsSync(root);
  const reading = read(root, ONLY);
  expect(samples(reading, 'node_filesystem_size_bytes')).toEqual([
    `{device="/dev/sdb1", fstype="fuseblk", mountpoint="/local"} ${fs.blocks * fs.bsize}`,
    `{device="nas:/export", fstype="nfs4", mountpoint="/nas"} ${fs.blocks * fs.bsize}`,
  ]);
  expect(samples(reading, 'node_filesystem_device_error')?.[1]).toMatch(
    /device_error="(no such file or directory|statfs failed)", fstype="fuse.sshfs"/,
  );
});

it('gives up on a remote file system that does not answer, and ends the process that asked it', async () => {
  const root = writeTree({
    'proc/1/mountinfo': [
      '20 1 0:40 / /dead rw - nfs nas:/dead rw',
      '21 1 0:41 / /alive rw - cifs //nas/alive rw',
    ].join('\n'),
    'dead/': '',
    'alive/': '',
    // Stands in for the stat(1) that hangs on one of the paths.
    'bin/stat': `#!/bin/sh
for last do :; done
case "$last" in
  */dead) echo $$ > "${'$'}{0%/bin/stat}/pid"; exec sleep 600 ;;
  *) echo "1 4096 10 9 8 7 6" ;;
esac
`,
  });
  chmodSync(join(root, 'bin/stat'), 0o755);
  const path = process.env['PATH'];
  process.env['PATH'] = `${join(root, 'bin')}${delimiter}${path}`;
  onTestFinished(() => {
    process.env['PATH'] = path;
  });
  const reading = read(root, { ...ONLY, mountTimeoutMs: 1000 });
  expect(samples(reading, 'node_filesystem_device_error')).toEqual([
    '{device="//nas/alive", fstype="cifs", mountpoint="/alive"} 0',
    '{device="nas:/dead", device_error="mountpoint timeout", fstype="nfs", mountpoint="/dead"} 1',
  ]);
  expect(samples(reading, 'node_filesystem_avail_bytes')).toEqual([
    '{device="//nas/alive", fstype="cifs", mountpoint="/alive"} 32768',
  ]);
  const pid = Number(readFileSync(join(root, 'pid'), 'utf8'));
  await expect.poll(() => isRunning(pid)).toBe(false);
});

function isRunning(pid: number): boolean {
  try {
    // A killed process may stay as a zombie until somebody asks for its status.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
