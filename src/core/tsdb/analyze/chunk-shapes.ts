/** How large chunks are: samples, bytes and buckets, by kind. Every chunk is read for this. */
import { SampleColumns } from '../../model/index.ts';
import type { ChunkSegments } from '../block/chunk-segments.ts';
import { chunkSampleCount, decodeChunk, isHistogramEncoding } from '../chunk/index.ts';

/** Least, mean (rounded down) and greatest. */
export interface Spread {
  min: number;
  avg: number;
  max: number;
}

export interface ChunkShape {
  chunks: number;
  samples: Spread;
  /** Of the chunk's data, without what frames it. */
  bytes: Spread;
}

/** A kind of which there are no chunks is left out. */
export interface ChunkShapes {
  float?: ChunkShape;
  /** `buckets`: of all histograms of a chunk, without the zero bucket. */
  histogram?: ChunkShape & { buckets: Spread };
}

/** Told of every chunk. */
export type EachChunk = (kind: keyof ChunkShapes, samples: number, bytes: number, buckets: number) => void;

export class ChunkShapeTally {
  /** Samples of all chunks. */
  samples = 0;
  private readonly segments: ChunkSegments;
  private readonly floats = new Shape();
  private readonly histograms = new Shape();
  private readonly columns = new SampleColumns();
  private readonly eachChunk: EachChunk | undefined;

  constructor(segments: ChunkSegments, eachChunk?: EachChunk) {
    this.segments = segments;
    this.eachChunk = eachChunk;
  }

  /** Reads the chunks of a series, whose refs are [from, to) of `refs`; returns its samples. */
  add(refs: Float64Array, from: number, to: number): number {
    let samples = 0;
    for (let c = from; c < to; c++) {
      const { encoding, bytes, start, end } = this.segments.read(refs[c]);
      const count = chunkSampleCount(encoding, bytes, start);
      samples += count;
      if (!isHistogramEncoding(encoding)) {
        this.floats.add(count, end - start, 0);
        this.eachChunk?.('float', count, end - start, 0);
        continue;
      }
      this.columns.clear();
      decodeChunk(encoding, bytes, start, end, this.columns);
      let buckets = 0;
      for (const h of this.columns.histograms ?? []) {
        if (h !== null) buckets += h.positiveBuckets.length + h.negativeBuckets.length;
      }
      this.histograms.add(count, end - start, buckets);
      this.eachChunk?.('histogram', count, end - start, buckets);
    }
    this.samples += samples;
    return samples;
  }

  result(): ChunkShapes {
    const { floats, histograms } = this;
    return {
      ...(floats.samples.count > 0 && { float: floats.result() }),
      ...(histograms.samples.count > 0 && {
        histogram: { ...histograms.result(), buckets: histograms.buckets.result() },
      }),
    };
  }
}

class Shape {
  readonly samples = new Range();
  readonly bytes = new Range();
  readonly buckets = new Range();

  add(samples: number, bytes: number, buckets: number): void {
    this.samples.add(samples);
    this.bytes.add(bytes);
    this.buckets.add(buckets);
  }

  result(): ChunkShape {
    return { chunks: this.samples.count, samples: this.samples.result(), bytes: this.bytes.result() };
  }
}

class Range {
  count = 0;
  private min = Number.POSITIVE_INFINITY;
  private max = 0;
  private sum = 0;

  add(value: number): void {
    this.count++;
    this.sum += value;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
  }

  result(): Spread {
    return { min: this.min, avg: Math.floor(this.sum / this.count), max: this.max };
  }
}
