/** Series of an index, some at a time, as columns. */
import { copied, grownLength } from '../../encoding/grown.ts';
import type { SeriesEntry } from '../index/index.ts';
import { CHUNK_COLUMNS } from '../index/series-cache.ts';

/** Series of a batch; so few that going through one takes no more than some milliseconds. */
const ROOM = 4096;

export class SeriesBatch {
  count = 0;
  /** Names and values by turns, of one series after another; how many there are, and where those of each series end. */
  symbols: Uint32Array = new Uint32Array(12 * ROOM);
  symbolCount = 0;
  readonly symbolEnds = new Uint32Array(ROOM);
  /** The same of the refs of chunks. */
  refs: Float64Array = new Float64Array(2 * ROOM);
  refCount = 0;
  readonly refEnds = new Uint32Array(ROOM);
  /** The time of the block that is not between its first sample and its last, ms. */
  readonly uncoveredMs = new Float64Array(ROOM);
  /** Set by whoever has the batch: bytes of each series' chunks in their segments, and samples. */
  readonly bytes = new Float64Array(ROOM);
  readonly samples = new Float64Array(ROOM);
  private readonly lengthMs: number;

  /** Of a block that is so long. */
  constructor(lengthMs: number) {
    this.lengthMs = lengthMs;
  }

  get isFull(): boolean {
    return this.count === ROOM;
  }

  /** Has room for so many symbols and refs more. */
  reserve(symbols: number, refs: number): void {
    const symbolsNeeded = this.symbolCount + symbols;
    if (symbolsNeeded > this.symbols.length) {
      this.symbols = copied(this.symbols, new Uint32Array(grownLength(this.symbols.length, symbolsNeeded)));
    }
    const refsNeeded = this.refCount + refs;
    if (refsNeeded > this.refs.length) {
      this.refs = copied(this.refs, new Float64Array(grownLength(this.refs.length, refsNeeded)));
    }
  }

  /** Adds one series. */
  add({ symbols, labelCount, chunks, chunkCount }: SeriesEntry): void {
    this.reserve(2 * labelCount, chunkCount);
    this.symbols.set(symbols.subarray(0, 2 * labelCount), this.symbolCount);
    for (let c = 0; c < chunkCount; c++) this.refs[this.refCount + c] = chunks[c * CHUNK_COLUMNS + 2];
    const covered = chunkCount === 0 ? 0 : chunks[(chunkCount - 1) * CHUNK_COLUMNS + 1] - chunks[0];
    this.enter(this.symbolCount + 2 * labelCount, this.refCount + chunkCount, covered);
  }

  /** Ends a series, whose symbols and refs are in their place, up to these. `coveredMs`: from first to last sample. */
  enter(symbolCount: number, refCount: number, coveredMs: number): void {
    this.symbolEnds[this.count] = this.symbolCount = symbolCount;
    this.refEnds[this.count] = this.refCount = refCount;
    this.uncoveredMs[this.count] = this.lengthMs - coveredMs;
    this.count++;
  }

  /** Removes the first series. */
  remove(count: number): void {
    if (count === 0) return;
    const symbols = this.symbolEnds[count - 1];
    const refs = this.refEnds[count - 1];
    this.symbols.copyWithin(0, symbols, this.symbolCount);
    this.refs.copyWithin(0, refs, this.refCount);
    this.uncoveredMs.copyWithin(0, count, this.count);
    for (let s = count; s < this.count; s++) {
      this.symbolEnds[s - count] = this.symbolEnds[s] - symbols;
      this.refEnds[s - count] = this.refEnds[s] - refs;
    }
    this.symbolCount -= symbols;
    this.refCount -= refs;
    this.count -= count;
  }
}
