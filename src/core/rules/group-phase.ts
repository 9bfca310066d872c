/**
 * When Prometheus evaluates a group: at every multiple of its interval plus an offset that spreads groups evenly, the
 * xxHash64 of the labels `{file="…", name="…"}` modulo the interval, in nanoseconds.
 */
import { labelsFromPairs } from '../model/labels.ts';
import { labelsHash64 } from '../model/labels-hash.ts';

/** In ms, less than `intervalMs`. `file` must be the path as the server has it. */
export function groupPhaseMs(file: string, name: string, intervalMs: number): number {
  const hash = labelsHash64(
    labelsFromPairs([
      ['file', file],
      ['name', name],
    ]),
  );
  return Number((hash % BigInt(intervalMs * 1_000_000)) / 1_000_000n);
}
