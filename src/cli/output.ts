/**
 * Writes data to a file descriptor in large pieces, synchronously: a command that produces faster than its reader
 * reads waits here, and so needs no memory for what is on its way.
 */
import { writeSync } from 'node:fs';

/** The reader went away (`| head -1`). Work ends quietly; the base command turns it into exit status 0. */
export class ClosedPipe extends Error {
  constructor() {
    super('the reader closed the pipe');
  }
}

const PIECE_BYTES = 64 * 1024;

export class Output {
  private readonly fd: number;
  private pending = '';

  constructor(fd = 1) {
    this.fd = fd;
  }

  /** Bytes are written at once, after any pending text. */
  bytes(bytes: Uint8Array): void {
    this.flush();
    writeAll(this.fd, bytes);
  }

  /** Text is collected and written in pieces; `flush` at the end. */
  text(text: string): void {
    this.pending += text;
    if (this.pending.length >= PIECE_BYTES) this.flush();
  }

  line(line: string): void {
    this.text(`${line}\n`);
  }

  flush(): void {
    if (this.pending === '') return;
    const bytes = Buffer.from(this.pending, 'utf8');
    this.pending = '';
    writeAll(this.fd, bytes);
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  let at = 0;
  while (at < bytes.length) {
    try {
      at += writeSync(fd, bytes, at, bytes.length - at);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EPIPE') throw new ClosedPipe();
      // Somebody else may have made the shared pipe non-blocking; wait for its reader.
      if (code !== 'EAGAIN') throw error;
      pause();
    }
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Blocks for a moment; for descriptors that answer EAGAIN to synchronous calls. */
export function pause(): void {
  Atomics.wait(sleeper, 0, 0, 2);
}
