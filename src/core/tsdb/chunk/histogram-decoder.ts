/**
 * Decodes histogram chunks of all four encodings. Layout: docs/format/chunk.md.
 */
import { CorruptionError } from '../../errors.ts';
import { CounterReset, type CounterResetHint, type SampleColumns } from '../../model/index.ts';
import { ChunkBits } from './bits.ts';
import { chunkSampleCount, Encoding } from './encoding.ts';
import { readLayout } from './histogram-layout.ts';
import { HistogramSamples } from './histogram-samples.ts';
import { setStart } from './start-column.ts';
import { StartTimes } from './start-times.ts';

/** Bytes before the layout. */
export const HISTOGRAM_HEADER_BYTES = 3;

/** What the header of a histogram chunk says of the step from the chunk before to this one. */
export function chunkCounterReset(encoding: number, bytes: Uint8Array, start: number): CounterResetHint {
  const withStarts = encoding === Encoding.histogramST || encoding === Encoding.floatHistogramST;
  const flags = bytes[withStarts ? start : start + 2] >>> 6;
  return RESET_OF_FLAGS[flags];
}

/** Counter-reset flags, the top two bits of their byte. */
const RESET_OF_FLAGS: readonly CounterResetHint[] = [
  CounterReset.unknown,
  CounterReset.notReset,
  CounterReset.reset,
  CounterReset.gauge,
];
export const FLAGS_OF_RESET: readonly number[] = [0x00, 0x80, 0x40, 0xc0];

/**
 * Appends the histograms with mint <= t <= maxt of the chunk data [start, end) to `out`. Times in milliseconds. The
 * first histogram of a counter says nothing of a reset, as in Prometheus: the chunk's header speaks of a
 * predecessor that need not be the one that is read before it. Throws CorruptionError as `decodeXor` does.
 */
export function decodeHistograms(
  encoding: Encoding,
  bytes: Uint8Array,
  start: number,
  end: number,
  out: SampleColumns,
  mint: number,
  maxt: number,
): void {
  const bits = new ChunkBits();
  try {
    const chunk = openHistogramChunk(encoding, bits, bytes, start, end);
    if (chunk === null) return;
    const { samples, starts, count, reset } = chunk;
    for (let i = 0; i < count; i++) {
      const previousT = samples.t;
      samples.read(bits);
      const t = samples.t;
      if (starts !== null) {
        starts.read(bits, i, t, previousT);
        if (bits.overrun) throw new CorruptionError('chunk data ends before its samples do');
      }
      if (t > maxt) return;
      if (t < mint) continue;
      const first = i === 0 ? CounterReset.unknown : CounterReset.notReset;
      out.pushHistogram(t, samples.current(reset === CounterReset.gauge ? CounterReset.gauge : first));
      if (starts?.present) setStart(out, out.length - 1, starts.st);
    }
  } catch (error) {
    if (error instanceof CorruptionError) throw error.in({ offset: start + (bits.at >>> 3) });
    throw error;
  }
}

interface OpenHistogramChunk {
  samples: HistogramSamples;
  starts: StartTimes | null;
  count: number;
  reset: CounterResetHint;
}

/** Reads header and layout, and leaves `bits` at the first sample. Null if the chunk has no samples. */
export function openHistogramChunk(
  encoding: Encoding,
  bits: ChunkBits,
  bytes: Uint8Array,
  start: number,
  end: number,
): OpenHistogramChunk | null {
  if (end - start < HISTOGRAM_HEADER_BYTES) throw new CorruptionError('chunk is shorter than its header');
  const count = chunkSampleCount(encoding, bytes, start);
  if (count === 0) return null;
  bits.open(bytes, start, end);
  bits.at = HISTOGRAM_HEADER_BYTES * 8;
  const layout = readLayout(bits, (end - start) * 8);
  if (bits.overrun) throw new CorruptionError('chunk data ends in its layout');
  const isFloat = encoding === Encoding.floatHistogram || encoding === Encoding.floatHistogramST;
  const withStarts = encoding === Encoding.histogramST || encoding === Encoding.floatHistogramST;
  return {
    samples: new HistogramSamples(isFloat, layout),
    starts: withStarts ? new StartTimes(bytes[start + 2]) : null,
    count,
    reset: chunkCounterReset(encoding, bytes, start),
  };
}
