/**
 * What an index says of single series, as it was read: queries ask for the same series again and again, for their
 * labels, for whether they have chunks in a range of time, and for those. Several indexes share one budget.
 *
 * Each shelf has two halves. What is asked for moves to the young half; when the young halves of all shelves have
 * reached half the budget, the old ones are dropped and the young ones become old. So nothing is kept in order of use.
 */
import type { Labels } from '../../model/index.ts';
import type { XorMark } from '../chunk/index.ts';
import type { ChunkMetas } from './chunk-metas.ts';

const DEFAULT_BUDGET_BYTES = 8 * 1024 * 1024;
/** About what an entry takes beside its chunks: the objects, with labels and a mark, and its place in the map. */
const ENTRY_BYTES = 512;
const SLAB_LENGTH = 8 * 1024;

/** Columns of a chunk in `CachedSeries.slab`: times of its first and last sample (ms), and its ref (ChunkMetas.ref). */
export const CHUNK_COLUMNS = 3;

export class CachedSeries {
  /** Made when they are first asked for. */
  labels: Labels | null = null;
  /** Where the chunk that was last read from the middle on can be read from again. */
  mark: XorMark | null = null;
  /** The chunks, CHUNK_COLUMNS numbers each, in [from, to) of an array that entries share. */
  slab: Float64Array;
  from: number;
  to: number;

  constructor(slab: Float64Array, from: number, to: number) {
    this.slab = slab;
    this.from = from;
    this.to = to;
  }

  /** Appends to `out` the chunks that have samples in [mint, maxt] (ms). */
  chunks(mint: number, maxt: number, out: ChunkMetas): void {
    const { slab, to } = this;
    for (let i = this.firstFrom(mint); i < to && slab[i] <= maxt; i += CHUNK_COLUMNS) {
      out.push(slab[i], slab[i + 1], slab[i + 2]);
    }
  }

  /** Whether any chunk has samples in [mint, maxt] (ms). */
  hasChunkIn(mint: number, maxt: number): boolean {
    const first = this.firstFrom(mint);
    return first < this.to && this.slab[first] <= maxt;
  }

  /** Where the first chunk starts in `slab` that does not end before `mint`; `to` if there is none. */
  private firstFrom(mint: number): number {
    const { slab, from, to } = this;
    let low = 0;
    let high = (to - from) / CHUNK_COLUMNS;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (slab[from + middle * CHUNK_COLUMNS + 1] < mint) low = middle + 1;
      else high = middle;
    }
    return from + low * CHUNK_COLUMNS;
  }
}

export class SeriesCache {
  private readonly budgetBytes: number;
  private readonly shelves: SeriesShelf[] = [];
  private youngBytes = 0;

  constructor(budgetBytes = DEFAULT_BUDGET_BYTES) {
    this.budgetBytes = budgetBytes;
  }

  /** A shelf for one more index, to be given back by `remove`. */
  shelf(): SeriesShelf {
    const shelf = new SeriesShelf(this);
    this.shelves.push(shelf);
    return shelf;
  }

  remove(shelf: SeriesShelf): void {
    const at = this.shelves.indexOf(shelf);
    if (at >= 0) this.shelves.splice(at, 1);
  }

  /** Accounts for an entry that a shelf is about to take. */
  grow(bytes: number): void {
    this.youngBytes += bytes;
    if (this.youngBytes <= this.budgetBytes / 2) return;
    for (const shelf of this.shelves) shelf.age();
    this.youngBytes = bytes;
  }
}

export class SeriesShelf {
  private readonly cache: SeriesCache;
  private young = new Map<number, CachedSeries>();
  private old = new Map<number, CachedSeries>();
  private slab: Float64Array = new Float64Array(0);
  private used = 0;

  constructor(cache: SeriesCache) {
    this.cache = cache;
  }

  get(ref: number): CachedSeries | undefined {
    const entry = this.young.get(ref);
    if (entry !== undefined || this.old.size === 0) return entry;
    const old = this.old.get(ref);
    if (old === undefined) return undefined;
    // Its numbers move too, since an entry would keep the whole old array.
    const { slab, from, to } = old;
    old.from = this.reserve(to - from);
    old.to = this.used;
    old.slab = this.slab;
    old.slab.set(slab.subarray(from, to), old.from);
    this.keep(ref, old);
    return old;
  }

  /** Takes a series of `count` chunks, which `fill` writes from `from` of the array on, and may throw. */
  add(ref: number, count: number, fill: (slab: Float64Array, from: number) => void): CachedSeries {
    const from = this.reserve(count * CHUNK_COLUMNS);
    fill(this.slab, from);
    const entry = new CachedSeries(this.slab, from, this.used);
    this.keep(ref, entry);
    return entry;
  }

  age(): void {
    this.old = this.young;
    this.young = new Map();
    // What is dropped shall take its numbers with it.
    this.slab = new Float64Array(0);
    this.used = 0;
  }

  /** Where in `slab` there is room for so many numbers. */
  private reserve(length: number): number {
    if (this.used + length > this.slab.length) {
      this.slab = new Float64Array(Math.max(length, SLAB_LENGTH));
      this.used = 0;
    }
    const from = this.used;
    this.used += length;
    return from;
  }

  private keep(ref: number, entry: CachedSeries): void {
    this.cache.grow(ENTRY_BYTES + (entry.to - entry.from) * 8);
    this.young.set(ref, entry);
  }
}
