/**
 * The order of series by their labels, found in steps: a head's largest selections take longer to sort than others may be
 * kept waiting. Pairs are ranked first, so that comparing two series is comparing numbers.
 */
import { copied, grownLength } from '../../encoding/grown.ts';
import type { LabelSets } from './label-sets.ts';

/** Fewer series than this are compared as they are. */
const LEAST_RANKED = 64;
/** Sorted at a stretch, and merged between two chances for others to work. */
const RUN = 2048;

/** Indexes into `places`, of which each is a set's, in the order of the sets' labels. */
export function* orderByLabels(sets: LabelSets, places: Uint32Array): Generator<void, Uint32Array> {
  const order = new Uint32Array(places.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  if (order.length < LEAST_RANKED) return order.sort((a, b) => sets.compare(places[a], places[b]));
  const ranks = yield* ranksOf(sets, places);
  return yield* sorted(order, (a, b) => {
    if (places[a] === places[b]) return 0;
    const left = sets.piece(places[a]);
    const right = sets.piece(places[b]);
    let i = sets.offset(places[a]);
    let j = sets.offset(places[b]);
    const m = left[i++];
    const n = right[j++];
    for (let rest = Math.min(m, n); rest > 0; rest--) {
      const x = left[i++];
      const y = right[j++];
      if (x !== y) return ranks[x] - ranks[y];
    }
    return m - n;
  });
}

/** For each pair that one of the sets has, its place among them by name and value. */
function* ranksOf(sets: LabelSets, places: Uint32Array): Generator<void, Uint32Array> {
  const { symbols } = sets;
  // Taken once: what is added meanwhile is of other sets.
  const { names, values } = sets;
  const ranks = new Uint32Array(names.length);
  let pairs = new Uint32Array(RUN);
  let count = 0;
  for (let n = 0; n < places.length; n++) {
    const piece = sets.piece(places[n]);
    const at = sets.offset(places[n]);
    for (let i = at + 1; i <= at + piece[at]; i++) {
      if (ranks[piece[i]] !== 0) continue;
      ranks[piece[i]] = 1;
      if (count === pairs.length) pairs = copied(pairs, new Uint32Array(grownLength(count, count + 1)));
      pairs[count++] = piece[i];
    }
    if (n % RUN === RUN - 1) yield;
  }
  const inOrder = yield* sorted(pairs.subarray(0, count), (x, y) =>
    names[x] === names[y] ? symbols.compare(values[x], values[y]) : symbols.compare(names[x], names[y]),
  );
  for (let i = 0; i < count; i++) ranks[inOrder[i]] = i;
  return ranks;
}

/** Merge sort; the values are moved about. */
function* sorted(
  values: Uint32Array,
  compare: (a: number, b: number) => number,
): Generator<void, Uint32Array> {
  const { length } = values;
  for (let at = 0; at < length; at += RUN) {
    values.subarray(at, at + RUN).sort(compare);
    yield;
  }
  let from: Uint32Array = values;
  let to: Uint32Array = new Uint32Array(length > RUN ? length : 0);
  for (let run = RUN; run < length; run *= 2) {
    for (let start = 0; start < length; start += run * 2) {
      const middle = Math.min(start + run, length);
      const end = Math.min(start + run * 2, length);
      let [i, j] = [start, middle];
      for (let at = start; at < end; at++) {
        const isLeft = i < middle && (j >= end || compare(from[i], from[j]) <= 0);
        to[at] = isLeft ? from[i++] : from[j++];
        if (at % RUN === RUN - 1) yield;
      }
    }
    [from, to] = [to, from];
  }
  return from;
}
