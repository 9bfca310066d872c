/** The families of file systems, whoever asked the file system. */
import type { Families, FamilyWriter } from './families.ts';

/** What statfs(2) says of a file system. */
export interface FsStatus {
  /** Bytes in a block. */
  blockSize: number;
  blocks: number;
  blocksFree: number;
  /** Free blocks that users other than root may use. */
  blocksAvailable: number;
  files: number;
  filesFree: number;
}

export interface FsLabels {
  device: string;
  mountPoint: string;
  fsType: string;
}

export class FilesystemFamilies {
  private readonly deviceError: FamilyWriter;
  private readonly readOnly: FamilyWriter;
  private readonly numbers: readonly (readonly [FamilyWriter, (status: FsStatus) => number])[];

  constructor(out: Families) {
    const gauge = (name: string, help: string) =>
      out.gauge(`node_filesystem_${name}`, help, ...['device', 'mountpoint', 'fstype', 'device_error']);
    this.deviceError = gauge(
      'device_error',
      'Whether an error occurred while getting statistics for the given device.',
    );
    this.readOnly = gauge('readonly', 'Filesystem read-only status.');
    this.numbers = [
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
  }

  /** Adds a file system; `status` is its status, or what is wrong with it. */
  add({ device, mountPoint, fsType }: FsLabels, status: FsStatus | string, isReadOnly: boolean): void {
    const error = typeof status === 'string' ? status : '';
    const labels = [device, mountPoint, fsType, error];
    this.deviceError.add(error === '' ? 0 : 1, ...labels);
    this.readOnly.add(isReadOnly ? 1 : 0, ...labels);
    if (typeof status === 'string') return;
    for (const [family, value] of this.numbers) family.add(value(status), ...labels);
  }
}
