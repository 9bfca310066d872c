/** Which buckets a histogram has: spans, the indexes they stand for, and the change from one layout to another. */
import type { Histogram, Span } from './histogram.ts';

export const NO_SPANS: readonly Span[] = Object.freeze([]);
export const NO_BUCKETS: Float64Array = new Float64Array(0);

/** How many buckets the spans cover. */
export function bucketsIn(spans: readonly Span[]): number {
  let n = 0;
  for (const span of spans) n += span.length;
  return n;
}

/** The index of each bucket, ascending. */
export function bucketIndexes(spans: readonly Span[]): Int32Array {
  const indexes = new Int32Array(bucketsIn(spans));
  let n = 0;
  let index = 0;
  for (const span of spans) {
    index += span.offset;
    for (let i = 0; i < span.length; i++) indexes[n++] = index++;
  }
  return indexes;
}

/** The spans of the first `n` of these ascending indexes. */
export function spansOf(indexes: ArrayLike<number>, n: number = indexes.length): readonly Span[] {
  if (n === 0) return NO_SPANS;
  const spans: Span[] = [];
  let last: Span | undefined;
  let next = 0;
  for (let i = 0; i < n; i++) {
    if (last !== undefined && indexes[i] === next) last.length++;
    else spans.push((last = { offset: indexes[i] - next, length: 1 }));
    next = indexes[i] + 1;
  }
  return spans;
}

/** Whether both cover the same buckets, however they are cut. */
export function sameLayout(a: readonly Span[], b: readonly Span[]): boolean {
  if (a === b) return true;
  let i = 0;
  let j = 0;
  // What remains of the current spans; offsets of empty spans add up.
  let offsetA = 0;
  let offsetB = 0;
  let lengthA = 0;
  let lengthB = 0;
  for (;;) {
    while (lengthA === 0 && i < a.length) {
      offsetA += a[i].offset;
      lengthA = a[i++].length;
    }
    while (lengthB === 0 && j < b.length) {
      offsetB += b[j].offset;
      lengthB = b[j++].length;
    }
    if (lengthA === 0 || lengthB === 0) return lengthA === lengthB;
    if (offsetA !== offsetB) return false;
    const common = Math.min(lengthA, lengthB);
    lengthA -= common;
    lengthB -= common;
    offsetA = 0;
    offsetB = 0;
  }
}

/**
 * Removes empty buckets in place: none is left at the ends of a span, nor more than `maxEmpty` in a row inside one,
 * and spans no further apart than that become one. `Infinity` makes a single span of each side.
 */
export function compactHistogram(h: Histogram, maxEmpty: number): void {
  const positive = compactSide(h.positiveSpans, h.positiveBuckets, maxEmpty);
  h.positiveSpans = positive.spans;
  h.positiveBuckets = positive.buckets;
  const negative = compactSide(h.negativeSpans, h.negativeBuckets, maxEmpty);
  h.negativeSpans = negative.spans;
  h.negativeBuckets = negative.buckets;
}

interface Side {
  spans: readonly Span[];
  buckets: Float64Array;
}

function compactSide(spans: readonly Span[], buckets: Float64Array, maxEmpty: number): Side {
  if (isCompact(spans, buckets, maxEmpty)) return { spans, buckets };
  const indexes = bucketIndexes(spans);
  const keptIndexes: number[] = [];
  const kept: number[] = [];
  for (let i = 0; i < indexes.length; i++) {
    if (buckets[i] === 0) continue;
    const gap = keptIndexes.length === 0 ? 0 : indexes[i] - keptIndexes[keptIndexes.length - 1] - 1;
    if (gap <= maxEmpty) {
      for (let empty = indexes[i] - gap; empty < indexes[i]; empty++) {
        keptIndexes.push(empty);
        kept.push(0);
      }
    }
    keptIndexes.push(indexes[i]);
    kept.push(buckets[i]);
  }
  return { spans: spansOf(keptIndexes), buckets: kept.length === 0 ? NO_BUCKETS : Float64Array.from(kept) };
}

function isCompact(spans: readonly Span[], buckets: Float64Array, maxEmpty: number): boolean {
  for (let i = 0; i < buckets.length; i++) if (buckets[i] === 0) return false;
  for (let i = 0; i < spans.length; i++) {
    if (spans[i].length === 0 || (i > 0 && spans[i].offset <= maxEmpty)) return false;
  }
  return true;
}
