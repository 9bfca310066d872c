/**
 * When a chunk is full, as Prometheus' head decides it. A chunk never crosses a multiple of the chunk range (2 h by
 * default), so that blocks cut there need no chunk taken apart; within it, chunks are to be of equal length. A
 * quarter into a chunk its rate of samples is known, and its end is set so that the rest of the range divides
 * evenly. All times in milliseconds.
 */

/** What float chunks aim at; twice as many are never exceeded. */
export const SAMPLES_PER_CHUNK = 120;
/** Head chunks stay below 1 KiB: a chunk of more bytes takes no further sample, which may need 19. */
const MAX_FLOAT_CHUNK_BYTES = 1024 - 19;
/** What histogram chunks aim at; they are cut by size, since one histogram may be as large as 100 floats. */
const HISTOGRAM_CHUNK_BYTES = 1024;
/** Less than this many histograms do not make a chunk, however large they are. */
const MIN_HISTOGRAMS_PER_CHUNK = 10;

/** The first multiple of `chunkRange` after `t`: where a chunk that starts at `t` ends at the latest. */
export function chunkRangeEnd(t: number, chunkRange: number): number {
  return Math.trunc(t / chunkRange) * chunkRange + chunkRange;
}

/**
 * The planned end of a float chunk that has `count` samples from `mint` to `maxt`, where `end` was the plan so far
 * (at first `chunkRangeEnd(mint)`). To be asked before each append; the answer is the plan from then on.
 */
export function floatChunkEnd(count: number, mint: number, maxt: number, end: number): number {
  return count === SAMPLES_PER_CHUNK / 4 ? predictedEnd(mint, maxt, end, 4) : end;
}

/** Whether a sample at `t` goes to a new chunk, given the samples, bytes and planned end of the present one. */
export function floatChunkIsFull(count: number, bytes: number, end: number, t: number): boolean {
  return t >= end || count >= SAMPLES_PER_CHUNK * 2 || bytes > MAX_FLOAT_CHUNK_BYTES;
}

/** The plan of a histogram chunk: where it shall end, and whether that was predicted from its rate yet. */
export interface HistogramChunkPlan {
  end: number;
  predicted: boolean;
}

/** As `floatChunkEnd`, by bytes. */
export function planHistogramChunk(
  bytes: number,
  mint: number,
  maxt: number,
  plan: HistogramChunkPlan,
): void {
  if (plan.predicted || bytes < HISTOGRAM_CHUNK_BYTES / 4) return;
  plan.end = predictedEnd(mint, maxt, plan.end, HISTOGRAM_CHUNK_BYTES / bytes);
  plan.predicted = true;
}

/** As `floatChunkIsFull`. `latest` is where the chunk must end whatever its size. */
export function histogramChunkIsFull(
  count: number,
  bytes: number,
  end: number,
  latest: number,
  t: number,
): boolean {
  if (t < end && bytes < HISTOGRAM_CHUNK_BYTES * 2) return false;
  return count >= MIN_HISTOGRAMS_PER_CHUNK || t >= latest;
}

/** Divides [start, latest) into as many equal parts as full chunks fit, one of which now is 1/ratioToFull full. */
function predictedEnd(start: number, current: number, latest: number, ratioToFull: number): number {
  const chunks = (latest - start) / ((current - start + 1) * ratioToFull);
  if (chunks <= 1) return latest;
  return Math.trunc(start + (latest - start) / Math.floor(chunks));
}
