/**
 * Series records (type 1): a series' ref, as all later records name it, and its labels. One record holds any number.
 *
 *   1, then for each series: ref (8 bytes), labels
 */
import { ByteReader } from '../../encoding/byte-reader.ts';
import { ByteWriter } from '../../encoding/byte-writer.ts';
import type { Labels } from '../../model/labels.ts';
import { decodeLabels, encodeLabels, skipLabels } from './labels-codec.ts';
import { RecordType } from './record-type.ts';

export class SeriesEncoder {
  private readonly out = new ByteWriter();

  get length(): number {
    return this.out.length;
  }

  clear(): void {
    this.out.clear();
  }

  add(ref: number, labels: Labels): void {
    this.begin(ref);
    encodeLabels(labels, this.out);
  }

  /** As `add`, with labels that are encoded already. */
  addEncoded(ref: number, bytes: Uint8Array, start: number, end: number): void {
    this.begin(ref);
    this.out.copy(bytes, start, end);
  }

  /** The record: a view, valid until the next change. */
  record(): Uint8Array {
    return this.out.view();
  }

  private begin(ref: number): void {
    if (this.out.length === 0) this.out.byte(RecordType.series);
    this.out.int64(ref);
  }
}

/** Walks the series of a record without making their labels, which are asked for where they are wanted. */
export class SeriesDecoder {
  ref = 0;
  /** Where the labels are in the record, encoded. */
  labelsStart = 0;
  labelsEnd = 0;
  private readonly reader = new ByteReader();

  start(record: Uint8Array): void {
    this.reader.reset(record, 1);
  }

  /** Moves to the next series; false at the end. Throws CorruptionError without a place. */
  next(): boolean {
    const reader = this.reader;
    if (reader.remaining === 0) return false;
    this.ref = reader.int64();
    this.labelsStart = reader.pos;
    skipLabels(reader);
    this.labelsEnd = reader.pos;
    return true;
  }

  labels(): Labels {
    return decodeLabels(new ByteReader(this.reader.bytes, this.labelsStart, this.labelsEnd));
  }
}
