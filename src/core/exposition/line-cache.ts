/**
 * The lines that a text parser has seen, by their bytes: of a sample everything up to its value, of metadata the whole
 * line. A line that comes again costs a comparison: the cache foresees which one it is, by keeping for each sample
 * the sample that followed it last time, and for each metadata line the metadata line, and the parser looks into the
 * hash table only where that fails. (Two chains, because in a stream of several targets the same metadata is followed
 * by other samples every time.)
 */

import { copied } from '../encoding/grown.ts';
import { ByteTable } from './byte-table.ts';

/** Number of no line, where both chains start: its length is greater than any input's. */
export const NO_LINE = 0;
/** As NO_LINE, for the chain of metadata. */
export const NO_METADATA = 1;
const FIRST_LINE = 2;

const INITIAL_LINES = 16;

/** Lines beyond twice those of one pass, that are kept before the old ones are dropped. */
const SLACK = 1024;

export class LineCache {
  /** From FIRST_LINE on. Replaced when lines are dropped, as are the columns below, which also grow. */
  keys: ByteTable = new ByteTable();
  /** Series number of a sample, or -1 - (index of the metadata). */
  targets: Int32Array = new Int32Array(INITIAL_LINES);
  /** The kind of bounds (see line-parser.ts) under which a sample's labels were read; 0 where that is all the same. */
  contexts: Uint8Array = new Uint8Array(INITIAL_LINES);
  /** The line of the same chain that followed last time, or NO_LINE. */
  next: Uint32Array = new Uint32Array(INITIAL_LINES);
  /** The pass that saw a line last. */
  seen: Uint32Array = new Uint32Array(INITIAL_LINES);
  pass = 1;

  constructor() {
    this.reserve();
  }

  get size(): number {
    return this.keys.size - FIRST_LINE;
  }

  /** Calls `visit` for every line. */
  forEach(visit: (line: number) => void): void {
    for (let line = FIRST_LINE; line < this.keys.size; line++) visit(line);
  }

  /** The number of the line with these bytes, or NO_LINE. */
  find(view: DataView, start: number, end: number): number {
    const found = this.keys.find(view, start, end);
    return found < 0 ? NO_LINE : found;
  }

  /**
   * Enters a line and returns its number; or, where `known` is a line, gives that one a new meaning. Follows a `find`
   * of the same bytes, which gave `known`.
   */
  bind(known: number, view: DataView, start: number, end: number, target: number, context: number): number {
    const line = known === NO_LINE ? this.keys.add(view, start, end) : known;
    if (line >= this.targets.length) this.grow();
    this.targets[line] = target;
    this.contexts[line] = context;
    this.seen[line] = this.pass;
    return line;
  }

  /**
   * Ends a pass that saw `lines` lines; drops those that it did not see where they are the greater part. Returns
   * whether it did.
   */
  endPass(lines: number): boolean {
    const pass = this.pass++;
    if (this.size <= 2 * lines + SLACK) return false;
    this.drop((line) => this.seen[line] === pass);
    return true;
  }

  /** Drops the lines for which `keep` is false. */
  drop(keep: (line: number) => boolean): void {
    const { keys, targets, contexts, next, seen } = this;
    const kept = new LineCache();
    const moved = new Uint32Array(keys.size);
    moved[NO_METADATA] = NO_METADATA;
    for (let line = FIRST_LINE; line < keys.size; line++) {
      if (!keep(line)) continue;
      const to = kept.keys.addFrom(keys, line);
      if (to >= kept.targets.length) kept.grow();
      kept.targets[to] = targets[line];
      kept.contexts[to] = contexts[line];
      kept.seen[to] = seen[line];
      moved[line] = to;
    }
    for (let line = 0; line < keys.size; line++) {
      if (line === NO_LINE || moved[line] !== NO_LINE) kept.next[moved[line]] = moved[next[line]];
    }
    this.keys = kept.keys;
    this.targets = kept.targets;
    this.contexts = kept.contexts;
    this.next = kept.next;
    this.seen = kept.seen;
  }

  private reserve(): void {
    const nothing = new DataView(new ArrayBuffer(0));
    for (let line = NO_LINE; line < FIRST_LINE; line++) {
      this.keys.lengths[this.keys.add(nothing, 0, 0)] = 0xffffffff;
    }
  }

  private grow(): void {
    const size = this.targets.length * 2;
    this.targets = copied(this.targets, new Int32Array(size));
    this.contexts = copied(this.contexts, new Uint8Array(size));
    this.next = copied(this.next, new Uint32Array(size));
    this.seen = copied(this.seen, new Uint32Array(size));
  }
}
