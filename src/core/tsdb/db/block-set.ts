/**
 * The blocks of a data directory that is written to: which there are, and who reads them. A block that is no longer
 * wanted is not given to anybody any more, and removed when its last reader is done.
 */
import { readdirSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type BlockMeta, BlockReader, isOutOfOrder, isUlid } from '../block/index.ts';
import { REMOVED_SUFFIX } from '../compaction/index.ts';
import { PageCache, SeriesCache } from '../index/index.ts';

interface OpenBlock {
  reader: BlockReader;
  users: number;
  /** To be removed. */
  unwanted: boolean;
}

export class BlockSet {
  private readonly dir: string;
  private readonly onNotice: (notice: string) => void;
  private readonly pages = new PageCache();
  private readonly series = new SeriesCache();
  private readonly open = new Map<string, OpenBlock>();
  /** Blocks that were opened anew while somebody read them. */
  private readonly superseded = new Set<OpenBlock>();
  /** Removals in progress. */
  private readonly removals = new Set<Promise<void>>();
  /** Blocks that cannot be read, and of which that was said. */
  private readonly broken = new Set<string>();

  /** How often it was looked, and how often a block could not be opened then. */
  reloads = 0;
  failures = 0;

  /** Empty until `reload`. */
  constructor(dir: string, onNotice: (notice: string) => void) {
    this.dir = dir;
    this.onNotice = onNotice;
  }

  /** What is known of the blocks, by time. */
  get metas(): BlockMeta[] {
    return this.wanted().map(({ reader }) => reader.meta);
  }

  /** Blocks that are there and cannot be read. */
  get brokenCount(): number {
    return this.broken.size;
  }

  /** Where the newest block ends that is of samples that came in order; -Infinity without one. */
  get inOrderEnd(): number {
    return this.metas
      .filter((meta) => !isOutOfOrder(meta))
      .reduce((end, { maxTime }) => Math.max(end, maxTime), Number.NEGATIVE_INFINITY);
  }

  /** Where the newest block of all ends; -Infinity without one. */
  get end(): number {
    let end = Number.NEGATIVE_INFINITY;
    for (const { reader, unwanted } of this.open.values())
      if (!unwanted) end = Math.max(end, reader.meta.maxTime);
    return end;
  }

  /**
   * Looks what there is now: new blocks are opened, those that newer ones replace are removed. A block that cannot be
   * opened is left alone, with a notice, and the others go on.
   */
  reload(): void {
    this.reloads++;
    const names = readdirSync(this.dir).filter(isUlid);
    for (const name of names) {
      if (this.open.has(name)) continue;
      try {
        const reader = new BlockReader(join(this.dir, name), this.pages, this.series);
        this.open.set(name, { reader, users: 0, unwanted: false });
        this.broken.delete(name);
      } catch (error) {
        if (!isFault(error)) throw error;
        this.failures++;
        if (this.broken.has(name)) continue;
        this.broken.add(name);
        this.onNotice(`block ${name} is left out: ${(error as Error).message}`);
      }
    }
    const present = new Set(names);
    for (const name of this.broken) if (!present.has(name)) this.broken.delete(name);
    for (const [name, block] of this.open) {
      if (present.has(name) || block.unwanted) continue;
      // Somebody else removed it.
      this.open.delete(name);
      if (block.users === 0) block.reader.close();
      else block.unwanted = true;
    }
    const replaced = new Set<string>();
    for (const { reader } of this.open.values()) {
      for (const { ulid } of reader.meta.compaction.parents ?? []) replaced.add(ulid);
      if (reader.meta.compaction.deletable === true) replaced.add(reader.meta.ulid);
    }
    this.remove(this.metas.map(({ ulid }) => ulid).filter((ulid) => replaced.has(ulid)));
  }

  /** Removes blocks, as soon as nobody reads them. */
  remove(ulids: readonly string[]): void {
    for (const ulid of ulids) {
      const block = this.open.get(ulid);
      if (block === undefined || block.unwanted) continue;
      block.unwanted = true;
      if (block.users === 0) this.discard(ulid, block);
    }
  }

  /** Opens a block anew, since its tombstones or its meta.json have changed. */
  reopen(ulid: string): void {
    const block = this.open.get(ulid);
    if (block === undefined) return;
    const reader = new BlockReader(block.reader.dir, this.pages, this.series);
    // Who reads the old one goes on with it, and closes it.
    if (block.users === 0) block.reader.close();
    else this.superseded.add(block);
    this.open.set(ulid, { reader, users: 0, unwanted: false });
  }

  /** The blocks with samples in [mint, maxt] (ms), by time. Each is given back by `release`. */
  acquire(mint: number, maxt: number): BlockReader[] {
    const found = this.wanted().filter(
      ({ reader }) => reader.meta.minTime <= maxt && reader.meta.maxTime > mint,
    );
    for (const block of found) block.users++;
    return found.map(({ reader }) => reader);
  }

  release(readers: readonly BlockReader[]): void {
    for (const reader of readers) {
      const block = this.holderOf(reader);
      if (--block.users > 0) continue;
      if (this.superseded.delete(block)) block.reader.close();
      else if (block.unwanted) this.discard(reader.name, block);
    }
  }

  async close(): Promise<void> {
    for (const { reader } of [...this.open.values(), ...this.superseded]) reader.close();
    this.open.clear();
    this.superseded.clear();
    await Promise.all(this.removals);
  }

  private holderOf(reader: BlockReader): OpenBlock {
    const block = this.open.get(reader.name);
    if (block?.reader === reader) return block;
    for (const old of this.superseded) if (old.reader === reader) return old;
    throw new Error(`block ${reader.name} is given back by somebody who does not have it`);
  }

  private wanted(): OpenBlock[] {
    return [...this.open.values()]
      .filter(({ unwanted }) => !unwanted)
      .sort(
        (a, b) =>
          a.reader.meta.minTime - b.reader.meta.minTime || a.reader.meta.maxTime - b.reader.meta.maxTime,
      );
  }

  private discard(ulid: string, { reader }: OpenBlock): void {
    this.open.delete(ulid);
    reader.close();
    // Gone at once for everybody else; the files of a large block take their time.
    const going = reader.dir + REMOVED_SUFFIX;
    renameSync(reader.dir, going);
    const removal = rm(going, { recursive: true, force: true })
      .catch((error: Error) => this.onNotice(`${going} stays until the next start: ${error.message}`))
      .finally(() => this.removals.delete(removal));
    this.removals.add(removal);
  }
}

/** Damage, or a file that is missing. */
function isFault(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'corruption' || code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR';
}
