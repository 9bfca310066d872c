/**
 * The chunks that left the head's memory: written to the newest file of `chunks_head`, read from any. A chunk has its
 * place as soon as it is handed over; until `flush` it is served from the buffer, so a disk that is full keeps nobody
 * from going on. Nothing depends on these files being synced: all that is in them is in a log, too.
 */
import { closeSync, fsync, fsyncSync, mkdirSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ByteWriter } from '../../encoding/byte-writer.ts';
import { crc32c } from '../../encoding/crc32c.ts';
import { readInt64 } from '../../encoding/varint.ts';
import {
  CHUNK_HEADER_BYTES,
  FILE_HEADER_BYTES,
  HEAD_CHUNK_FILE_BYTES,
  HEAD_CHUNK_MAGIC,
  HEAD_CHUNK_VERSION,
  type HeadChunk,
  HeadChunkReader,
  headChunkFileName,
  NOBODY,
  OUT_OF_ORDER_FLAG,
} from './chunk-file.ts';

const FLUSH_BYTES = 1 << 20;
/** Chunks disowned between two chances for others to work. */
const STEP_CHUNKS = 200;
/** Length of a chunk's data and checksum, at most. */
const FRAME_BYTES = CHUNK_HEADER_BYTES + 5 + 4;

export interface ChunkStoreOptions {
  /** Where a file is full; 128 MiB unless a test wants less. */
  fileBytes?: number;
}

export class ChunkStore {
  /** Number of the file that is written to; it is made by the first flush. */
  file: number;
  /** Where the next chunk goes in that file. */
  position = 0;
  readonly dir: string;
  private readonly fileBytes: number;
  /** Files that can be read, the newest one included once it is made. */
  private readonly fds: Map<number, number>;
  private readonly reader: HeadChunkReader;
  private readonly buffer = new ByteWriter();
  /** Where the buffer begins in the file. */
  private flushed = 0;
  private readonly buffered: HeadChunk = {
    mint: 0,
    maxt: 0,
    encoding: 0,
    outOfOrder: false,
    bytes: new Uint8Array(0),
    start: 0,
    end: 0,
  };
  private readers = 0;
  /** Descriptors of files that are gone, for as long as somebody may be reading them. */
  private readonly retired: number[] = [];
  /** Chunks of late samples that no series has any more. */
  private readonly abandoned: { file: number; offset: number }[] = [];

  /**
   * Goes on after the files that `fds` has open (openHeadChunkFiles), which this closes in the end; `next` is the
   * number of the first new one. Nobody adds to a file that was there before, since its end may be torn.
   */
  constructor(dir: string, fds: Map<number, number>, next: number, options: ChunkStoreOptions = {}) {
    this.dir = dir;
    this.fds = fds;
    this.file = next;
    this.fileBytes = options.fileBytes ?? HEAD_CHUNK_FILE_BYTES;
    this.reader = new HeadChunkReader(dir, fds);
    mkdirSync(dir, { recursive: true });
  }

  /** Takes a copy of the chunk data [start, end). Returns where it is in file `file`. */
  write(
    ref: number,
    mint: number,
    maxt: number,
    encoding: number,
    outOfOrder: boolean,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    if (this.position > FILE_HEADER_BYTES && this.position + end - start + FRAME_BYTES > this.fileBytes) {
      this.cut();
    }
    const { buffer } = this;
    if (this.position === 0) this.begin();
    const offset = this.position;
    const at = buffer.length;
    buffer.int64(ref);
    buffer.int64(mint);
    buffer.int64(maxt);
    buffer.byte(outOfOrder ? encoding | OUT_OF_ORDER_FLAG : encoding);
    buffer.uvarint(end - start);
    buffer.copy(bytes, start, end);
    buffer.uint32(crc32c(buffer.bytes, at, buffer.length));
    this.position = this.flushed + buffer.length;
    if (buffer.length >= FLUSH_BYTES) this.tryFlush();
    return offset;
  }

  /** The chunk at a place that `write` gave out, or that is in an older file. Valid until the next call. */
  read(file: number, offset: number): HeadChunk {
    if (file !== this.file || offset < this.flushed) return this.reader.read(file, offset);
    const { buffered, buffer } = this;
    let at = offset - this.flushed + CHUNK_HEADER_BYTES;
    buffered.mint = readInt64(buffer.bytes, at - 17);
    buffered.maxt = readInt64(buffer.bytes, at - 9);
    buffered.encoding = buffer.bytes[at - 1] & ~OUT_OF_ORDER_FLAG;
    buffered.outOfOrder = (buffer.bytes[at - 1] & OUT_OF_ORDER_FLAG) !== 0;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = buffer.bytes[at++];
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    buffered.bytes = buffer.bytes;
    buffered.start = at;
    buffered.end = at + length;
    return buffered;
  }

  /** Hands what is buffered to the kernel. Throws the system's error, and may be called again. */
  flush(): void {
    const { buffer } = this;
    if (buffer.length === 0) return;
    let fd = this.fds.get(this.file);
    if (fd === undefined) {
      fd = openSync(join(this.dir, headChunkFileName(this.file)), 'w+');
      this.fds.set(this.file, fd);
    }
    for (let done = 0; done < buffer.length; ) {
      done += writeSync(fd, buffer.bytes, done, buffer.length - done, this.flushed + done);
    }
    this.flushed += buffer.length;
    buffer.clear();
  }

  /** As `flush`, where it is no matter if that has to wait. */
  tryFlush(): void {
    try {
      this.flush();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  }

  /** No series of the head has this chunk of late samples any more: they are in a block. */
  abandon(file: number, offset: number): void {
    this.abandoned.push({ file, offset });
  }

  /**
   * Has the abandoned chunks belong to no series in their files either. Prometheus gives to a series all late chunks
   * that it finds here, and so would have again what is deleted of them in blocks. In steps. Throws the system's error.
   */
  *disowning(): Generator<void, void> {
    const fds = new Map<number, number>();
    try {
      for (let n = 1; this.abandoned.length > 0; n++) {
        this.flush();
        this.disown(this.abandoned[this.abandoned.length - 1], fds);
        this.abandoned.pop();
        if (n % STEP_CHUNKS === 0) yield;
      }
    } finally {
      for (const fd of fds.values()) closeSync(fd);
    }
  }

  /** Removes the files below number `first`. Who reads them (`hold`) can go on. */
  truncate(first: number): void {
    for (const [file, fd] of this.fds) {
      if (file >= first || file === this.file) continue;
      unlinkSync(join(this.dir, headChunkFileName(file)));
      this.fds.delete(file);
      if (this.readers > 0) this.retired.push(fd);
      else closeSync(fd);
    }
  }

  /** Keeps files readable that `truncate` removes. Whoever calls it calls `release` once. */
  hold(): void {
    this.readers++;
  }

  release(): void {
    if (--this.readers > 0) return;
    for (const fd of this.retired) closeSync(fd);
    this.retired.length = 0;
  }

  /** The open files by number, for readers elsewhere in the process. */
  descriptors(): Map<number, number> {
    return new Map(this.fds);
  }

  /** How much of file `file` is on disk: chunks behind it are to be had from `read`. */
  flushedBytes(file: number): number {
    return file === this.file ? this.flushed : Number.POSITIVE_INFINITY;
  }

  close(): void {
    try {
      this.flush();
      const fd = this.fds.get(this.file);
      if (fd !== undefined) fsyncSync(fd);
    } finally {
      for (const fd of [...this.fds.values(), ...this.retired]) closeSync(fd);
      this.fds.clear();
      this.retired.length = 0;
    }
  }

  private disown({ file, offset }: { file: number; offset: number }, fds: Map<number, number>): void {
    if (!this.fds.has(file)) return;
    const { bytes, end, outOfOrder } = this.reader.read(file, offset);
    if (!outOfOrder) return;
    let fd = fds.get(file);
    if (fd === undefined) fds.set(file, (fd = openSync(join(this.dir, headChunkFileName(file)), 'r+')));
    const chunk = new ByteWriter();
    chunk.int64(NOBODY);
    chunk.copy(bytes, 8, end);
    chunk.uint32(crc32c(chunk.bytes, 0, chunk.length));
    // At once, so that whoever reads it finds it whole.
    writeSync(fd, chunk.bytes, 0, chunk.length, offset);
  }

  /** Ends the file, unless the disk refuses; then it becomes longer than it should. */
  private cut(): void {
    this.tryFlush();
    if (this.buffer.length > 0) return;
    // Nobody waits for it, and if it fails nothing is lost.
    fsync(this.fds.get(this.file)!, () => {});
    this.file++;
    this.position = 0;
    this.flushed = 0;
  }

  private begin(): void {
    const { buffer } = this;
    buffer.uint32(HEAD_CHUNK_MAGIC);
    buffer.byte(HEAD_CHUNK_VERSION);
    for (let i = 5; i < FILE_HEADER_BYTES; i++) buffer.byte(0);
    this.position = buffer.length;
  }
}
