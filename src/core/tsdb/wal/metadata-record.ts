/**
 * Metadata of series (type 6). Fields are named, so that a reader can pass over those it does not know.
 *
 *   6, then for each series: ref (uvarint), metric type (1), number of fields (uvarint), and of each field its
 *   name and its value, strings after their lengths: `UNIT` and `HELP`
 */
import { ByteReader } from '../../encoding/byte-reader.ts';
import { ByteWriter } from '../../encoding/byte-writer.ts';
import { METRIC_TYPES, type Metadata } from '../../model/metadata.ts';
import { RecordType } from './record-type.ts';

export interface RefMetadata {
  ref: number;
  metadata: Metadata;
}

/** Throws CorruptionError without a place. */
export function decodeMetadata(record: Uint8Array): RefMetadata[] {
  const reader = new ByteReader(record, 1);
  const out: RefMetadata[] = [];
  while (reader.remaining > 0) {
    const ref = reader.uvarint();
    const type = METRIC_TYPES[reader.byte()] ?? 'unknown';
    let unit = '';
    let help = '';
    for (let fields = reader.count(2); fields > 0; fields--) {
      const name = reader.string();
      const value = reader.string();
      if (name === 'UNIT') unit = value;
      else if (name === 'HELP') help = value;
    }
    out.push({ ref, metadata: { type, unit, help } });
  }
  return out;
}

/** What follows the ref. */
export function encodeMetadata(metadata: Metadata, out: ByteWriter): void {
  out.byte(METRIC_TYPES.indexOf(metadata.type));
  out.uvarint(2);
  out.string('UNIT');
  out.string(metadata.unit);
  out.string('HELP');
  out.string(metadata.help);
}

export class MetadataEncoder {
  count = 0;
  private readonly out = new ByteWriter();

  get length(): number {
    return this.out.length;
  }

  clear(): void {
    this.out.clear();
    this.count = 0;
  }

  add(ref: number, metadata: Metadata): void {
    const out = this.out;
    if (this.count === 0) out.byte(RecordType.metadata);
    out.uvarint(ref);
    encodeMetadata(metadata, out);
    this.count++;
  }

  /** The record: a view, valid until the next change. */
  record(): Uint8Array {
    return this.out.view();
  }
}
