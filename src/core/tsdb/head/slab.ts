/**
 * Memory for millions of small pieces of a few sizes, without an object each. Pages of 64 KiB are cut into cells of
 * one size; a page whose cells are all free can serve another size, so growing together (as the chunks of series that
 * are scraped together do) does not leave the smaller sizes' memory behind.
 *
 * A cell is named by a number: its place in units of 16 bytes. 0 is no cell.
 */

import { copied } from '../../encoding/grown.ts';

const UNIT_SHIFT = 4;
const PAGE_UNITS_SHIFT = 12;
const PAGE_BYTES = 1 << (PAGE_UNITS_SHIFT + UNIT_SHIFT);
const ARENA_UNITS_SHIFT = 16;
const ARENA_BYTES = 1 << (ARENA_UNITS_SHIFT + UNIT_SHIFT);
const PAGES_PER_ARENA = ARENA_BYTES / PAGE_BYTES;
const UNIT_MASK = (1 << ARENA_UNITS_SHIFT) - 1;
const PAGE_UNIT_MASK = (1 << PAGE_UNITS_SHIFT) - 1;
const NO_CELL = 0xffff;
const NO_PAGE = -1;
const NO_CLASS = 0xff;

export class Slab {
  /** Bytes of cells that are given out. */
  usedBytes = 0;
  private readonly sizes: readonly number[];
  private readonly arenas: Uint8Array[] = [];
  private readonly words: Uint32Array[] = [];
  private pages = 0;
  /** By page: its class, its first free cell (in units from the page's start), the cells never used, and those in use. */
  private pageClass = new Uint8Array(256);
  private firstFree = new Uint16Array(256);
  private nextFresh = new Uint16Array(256);
  private inUse = new Uint16Array(256);
  /** Pages of a class that have room are a list, both ways. */
  private nextPage = new Int32Array(256);
  private previousPage = new Int32Array(256);
  private readonly firstPage: Int32Array;
  private readonly emptyPages: number[] = [];

  /** `sizes` are the bytes of each class of cells, ascending multiples of 16 and at most a page. */
  constructor(sizes: readonly number[]) {
    this.sizes = sizes;
    this.firstPage = new Int32Array(sizes.length).fill(NO_PAGE);
  }

  /** Bytes of memory, in use or not. */
  get reservedBytes(): number {
    return this.arenas.length * ARENA_BYTES;
  }

  /** The memory that a cell lies in, and where in it. */
  bytes(cell: number): Uint8Array {
    return this.arenas[cell >>> ARENA_UNITS_SHIFT];
  }

  offset(cell: number): number {
    return (cell & UNIT_MASK) << UNIT_SHIFT;
  }

  /** The same as 32-bit words. */
  wordsOf(cell: number): Uint32Array {
    return this.words[cell >>> ARENA_UNITS_SHIFT];
  }

  wordOffset(cell: number): number {
    return (cell & UNIT_MASK) << (UNIT_SHIFT - 2);
  }

  /** Bytes of a cell. */
  size(cell: number): number {
    return this.sizes[this.pageClass[cell >>> PAGE_UNITS_SHIFT]];
  }

  /** A cell of at least `bytes`, with whatever is in it. */
  take(bytes: number): number {
    let cls = 0;
    while (this.sizes[cls] < bytes) cls++;
    if (cls >= this.sizes.length) throw new RangeError(`no cells of ${bytes} bytes`);
    let page = this.firstPage[cls];
    if (page === NO_PAGE) page = this.openPage(cls);
    const size = this.sizes[cls];
    let unit = this.firstFree[page];
    if (unit !== NO_CELL) {
      const cell = page * (PAGE_UNIT_MASK + 1) + unit;
      this.firstFree[page] = this.words[cell >>> ARENA_UNITS_SHIFT][this.wordOffset(cell)];
    } else {
      unit = this.nextFresh[page];
      this.nextFresh[page] = unit + (size >>> UNIT_SHIFT);
    }
    this.inUse[page]++;
    if (this.firstFree[page] === NO_CELL && !this.hasFresh(page, size)) this.unlink(page, cls);
    this.usedBytes += size;
    return page * (PAGE_UNIT_MASK + 1) + unit;
  }

  free(cell: number): void {
    const page = cell >>> PAGE_UNITS_SHIFT;
    const cls = this.pageClass[page];
    const size = this.sizes[cls];
    const wasFull = this.firstFree[page] === NO_CELL && !this.hasFresh(page, size);
    this.words[cell >>> ARENA_UNITS_SHIFT][this.wordOffset(cell)] = this.firstFree[page];
    this.firstFree[page] = cell & PAGE_UNIT_MASK;
    this.usedBytes -= size;
    if (wasFull) this.link(page, cls);
    if (--this.inUse[page] > 0) return;
    this.unlink(page, cls);
    this.pageClass[page] = NO_CLASS;
    this.emptyPages.push(page);
  }

  private hasFresh(page: number, size: number): boolean {
    return (this.nextFresh[page] << UNIT_SHIFT) + size <= PAGE_BYTES;
  }

  private openPage(cls: number): number {
    const page = this.emptyPages.pop() ?? this.newPage();
    this.pageClass[page] = cls;
    this.firstFree[page] = NO_CELL;
    // The very first unit is no cell, because 0 is none.
    this.nextFresh[page] = page === 0 ? this.sizes[cls] >>> UNIT_SHIFT : 0;
    this.inUse[page] = 0;
    this.link(page, cls);
    return page;
  }

  private newPage(): number {
    const page = this.pages++;
    if (page % PAGES_PER_ARENA === 0) {
      const arena = new Uint8Array(ARENA_BYTES);
      this.arenas.push(arena);
      this.words.push(new Uint32Array(arena.buffer));
    }
    if (page === this.pageClass.length) {
      const size = page * 2;
      this.pageClass = copied(this.pageClass, new Uint8Array(size));
      this.firstFree = copied(this.firstFree, new Uint16Array(size));
      this.nextFresh = copied(this.nextFresh, new Uint16Array(size));
      this.inUse = copied(this.inUse, new Uint16Array(size));
      this.nextPage = copied(this.nextPage, new Int32Array(size));
      this.previousPage = copied(this.previousPage, new Int32Array(size));
    }
    return page;
  }

  private link(page: number, cls: number): void {
    const next = this.firstPage[cls];
    this.nextPage[page] = next;
    this.previousPage[page] = NO_PAGE;
    if (next !== NO_PAGE) this.previousPage[next] = page;
    this.firstPage[cls] = page;
  }

  private unlink(page: number, cls: number): void {
    const next = this.nextPage[page];
    const previous = this.previousPage[page];
    if (next !== NO_PAGE) this.previousPage[next] = previous;
    if (previous !== NO_PAGE) this.nextPage[previous] = next;
    else this.firstPage[cls] = next;
  }
}
