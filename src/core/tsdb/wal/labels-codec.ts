/**
 * A label set in a record: the number of labels as a varint, then names and values, each a string after its length.
 * Names are sorted, so equal sets are equal bytes.
 */
import type { ByteReader } from '../../encoding/byte-reader.ts';
import type { ByteWriter } from '../../encoding/byte-writer.ts';
import { type Labels, labelsFromPairs } from '../../model/labels.ts';

export function encodeLabels(labels: Labels, out: ByteWriter): void {
  const { names, values } = labels;
  out.uvarint(names.length);
  for (let i = 0; i < names.length; i++) {
    out.string(names[i]);
    out.string(values[i]);
  }
}

/** Throws CorruptionError where the data ends too early; of a name that occurs twice the last value counts. */
export function decodeLabels(reader: ByteReader): Labels {
  const count = reader.count(2);
  const pairs = new Map<string, string>();
  for (let i = 0; i < count; i++) {
    const name = reader.string();
    pairs.set(name, reader.string());
  }
  return labelsFromPairs(pairs);
}

export function skipLabels(reader: ByteReader): void {
  const count = reader.count(2);
  for (let i = 0; i < count * 2; i++) reader.skipString();
}
