/**
 * Whether a histogram can follow another in one chunk, and with which buckets. A chunk has one list of buckets, so a
 * histogram with others makes the chunk's list longer (its samples are then written again) or is itself filled up
 * with empty buckets; a counter that lost observations starts a new chunk.
 */
import {
  CounterReset,
  type CounterResetHint,
  CUSTOM_BUCKETS_SCHEMA,
  type Histogram,
  type Span,
} from '../../model/index.ts';
import type { HistogramLayout } from './histogram-layout.ts';

export type Fit =
  /** Needs a new chunk, with this header. */
  | { fits: false; header: CounterResetHint }
  /** `layout` holds the buckets of both; `grows` if the chunk lacks some of them, `fills` if the histogram does. */
  | { fits: true; grows: boolean; fills: boolean; layout: HistogramLayout };

/**
 * `last` is the chunk's last sample and `layout` its buckets; `chunkIsGauge` is the chunk's header. Decides as
 * Prometheus does.
 */
export function fitHistogram(
  chunkIsGauge: boolean,
  layout: HistogramLayout,
  last: Histogram,
  h: Histogram,
): Fit {
  const isGauge = h.counterReset === CounterReset.gauge;
  if (isGauge) {
    if (!chunkIsGauge) return GAUGE;
  } else {
    // What follows a gauge: Prometheus says this of the one kind and that of the other.
    if (chunkIsGauge) return h.isFloat ? UNKNOWN : NOT_RESET;
    if (h.counterReset === CounterReset.reset) return RESET;
  }
  const newChunk = isGauge ? GAUGE : UNKNOWN;
  if (h.stale) return { fits: true, grows: false, fills: false, layout };
  // Behind a stale marker only further ones may stand.
  if (last.stale) return newChunk;
  if (!isGauge && h.count < last.count) return RESET;
  if (h.schema !== layout.schema || h.zeroThreshold !== layout.zeroThreshold) return newChunk;
  if (h.schema === CUSTOM_BUCKETS_SCHEMA && !sameNumbers(h.customValues, layout.customValues)) {
    return isGauge ? GAUGE : RESET;
  }
  if (!isGauge && h.zeroCount < last.zeroCount) return RESET;

  // Nearly always the buckets are those of the chunk.
  if (sameSpans(layout.positiveSpans, h.positiveSpans) && sameSpans(layout.negativeSpans, h.negativeSpans)) {
    if (
      !isGauge &&
      (fell(last.positiveBuckets, h.positiveBuckets) || fell(last.negativeBuckets, h.negativeBuckets))
    ) {
      return RESET;
    }
    return { fits: true, grows: false, fills: false, layout };
  }
  const positive = joinBuckets(layout.positiveSpans, h.positiveSpans);
  const negative = joinBuckets(layout.negativeSpans, h.negativeSpans);
  if (!isGauge) {
    if (lostCounts(positive, last.positiveBuckets, h.positiveBuckets)) return RESET;
    if (lostCounts(negative, last.negativeBuckets, h.negativeBuckets)) return RESET;
  }
  const grows = positive.grows || negative.grows;
  const fills = positive.fills || negative.fills;
  // Spans can be cut in several ways: Prometheus keeps those of the side that has all buckets, and only where
  // neither has does it make new ones (a gauge then on both sides).
  const join = (joined: Joined, ofChunk: readonly Span[], ofHistogram: readonly Span[]): readonly Span[] => {
    if (!fills) return ofHistogram;
    if (!isGauge && !grows) return ofChunk;
    return isGauge || joined.fills ? spansOf(joined.buckets) : ofHistogram;
  };
  return {
    fits: true,
    grows,
    fills,
    layout: {
      schema: layout.schema,
      zeroThreshold: layout.zeroThreshold,
      positiveSpans: join(positive, layout.positiveSpans, h.positiveSpans),
      negativeSpans: join(negative, layout.negativeSpans, h.negativeSpans),
      customValues: layout.customValues,
    },
  };
}

/** `h` with the buckets of `layout`, which has all of its own; `h` itself where nothing is to be added. */
export function withLayout(h: Histogram, layout: HistogramLayout): Histogram {
  if (h.stale) return h;
  return {
    ...h,
    positiveSpans: layout.positiveSpans,
    negativeSpans: layout.negativeSpans,
    positiveBuckets: spread(h.positiveBuckets, h.positiveSpans, layout.positiveSpans),
    negativeBuckets: spread(h.negativeBuckets, h.negativeSpans, layout.negativeSpans),
  };
}

const UNKNOWN: Fit = { fits: false, header: CounterReset.unknown };
const RESET: Fit = { fits: false, header: CounterReset.reset };
const NOT_RESET: Fit = { fits: false, header: CounterReset.notReset };
const GAUGE: Fit = { fits: false, header: CounterReset.gauge };

interface Joined {
  /** Indices of the buckets of both, ascending. */
  buckets: number[];
  /** Whether each is in the chunk's list, and in the histogram's. */
  inChunk: boolean[];
  inHistogram: boolean[];
  grows: boolean;
  fills: boolean;
}

function joinBuckets(ofChunk: readonly Span[], ofHistogram: readonly Span[]): Joined {
  const a = indicesOf(ofChunk);
  const b = indicesOf(ofHistogram);
  const joined: Joined = { buckets: [], inChunk: [], inHistogram: [], grows: false, fills: false };
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const x = i < a.length ? a[i] : Number.POSITIVE_INFINITY;
    const y = j < b.length ? b[j] : Number.POSITIVE_INFINITY;
    joined.buckets.push(Math.min(x, y));
    joined.inChunk.push(x <= y);
    joined.inHistogram.push(y <= x);
    if (x <= y) i++;
    else joined.grows = true;
    if (y <= x) j++;
    else joined.fills = true;
  }
  return joined;
}

function sameSpans(a: readonly Span[], b: readonly Span[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++)
    if (a[i].offset !== b[i].offset || a[i].length !== b[i].length) return false;
  return true;
}

function fell(before: Float64Array, after: Float64Array): boolean {
  for (let i = 0; i < before.length; i++) if (after[i] < before[i]) return true;
  return false;
}

/** Whether a bucket has fewer observations than before, or none where there were some. */
function lostCounts(joined: Joined, before: Float64Array, after: Float64Array): boolean {
  for (let k = 0, i = 0, j = 0; k < joined.buckets.length; k++) {
    const old = joined.inChunk[k] ? before[i++] : 0;
    const now = joined.inHistogram[k] ? after[j++] : 0;
    if (now < old) return true;
  }
  return false;
}

/** Bucket indices that the spans cover, in their order. */
function indicesOf(spans: readonly Span[]): number[] {
  const out: number[] = [];
  let next = 0;
  for (const span of spans) {
    next += span.offset;
    for (let i = 0; i < span.length; i++) out.push(next++);
  }
  return out;
}

/** The fewest spans that cover ascending bucket indices. */
function spansOf(indices: readonly number[]): Span[] {
  const spans: Span[] = [];
  let next = 0;
  for (const index of indices) {
    const last = spans.at(-1);
    if (last !== undefined && index === next) last.length++;
    else spans.push({ offset: index - next, length: 1 });
    next = index + 1;
  }
  return spans;
}

function spread(buckets: Float64Array, from: readonly Span[], to: readonly Span[]): Float64Array {
  if (from === to) return buckets;
  const have = indicesOf(from);
  const want = indicesOf(to);
  const out = new Float64Array(want.length);
  for (let i = 0, j = 0; i < want.length && j < have.length; i++) {
    if (want[i] === have[j]) out[i] = buckets[j++];
  }
  return out;
}

function sameNumbers(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
