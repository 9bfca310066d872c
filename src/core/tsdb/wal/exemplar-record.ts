/**
 * Exemplars (type 4).
 *
 *   4, first ref (8), first t (8), then for each, the first included:
 *     ref and t as varint differences to the first, value (8), labels
 */
import { ByteReader } from '../../encoding/byte-reader.ts';
import type { Exemplar } from '../../model/exemplar.ts';
import { decodeLabels, encodeLabels } from './labels-codec.ts';
import { RecordType } from './record-type.ts';
import { SinceFirstEncoder } from './sample-encoder.ts';

export interface RefExemplar {
  ref: number;
  exemplar: Exemplar;
}

/** Throws CorruptionError without a place. */
export function decodeExemplars(record: Uint8Array): RefExemplar[] {
  const reader = new ByteReader(record, 1);
  const out: RefExemplar[] = [];
  if (reader.remaining === 0) return out;
  const firstRef = reader.int64();
  const firstT = reader.int64();
  while (reader.remaining > 0) {
    const ref = firstRef + reader.varint();
    const t = firstT + reader.varint();
    const v = reader.float64();
    out.push({ ref, exemplar: { labels: decodeLabels(reader), v, t } });
  }
  return out;
}

export class ExemplarsEncoder extends SinceFirstEncoder {
  /** Adds an exemplar that happened at `t`. */
  add(ref: number, t: number, exemplar: Exemplar): void {
    const out = this.begin(RecordType.exemplars, ref, t);
    out.float64(exemplar.v);
    encodeLabels(exemplar.labels, out);
  }
}
