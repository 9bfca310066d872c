/**
 * Start timestamps as the encodings that can hold them (XOR2, histogramST, floathistogramST) write them behind each
 * sample: the first one perhaps, and all from the sample on where they first differ, each as a difference to the
 * time of the sample before. One byte of the chunk's header says which. Layout: docs/format/chunk.md.
 */
import type { ChunkBits } from './bits.ts';

export class StartTimes {
  private readonly firstKnown: boolean;
  /** Index of the first sample whose start is written out; 0 if none is (but perhaps that of sample 0). */
  private readonly changesAt: number;
  /** Time of the previous sample less the start of this one, ms. */
  private difference = 0;
  /** Start timestamp of the sample read last, ms; 0 if unknown. */
  st = 0;

  constructor(header: number) {
    this.firstKnown = (header & 0x80) !== 0;
    this.changesAt = header & 0x7f;
  }

  /** Whether any sample of the chunk has a start timestamp. */
  get present(): boolean {
    return this.firstKnown || this.changesAt > 0;
  }

  /** Reads what follows sample `index` (from 0) with time `t`; `previousT` is that of the sample before. */
  read(bits: ChunkBits, index: number, t: number, previousT: number): void {
    if (index === 0) {
      if (this.firstKnown) this.st = t - bits.varint();
      return;
    }
    if (this.changesAt === 0 || index < this.changesAt) return;
    const read = bits.varbitInt();
    this.difference = index === this.changesAt ? read : this.difference + read;
    this.st = previousT - this.difference;
  }
}
