/**
 * Sets of series as ascending, duplicate-free Uint32Array lists of refs ("postings"), and their algebra. Results may
 * be one of the arguments: postings are never changed.
 */

export const NO_POSTINGS: Uint32Array = new Uint32Array(0);

/** From this ratio of sizes on, jumping through the longer list beats walking it. */
const GALLOP_RATIO = 16;

/** Refs in both. */
export function intersect(a: Uint32Array, b: Uint32Array): Uint32Array {
  if (a.length > b.length) return intersect(b, a);
  if (a.length === 0) return NO_POSTINGS;
  const out = new Uint32Array(a.length);
  let n = 0;
  if (b.length / a.length >= GALLOP_RATIO) {
    let j = 0;
    for (let i = 0; i < a.length && j < b.length; i++) {
      j = gallop(b, j, a[i]);
      if (j < b.length && b[j] === a[i]) out[n++] = a[i];
    }
  } else {
    for (let i = 0, j = 0; i < a.length && j < b.length; ) {
      const x = a[i];
      const y = b[j];
      if (x === y) {
        out[n++] = x;
        i++;
        j++;
      } else if (x < y) i++;
      else j++;
    }
  }
  return n === a.length ? a : out.slice(0, n);
}

/** Refs in `a` that are not in `b`. */
export function subtract(a: Uint32Array, b: Uint32Array): Uint32Array {
  if (a.length === 0 || b.length === 0) return a;
  const out = new Uint32Array(a.length);
  let n = 0;
  if (a.length / b.length >= GALLOP_RATIO) {
    let i = 0;
    for (let j = 0; j < b.length; j++) {
      const end = gallop(a, i, b[j]);
      out.set(a.subarray(i, end), n);
      n += end - i;
      i = end < a.length && a[end] === b[j] ? end + 1 : end;
    }
    out.set(a.subarray(i), n);
    n += a.length - i;
  } else {
    let j = 0;
    for (let i = 0; i < a.length; i++) {
      j = gallop(b, j, a[i]);
      if (j >= b.length || b[j] !== a[i]) out[n++] = a[i];
    }
  }
  return n === a.length ? a : out.slice(0, n);
}

/** Refs in any of the lists. */
export function union(lists: readonly Uint32Array[]): Uint32Array {
  let size = 0;
  let filled = 0;
  let last = NO_POSTINGS;
  for (const list of lists) {
    if (list.length === 0) continue;
    size += list.length;
    filled++;
    last = list;
  }
  if (filled <= 1) return last;
  const out = new Uint32Array(size);
  let n = 0;
  let ascending = true;
  for (const list of lists) {
    if (list.length === 0) continue;
    if (n > 0 && out[n - 1] >= list[0]) ascending = false;
    out.set(list, n);
    n += list.length;
  }
  if (ascending) return out;
  out.sort();
  let kept = 1;
  for (let i = 1; i < size; i++) if (out[i] !== out[kept - 1]) out[kept++] = out[i];
  return kept === size ? out : out.slice(0, kept);
}

/** Refs in all of the lists, of which there is at least one. */
export function intersectAll(lists: readonly Uint32Array[]): Uint32Array {
  const bySize = [...lists].sort((a, b) => a.length - b.length);
  let out = bySize[0];
  for (let i = 1; i < bySize.length && out.length > 0; i++) out = intersect(out, bySize[i]);
  return out;
}

/** Whether the lists have a ref in common. */
export function overlap(a: Uint32Array, b: Uint32Array): boolean {
  if (a.length > b.length) return overlap(b, a);
  let j = 0;
  for (let i = 0; i < a.length; i++) {
    j = gallop(b, j, a[i]);
    if (j >= b.length) return false;
    if (b[j] === a[i]) return true;
  }
  return false;
}

/** The first index from `from` on whose ref is at least `ref`; `list.length` if there is none. */
function gallop(list: Uint32Array, from: number, ref: number): number {
  const n = list.length;
  if (from >= n || list[from] >= ref) return from;
  let low = from;
  let step = 1;
  while (low + step < n && list[low + step] < ref) {
    low += step;
    step *= 2;
  }
  // list[low] < ref, and list[high] >= ref where it exists.
  let high = Math.min(low + step, n);
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (list[middle] < ref) low = middle;
    else high = middle;
  }
  return high;
}
