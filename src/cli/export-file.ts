/**
 * Where an export goes: standard output, or a file that is there when it is complete. Bytes are compressed on the way
 * where the name of the file says so (`.gz`).
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { Output } from './output.ts';

/** Compressed at a time: what each piece costs by itself is then nothing. */
const PIECE_BYTES = 1 << 20;

export class ExportFile {
  private readonly path: string | undefined;
  private readonly temporary: string;
  private output: Output | undefined = undefined;
  private fd = 1;
  private readonly compress: boolean;
  private pending: Uint8Array[] = [];
  private pendingBytes = 0;

  /** `-` is standard output. A file is made when something is written, or when it is finished. */
  constructor(path: string) {
    this.path = path === '-' ? undefined : path;
    this.temporary = `${path}.tmp-for-creation`;
    this.compress = path.endsWith('.gz');
  }

  /** `bytes` need not stay as they are afterwards. */
  write(bytes: Uint8Array): void {
    if (!this.compress) {
      (this.output ?? this.open()).bytes(bytes);
      return;
    }
    this.pending.push(bytes.slice());
    this.pendingBytes += bytes.length;
    if (this.pendingBytes >= PIECE_BYTES) this.flush();
  }

  /** The file is in its place, and on disk, when this returns. */
  finish(): void {
    this.flush();
    if (this.path === undefined) return;
    // Also where there was nothing to write.
    if (this.output === undefined) this.open();
    fsyncSync(this.fd);
    closeSync(this.fd);
    renameSync(this.temporary, this.path);
  }

  /** Leaves what was at the path as it was. */
  abandon(): void {
    if (this.path === undefined || this.output === undefined) return;
    closeSync(this.fd);
    rmSync(this.temporary, { force: true });
  }

  private open(): Output {
    if (this.path !== undefined) this.fd = openSync(this.temporary, 'w');
    return (this.output = new Output(this.fd));
  }

  private flush(): void {
    if (this.pendingBytes === 0) return;
    // Compressed pieces one behind the other are one compressed file.
    (this.output ?? this.open()).bytes(gzipSync(Buffer.concat(this.pending)));
    this.pending = [];
    this.pendingBytes = 0;
  }
}
