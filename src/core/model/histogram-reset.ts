/** Whether a counter histogram started again between two samples. */
import { CounterReset, type Histogram } from './histogram.ts';
import { isCustomSchema } from './histogram-bounds.ts';
import { bucketIndexes } from './histogram-layout.ts';
import { commonLayout, inLayout, widerThreshold } from './histogram-reconcile.ts';
import type { Side } from './histogram-resolution.ts';

/**
 * Whether `h` cannot be a continuation of `previous`: a count, in total or of any bucket, is less than it was, or
 * the resolution got finer, which happens at resets only. The sum does not count. The hint of `h` decides where it
 * has one; a gauge is looked at like a counter.
 */
export function detectReset(h: Histogram, previous: Histogram): boolean {
  if (h.counterReset === CounterReset.reset) return true;
  if (h.counterReset === CounterReset.notReset) return false;
  if (h.count < previous.count) return true;
  if (isCustomSchema(h.schema) !== isCustomSchema(previous.schema)) return true;
  if (!isCustomSchema(h.schema)) {
    if (h.schema > previous.schema || h.zeroThreshold < previous.zeroThreshold) return true;
    // A zero bucket that now ends inside a bucket that was populated cannot be the same histogram's.
    if (
      h.zeroThreshold !== previous.zeroThreshold &&
      widerThreshold(previous, h.zeroThreshold) !== h.zeroThreshold
    ) {
      return true;
    }
  }
  const layout = commonLayout(h, previous);
  layout.zeroThreshold = h.zeroThreshold;
  const now = inLayout(h, layout);
  const before = inLayout(previous, layout);
  return (
    now.zeroCount < before.zeroCount ||
    anyDecrease(now.positive, before.positive) ||
    anyDecrease(now.negative, before.negative)
  );
}

function anyDecrease(now: Side, before: Side): boolean {
  if (now.spans === before.spans) {
    for (let i = 0; i < now.buckets.length; i++) if (now.buckets[i] < before.buckets[i]) return true;
    return false;
  }
  const indexes = bucketIndexes(now.spans);
  const beforeIndexes = bucketIndexes(before.spans);
  let i = 0;
  for (let j = 0; j < beforeIndexes.length; j++) {
    while (i < indexes.length && indexes[i] < beforeIndexes[j]) i++;
    const count = i < indexes.length && indexes[i] === beforeIndexes[j] ? now.buckets[i] : 0;
    if (count < before.buckets[j]) return true;
  }
  return false;
}
