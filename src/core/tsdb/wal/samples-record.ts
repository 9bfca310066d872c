/**
 * Samples of float series, without start timestamps (type 2) or with (type 11).
 *
 *   2, first ref (8), first t (8), then for each sample, the first included:
 *     ref and t as varint differences to the first, value (8)
 *
 *   11, then for the first sample ref, t and st as varints, value (8), and for each further one:
 *     ref as a varint difference to the one before, t as one to the first, a marker, value (8)
 *     marker 0: no st; 1: the same st as the one before; 2: st follows, as a varint difference to the first's
 */

import { copied } from '../../encoding/grown.ts';
import { readInt64, readVarint, writeInt64, writeUint32, writeVarint } from '../../encoding/varint.ts';
import { CorruptionError } from '../../errors.ts';
import { RecordType } from './record-type.ts';
import { SampleEncoder } from './sample-encoder.ts';
import { readStart, writeStart } from './start-marker.ts';

/** Two varints and a value. */
const MAX_SAMPLE_BYTES = 10 + 10 + 8;
const HEADER_BYTES = 17;

/** Whether records of a type have samples of float series. */
export function isSamplesRecord(type: number): boolean {
  return type === RecordType.samples || type === RecordType.samplesV2;
}

/** Samples as columns; one object is reused for many records. */
export class SampleRows {
  length = 0;
  ref: Float64Array = new Float64Array(0);
  t: Float64Array = new Float64Array(0);
  v: Float64Array = new Float64Array(0);
  /** Start timestamps (ms, 0 = none); meaningful where `hasStart`. */
  st: Float64Array = new Float64Array(0);
  hasStart = false;
  /** The column `v` as halves, lowest first: values pass through as bits. */
  vBits: Uint32Array = new Uint32Array(0);

  reserve(rows: number): void {
    if (rows <= this.t.length) return;
    const size = Math.max(rows, this.t.length * 2, 128);
    this.ref = copied(this.ref, new Float64Array(size));
    this.t = copied(this.t, new Float64Array(size));
    this.v = copied(this.v, new Float64Array(size));
    this.st = copied(this.st, new Float64Array(size));
    this.vBits = new Uint32Array(this.v.buffer);
  }
}

/** Replaces what is in `rows` by the samples of a record of type 2 or 11. Throws CorruptionError without a place. */
export function decodeSamples(record: Uint8Array, rows: SampleRows): void {
  rows.length = 0;
  rows.hasStart = record[0] === RecordType.samplesV2;
  // No sample takes fewer than ten bytes.
  rows.reserve(Math.ceil(record.length / 10));
  if (record.length === 1) return;
  if (rows.hasStart) decodeWithStart(record, rows);
  else decodePlain(record, rows);
}

function decodePlain(record: Uint8Array, rows: SampleRows): void {
  const end = record.length;
  if (end < HEADER_BYTES) throw new CorruptionError('a samples record without its first ref and time');
  const firstRef = readInt64(record, 1);
  const firstT = readInt64(record, 9);
  const { ref, t, vBits } = rows;
  const cursor = { pos: HEADER_BYTES };
  let pos = HEADER_BYTES;
  let row = 0;
  while (pos < end) {
    // One and two bytes are nearly all there are: the general way costs a call and a cursor in memory.
    let delta = record[pos];
    if (delta < 0x80) {
      pos++;
      delta = (delta >>> 1) ^ -(delta & 1);
    } else if (pos + 1 < end && record[pos + 1] < 0x80) {
      delta = (delta & 0x7f) | (record[pos + 1] << 7);
      pos += 2;
      delta = (delta >>> 1) ^ -(delta & 1);
    } else {
      cursor.pos = pos;
      delta = readVarint(record, cursor, end);
      pos = cursor.pos;
    }
    ref[row] = firstRef + delta;
    if (pos < end && record[pos] < 0x80) {
      delta = record[pos++];
      delta = (delta >>> 1) ^ -(delta & 1);
    } else {
      cursor.pos = pos;
      delta = readVarint(record, cursor, end);
      pos = cursor.pos;
    }
    t[row] = firstT + delta;
    if (pos + 8 > end || Number.isNaN(ref[row] + delta)) throw cutAfter(row);
    const low = row * 2;
    vBits[low + 1] = (record[pos] << 24) | (record[pos + 1] << 16) | (record[pos + 2] << 8) | record[pos + 3];
    vBits[low] = (record[pos + 4] << 24) | (record[pos + 5] << 16) | (record[pos + 6] << 8) | record[pos + 7];
    pos += 8;
    row++;
    rows.length = row;
  }
}

function decodeWithStart(record: Uint8Array, rows: SampleRows): void {
  const end = record.length;
  const cursor = { pos: 1 };
  let ref = 0;
  let firstT = 0;
  let firstSt = 0;
  let st = 0;
  for (let row = 0; cursor.pos < end; row++) {
    ref += readVarint(record, cursor, end);
    const t = firstT + readVarint(record, cursor, end);
    if (row === 0) {
      firstT = t;
      st = readVarint(record, cursor, end);
      firstSt = st;
    } else {
      st = readStart(record, cursor, end, st, firstSt);
    }
    const pos = cursor.pos;
    if (pos + 8 > end || Number.isNaN(ref + t + st)) throw cutAfter(row);
    rows.ref[row] = ref;
    rows.t[row] = t;
    rows.st[row] = st;
    rows.vBits[row * 2 + 1] =
      (record[pos] << 24) | (record[pos + 1] << 16) | (record[pos + 2] << 8) | record[pos + 3];
    rows.vBits[row * 2] =
      (record[pos + 4] << 24) | (record[pos + 5] << 16) | (record[pos + 6] << 8) | record[pos + 7];
    cursor.pos = pos + 8;
    rows.length = row + 1;
  }
}

function cutAfter(samples: number): CorruptionError {
  return new CorruptionError(`a samples record ends within sample ${samples + 1}`);
}

/** Makes records of type 2, a sample at a time. */
export class SamplesEncoder extends SampleEncoder {
  private firstRef = 0;
  private firstT = 0;

  /** Adds a sample with a value of these bits (`readBits`). */
  add(ref: number, t: number, high: number, low: number): void {
    const out = this.out;
    out.reserve(HEADER_BYTES + MAX_SAMPLE_BYTES);
    const bytes = out.bytes;
    let pos = out.length;
    if (this.count === 0) {
      bytes[pos++] = RecordType.samples;
      pos = writeInt64(bytes, pos, ref);
      pos = writeInt64(bytes, pos, t);
      this.firstRef = ref;
      this.firstT = t;
    }
    pos = writeVarint(bytes, pos, ref - this.firstRef);
    pos = writeVarint(bytes, pos, t - this.firstT);
    writeUint32(bytes, pos, high);
    out.length = writeUint32(bytes, pos + 4, low);
    this.count++;
  }
}

/** Makes records of type 11. */
export class SamplesWithStartEncoder extends SampleEncoder {
  private firstT = 0;
  private firstSt = 0;
  private previousRef = 0;
  private previousSt = 0;

  /** As SamplesEncoder's; `st` is 0 where the sample has none. */
  add(ref: number, t: number, st: number, high: number, low: number): void {
    const out = this.out;
    if (this.count === 0) {
      out.byte(RecordType.samplesV2);
      out.varint(ref);
      out.varint(t);
      out.varint(st);
      this.firstT = t;
      this.firstSt = st;
    } else {
      out.varint(ref - this.previousRef);
      out.varint(t - this.firstT);
      writeStart(out, st, this.previousSt, this.firstSt);
    }
    out.bits64(high, low);
    this.previousRef = ref;
    this.previousSt = st;
    this.count++;
  }
}
