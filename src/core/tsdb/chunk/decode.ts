/** One door to all decoders: a chunk's kind is looked at once a chunk, not once a sample. */
import { CorruptionError } from '../../errors.ts';
import type { SampleColumns } from '../../model/index.ts';
import { Encoding } from './encoding.ts';
import { decodeHistograms } from './histogram-decoder.ts';
import { decodeXor } from './xor-decoder.ts';
import type { XorMark } from './xor-mark.ts';
import { decodeXor2 } from './xor2-decoder.ts';

/**
 * Appends the samples with mint <= t <= maxt (ms) of the chunk data [start, end) to `out`, which keeps what it had.
 * Throws CorruptionError, with the offset in `bytes`, for an encoding that is not known or data that is broken. A mark
 * saves going through what lies before `mint` again, where a chunk of floats is asked for more than once.
 */
export function decodeChunk(
  encoding: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  out: SampleColumns,
  mint = Number.NEGATIVE_INFINITY,
  maxt = Number.POSITIVE_INFINITY,
  mark: XorMark | null = null,
): void {
  out.chunksDecoded++;
  out.bytesDecoded += end - start;
  switch (encoding) {
    case Encoding.xor:
      decodeXor(bytes, start, end, out, mint, maxt, mark);
      return;
    case Encoding.histogram:
    case Encoding.floatHistogram:
    case Encoding.histogramST:
    case Encoding.floatHistogramST:
      decodeHistograms(encoding, bytes, start, end, out, mint, maxt);
      return;
    case Encoding.xor2:
      decodeXor2(bytes, start, end, out, mint, maxt);
      return;
    default:
      throw new CorruptionError(`unknown chunk encoding ${encoding}`, { offset: start });
  }
}
