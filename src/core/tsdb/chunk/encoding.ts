/**
 * What kinds of chunks there are, and how large they may become. A chunk holds consecutive samples of one series;
 * its first bytes say how many. Layouts: docs/format/chunk.md.
 */

/** The byte before a chunk's data in a segment file. */
export const Encoding = {
  /** Floats, after Gorilla. */
  xor: 1,
  /** Native histograms with integer counts. */
  histogram: 2,
  floatHistogram: 3,
  /** Floats with optional start timestamps; Prometheus 3.12 and later, read only. */
  xor2: 4,
  /** Histograms with optional start timestamps; Prometheus 3.14 and later, read only. */
  histogramST: 5,
  floatHistogramST: 6,
} as const;
export type Encoding = (typeof Encoding)[keyof typeof Encoding];

/** Indexed by encoding; as `promtool` names them. */
const NAMES = ['none', 'XOR', 'histogram', 'floathistogram', 'XOR2', 'histogramST', 'floathistogramST'];

export function encodingName(encoding: number): string {
  return NAMES[encoding] ?? `unknown (${encoding})`;
}

export function isKnownEncoding(encoding: number): encoding is Encoding {
  return encoding >= Encoding.xor && encoding <= Encoding.floatHistogramST;
}

/** Whether the chunk holds histograms (of either kind of count). */
export function isHistogramEncoding(encoding: number): boolean {
  return (
    encoding === Encoding.histogram ||
    encoding === Encoding.floatHistogram ||
    encoding === Encoding.histogramST ||
    encoding === Encoding.floatHistogramST
  );
}

/** The number of samples of a chunk, from its first two bytes. */
export function chunkSampleCount(encoding: number, bytes: Uint8Array, start: number): number {
  const count = (bytes[start] << 8) | bytes[start + 1];
  // These two keep the counter-reset bits where the others have the highest bits of the count.
  if (encoding === Encoding.histogramST || encoding === Encoding.floatHistogramST) return count & 0x3fff;
  return count;
}
