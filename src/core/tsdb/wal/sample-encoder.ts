/**
 * What the makers of records of samples share: a buffer that grows by samples and is used again, and the head of the
 * types whose samples are told as differences to the first of them.
 *
 *   type, first ref (8), first t (8), then for each sample, the first included:
 *     ref and t as varint differences to the first, and what the type adds
 */
import { ByteWriter } from '../../encoding/byte-writer.ts';
import type { RecordType } from './record-type.ts';

export abstract class SampleEncoder {
  /** Samples in the record. */
  count = 0;
  protected readonly out = new ByteWriter();

  /** Bytes of the record so far. */
  get length(): number {
    return this.out.length;
  }

  clear(): void {
    this.out.clear();
    this.count = 0;
  }

  /** The record: a view, valid until the next change. */
  record(): Uint8Array {
    return this.out.view();
  }
}

export abstract class SinceFirstEncoder extends SampleEncoder {
  protected firstRef = 0;
  protected firstT = 0;

  /** Writes the ref and the time of one more sample, behind the head if it is the first. */
  protected begin(type: RecordType, ref: number, t: number): ByteWriter {
    const out = this.out;
    if (this.count === 0) {
      out.byte(type);
      out.int64(ref);
      out.int64(t);
      this.firstRef = ref;
      this.firstT = t;
    }
    out.varint(ref - this.firstRef);
    out.varint(t - this.firstT);
    this.count++;
    return out;
  }
}
