/**
 * Zstandard frames (RFC 8878), as WAL records and HTTP bodies may carry them. Node has them from 22.15 on; before
 * that, fzstd decompresses, and a WebAssembly build of the reference library, loaded when first asked for,
 * compresses.
 */
import { Decompress } from 'fzstd';
import { CorruptionError } from '../errors.ts';

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
/** The largest window that RFC 8878 asks a decoder to support, and RFC 9659 an HTTP server to use. */
const MAX_WINDOW_BYTES = 2 ** 23;

interface NativeZstd {
  zstdCompressSync?(bytes: Uint8Array): Uint8Array;
  zstdDecompressSync?(bytes: Uint8Array, options: { maxOutputLength: number }): Uint8Array;
}

let native: NativeZstd | undefined;
let portable: ReturnType<typeof openPortable> | undefined;

/** node:zlib, asked for at first use: few invocations ever meet a zstd frame. */
function zlib(): NativeZstd {
  native ??= process.getBuiltinModule('node:zlib') as NativeZstd;
  return native;
}

/** Decompresses whole frames. Throws CorruptionError for anything else, or where more than `limit` bytes come out. */
export function zstdDecompress(bytes: Uint8Array, limit: number): Uint8Array {
  const { zstdDecompressSync } = zlib();
  if (zstdDecompressSync === undefined) return zstdDecompressPortable(bytes, limit);
  try {
    return zstdDecompressSync(bytes, { maxOutputLength: limit });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limit);
    throw new CorruptionError(`zstd: ${(error as Error).message}`);
  }
}

/** What `zstdDecompress` does where Node has no zstd. Checksums of frames are not verified. */
export function zstdDecompressPortable(bytes: Uint8Array, limit: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let start = 0; start === 0 || start < bytes.length; ) {
    const end = frameEnd(bytes, start, limit);
    // In pieces, so that a small frame that would fill the memory is stopped at its limit.
    const stream = new Decompress((part) => {
      length += part.length;
      if (length > limit) throw tooLarge(limit);
      // The stream goes on using its buffer.
      parts.push(part.slice());
    });
    try {
      stream.push(bytes.subarray(start, end), true);
    } catch (error) {
      if (error instanceof CorruptionError) throw error;
      throw new CorruptionError(`zstd: ${(error as Error).message}`);
    }
    start = end;
  }
  return parts.length === 1 ? parts[0] : Buffer.concat(parts, length);
}

/**
 * Where the frame at `start` ends. Looking first keeps two promises that the decompressor does not make: a frame
 * that is cut short is an error, and no window larger than what is allowed is ever allocated.
 */
function frameEnd(bytes: Uint8Array, start: number, limit: number): number {
  const magic = readLittleEndian(bytes, start, 4);
  if (magic >= SKIPPABLE_MAGIC && magic < SKIPPABLE_MAGIC + 16) {
    return within(bytes, start + 8 + readLittleEndian(bytes, start + 4, 4));
  }
  if (magic !== FRAME_MAGIC) throw new CorruptionError('zstd: not a frame');
  const flags = readLittleEndian(bytes, start + 4, 1);
  const singleSegment = (flags & 0x20) !== 0;
  let pos = start + 5;
  if (!singleSegment) {
    const descriptor = readLittleEndian(bytes, pos++, 1);
    const base = 2 ** (10 + (descriptor >>> 3));
    const window = base + (base / 8) * (descriptor & 7);
    if (window > MAX_WINDOW_BYTES) throw new CorruptionError(`zstd: a window of ${window} bytes`);
  }
  pos += [0, 1, 2, 4][flags & 3];
  const sizeBytes = flags >>> 6 === 0 ? (singleSegment ? 1 : 0) : 1 << (flags >>> 6);
  if (sizeBytes > 0) {
    const size = readLittleEndian(bytes, pos, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
    if (size > limit) throw tooLarge(limit);
    pos += sizeBytes;
  }
  for (let last = false; !last; ) {
    const header = readLittleEndian(bytes, pos, 3);
    last = (header & 1) === 1;
    const repeated = ((header >>> 1) & 3) === 1;
    pos += 3 + (repeated ? 1 : header >>> 3);
  }
  return within(bytes, pos + ((flags & 4) === 0 ? 0 : 4));
}

function readLittleEndian(bytes: Uint8Array, pos: number, size: number): number {
  let value = 0;
  for (let i = within(bytes, pos + size) - 1; i >= pos; i--) value = value * 256 + bytes[i];
  return value;
}

function within(bytes: Uint8Array, end: number): number {
  if (end > bytes.length) throw new CorruptionError('zstd: the frame is cut short');
  return end;
}

/** Resolves to a function that compresses its argument into one frame. */
export async function loadZstdCompressor(): Promise<(bytes: Uint8Array) => Uint8Array> {
  const { zstdCompressSync } = zlib();
  if (zstdCompressSync !== undefined) return (bytes) => zstdCompressSync(bytes);
  portable ??= openPortable();
  const { compress } = await portable;
  return (bytes) => compress(bytes);
}

/** Made once: what was compressed after a second start would be larger than it was. */
async function openPortable() {
  const wasm = await import('@bokuweb/zstd-wasm');
  await wasm.init();
  return wasm;
}

function tooLarge(limit: number): CorruptionError {
  return new CorruptionError(`zstd: more than ${limit} bytes when decompressed`);
}
