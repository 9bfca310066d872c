/**
 * Snappy's block format (no framing), as WAL records and remote write use it. A block is the length of the data as
 * a varint, then elements: a literal (tag bits 00) is bytes to copy from the block, a copy (01, 10, 11) is a run to
 * repeat from what was decoded so far, which may overlap its own output.
 * Described in google/snappy, format_description.txt.
 */
import { CorruptionError } from '../errors.ts';
import { readUvarint, writeUvarint } from './varint.ts';

/** The compressor looks for matches within stretches of this many bytes, so two bytes name any distance. */
const STRETCH_BYTES = 1 << 16;
const HASH_BITS = 14;
const HASH_SHIFT = 32 - HASH_BITS;
const HASH_MULTIPLIER = 0x1e35a7bd;
/** The last bytes of a stretch become a literal: looking ahead needs no bounds there. */
const TAIL_BYTES = 15;
const WORD_BYTES = 4;

/** Reused between calls: position of the last occurrence of a hash, plus one, relative to its stretch. */
const table = new Uint16Array(1 << HASH_BITS);

/** Room that `snappyCompress` needs for `length` bytes that do not compress at all. */
export function snappyMaxCompressedLength(length: number): number {
  return 32 + length + Math.floor(length / 6);
}

/** Compresses bytes [start, end) into `out` at `at`; returns where it ended. `out` must have the room above. */
export function snappyCompress(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
): number {
  let pos = writeUvarint(out, at, end - start);
  for (let from = start; from < end; from += STRETCH_BYTES) {
    pos = compressStretch(bytes, from, Math.min(from + STRETCH_BYTES, end), out, pos);
  }
  return pos;
}

/** What the block says its decompressed length is; NaN where it does not start with a length below 2^32. */
export function snappyDecompressedLength(block: Uint8Array, start = 0, end: number = block.length): number {
  const length = readUvarint(block, { pos: start }, end);
  return length < 2 ** 32 ? length : Number.NaN;
}

/** The first byte of what a block decompresses to, without decompressing it; -1 where only that would tell. */
export function snappyFirstByte(block: Uint8Array): number {
  let pos = 0;
  while (block[pos] >= 0x80) pos++;
  const tag = block[++pos];
  if (tag === undefined || (tag & 3) !== 0) return -1;
  const sizeBytes = Math.max(0, (tag >>> 2) - 59);
  return block[pos + 1 + sizeBytes] ?? -1;
}

/**
 * Decompresses block[start, end) into `out` (which is returned, cut to length), or into new memory where `out` is
 * too short. Throws CorruptionError for anything but a whole block, and before it allocates more than `limit` bytes.
 */
export function snappyDecompress(
  block: Uint8Array,
  limit: number,
  out?: Uint8Array,
  start = 0,
  end: number = block.length,
): Uint8Array {
  const cursor = { pos: start };
  const length = readUvarint(block, cursor, end);
  if (!(length < 2 ** 32)) throw new CorruptionError('snappy block without a length');
  if (length > limit)
    throw new CorruptionError(`snappy block of ${length} bytes, more than ${limit} allowed`);
  const into = out !== undefined && out.length >= length ? out : new Uint8Array(length);
  decode(block, cursor.pos, end, into, length);
  return into.length === length ? into : into.subarray(0, length);
}

function decode(block: Uint8Array, start: number, end: number, out: Uint8Array, length: number): void {
  const words = new DataView(out.buffer, out.byteOffset, out.byteLength);
  const lastWord = out.length - WORD_BYTES;
  let pos = start;
  let done = 0;
  while (pos < end) {
    const tag = block[pos++];
    const kind = tag & 3;
    if (kind === 0) {
      let size = (tag >>> 2) + 1;
      if (size > 60) {
        const sizeBytes = size - 60;
        if (pos + sizeBytes > end) throw cut();
        size = 0;
        for (let i = sizeBytes - 1; i >= 0; i--) size = size * 256 + block[pos + i];
        size++;
        pos += sizeBytes;
      }
      if (size > end - pos) throw cut();
      if (size > length - done) throw tooLong();
      if (size <= 24) for (let i = 0; i < size; i++) out[done + i] = block[pos + i];
      else out.set(block.subarray(pos, pos + size), done);
      pos += size;
      done += size;
      continue;
    }
    let size: number;
    let distance: number;
    if (kind === 1) {
      if (pos >= end) throw cut();
      size = ((tag >>> 2) & 7) + 4;
      distance = ((tag & 0xe0) << 3) | block[pos];
      pos += 1;
    } else if (kind === 2) {
      if (pos + 2 > end) throw cut();
      size = (tag >>> 2) + 1;
      distance = block[pos] | (block[pos + 1] << 8);
      pos += 2;
    } else {
      if (pos + 4 > end) throw cut();
      size = (tag >>> 2) + 1;
      distance = (block[pos] | (block[pos + 1] << 8) | (block[pos + 2] << 16) | (block[pos + 3] << 24)) >>> 0;
      pos += 4;
    }
    if (distance === 0 || distance > done)
      throw new CorruptionError('snappy copy from before the start of its block');
    if (size > length - done) throw tooLong();
    let i = done - distance;
    const to = done + size;
    if (distance >= WORD_BYTES && to <= lastWord) {
      // By words, the last of which may write behind the copy, where what follows goes: half as long as by bytes.
      for (; done < to; done += WORD_BYTES, i += WORD_BYTES)
        words.setUint32(done, words.getUint32(i, true), true);
      done = to;
    } else {
      // A byte at a time, because such a copy may read what it has just written.
      while (done < to) out[done++] = out[i++];
    }
  }
  if (done !== length)
    throw new CorruptionError(`snappy block ends after ${done} of the ${length} bytes it declares`);
}

function cut(): CorruptionError {
  return new CorruptionError('snappy block is cut short');
}

function tooLong(): CorruptionError {
  return new CorruptionError('snappy block holds more than the length it declares');
}

/** Greedy matching with one hash table; steps grow while nothing matches, so noise passes quickly. */
function compressStretch(
  bytes: Uint8Array,
  from: number,
  to: number,
  out: Uint8Array,
  outStart: number,
): number {
  let pos = outStart;
  let literalFrom = from;
  if (to - from > TAIL_BYTES) {
    table.fill(0);
    const limit = to - TAIL_BYTES;
    let i = from + 1;
    let misses = 32;
    while (i < limit) {
      const word = load32(bytes, i);
      const hash = Math.imul(word, HASH_MULTIPLIER) >>> HASH_SHIFT;
      const seen = table[hash];
      table[hash] = i - from;
      const candidate = from + seen;
      // Zero stands for "never seen": the first byte of a stretch is never a candidate, which costs nothing.
      if (seen === 0 || load32(bytes, candidate) !== word) {
        i += misses >>> 5;
        misses++;
        continue;
      }
      misses = 32;
      if (literalFrom < i) pos = writeLiteral(bytes, literalFrom, i, out, pos);
      let match = 4;
      while (i + match < to && bytes[candidate + match] === bytes[i + match]) match++;
      pos = writeCopy(i - candidate, match, out, pos);
      i += match;
      literalFrom = i;
      if (i < limit) {
        const before = Math.imul(load32(bytes, i - 1), HASH_MULTIPLIER) >>> HASH_SHIFT;
        table[before] = i - 1 - from;
      }
    }
  }
  return literalFrom < to ? writeLiteral(bytes, literalFrom, to, out, pos) : pos;
}

function load32(bytes: Uint8Array, i: number): number {
  return bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
}

function writeLiteral(bytes: Uint8Array, from: number, to: number, out: Uint8Array, at: number): number {
  let pos = at;
  const size = to - from;
  const n = size - 1;
  if (n < 60) out[pos++] = n << 2;
  else if (n < 1 << 8) {
    out[pos++] = 60 << 2;
    out[pos++] = n;
  } else {
    // A stretch is at most 2^16 bytes long, so two bytes always do.
    out[pos++] = 61 << 2;
    out[pos++] = n;
    out[pos++] = n >>> 8;
  }
  if (size <= 24) for (let i = 0; i < size; i++) out[pos + i] = bytes[from + i];
  else out.set(bytes.subarray(from, to), pos);
  return pos + size;
}

/** Splits long runs so that what is left is never shorter than the four bytes that a short copy encodes. */
function writeCopy(distance: number, size: number, out: Uint8Array, at: number): number {
  let pos = at;
  let left = size;
  while (left >= 68) {
    pos = writeLongCopy(distance, 64, out, pos);
    left -= 64;
  }
  if (left > 64) {
    pos = writeLongCopy(distance, 60, out, pos);
    left -= 60;
  }
  if (left >= 12 || distance >= 2048) return writeLongCopy(distance, left, out, pos);
  out[pos++] = ((distance >>> 8) << 5) | ((left - 4) << 2) | 1;
  out[pos++] = distance;
  return pos;
}

function writeLongCopy(distance: number, size: number, out: Uint8Array, at: number): number {
  out[at] = ((size - 1) << 2) | 2;
  out[at + 1] = distance;
  out[at + 2] = distance >>> 8;
  return at + 3;
}
