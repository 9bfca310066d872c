/** A new file written front to back through a buffer, with the running checksum of what is being written. */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { ByteWriter } from '../../encoding/byte-writer.ts';
import { crc32c } from '../../encoding/crc32c.ts';

const FLUSH_BYTES = 1 << 20;
/** Of the buffer, which grows: a month of small blocks has thousands of these files. */
const INITIAL_BYTES = 16 * 1024;

export class SequentialFile {
  readonly path: string;
  /** What is to be written next; `flushIfFull` after each bit of work. */
  readonly buffer = new ByteWriter(INITIAL_BYTES);
  private readonly fd: number;
  /** Bytes that left the buffer. */
  private flushed = 0;
  /** Position in the buffer from which the checksum is still to be computed, or -1. */
  private checksumFrom = -1;
  private checksum = 0;

  /** Fails if the file exists. */
  constructor(path: string) {
    this.path = path;
    this.fd = openSync(path, 'wx');
  }

  /** Where the next byte goes. */
  get position(): number {
    return this.flushed + this.buffer.length;
  }

  flushIfFull(): void {
    if (this.buffer.length >= FLUSH_BYTES) this.flush();
  }

  flush(): void {
    const { buffer } = this;
    if (this.checksumFrom >= 0) {
      this.checksum = crc32c(buffer.bytes, this.checksumFrom, buffer.length, this.checksum);
      this.checksumFrom = 0;
    }
    writeAll(this.fd, buffer.bytes, buffer.length, null);
    this.flushed += buffer.length;
    buffer.clear();
  }

  /** The checksum is of what comes from now on. */
  startChecksum(): void {
    this.checksum = 0;
    this.checksumFrom = this.buffer.length;
  }

  /** Writes the checksum of everything since `startChecksum`. */
  writeChecksum(): void {
    const { buffer } = this;
    const crc = crc32c(buffer.bytes, this.checksumFrom, buffer.length, this.checksum);
    this.checksumFrom = -1;
    buffer.uint32(crc);
  }

  /** Writes zeros up to a multiple of `alignment`. */
  pad(alignment: number): void {
    for (let rest = this.position % alignment; rest > 0 && rest < alignment; rest++) this.buffer.byte(0);
  }

  /** Overwrites four bytes that were written before. */
  patchUint32(position: number, value: number): void {
    this.flush();
    const bytes = new ByteWriter(4);
    bytes.uint32(value);
    writeAll(this.fd, bytes.bytes, 4, position);
  }

  /** Writes the rest, and waits until all is on disk unless it need not be durable yet. */
  finish(durable = true): void {
    this.flush();
    if (durable) fsyncSync(this.fd);
    closeSync(this.fd);
  }

  /** Closes the file as it is, for a writer that gives up. */
  abandon(): void {
    closeSync(this.fd);
  }
}

function writeAll(fd: number, bytes: Uint8Array, length: number, position: number | null): void {
  for (let done = 0; done < length; ) {
    done += writeSync(fd, bytes, done, length - done, position === null ? null : position + done);
  }
}
