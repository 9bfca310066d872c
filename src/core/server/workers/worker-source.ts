/**
 * The database as a query's thread sees it: it asks the owner what a selection is made of, reads the blocks itself, and has
 * the head's series handed over.
 */
import type { Matcher } from '../../model/matcher.ts';
import type { SelectHints, SeriesSet, Source } from '../../source/source.ts';
import { BlockReader, mergeReadable, type PlacedSet } from '../../tsdb/block/index.ts';
import { runSteps } from '../../tsdb/compaction/index.ts';
import { openSelection } from '../../tsdb/head/index.ts';
import { PageCache, SeriesCache } from '../../tsdb/index/index.ts';
import type { BlockPlace, Selected, SelectionHints } from './messages.ts';

/** Of one thread; there are several. */
const PAGES_BYTES = 32 << 20;
const SERIES_BYTES = 16 << 20;
/** Where the head's series are: in memory, and so in no file that could be damaged. */
const HEAD = '\0';
/** Blocks that stay open for the next query. */
const MAX_IDLE = 64;

/** The blocks that a thread has open, the one that was used last at the end. */
export class WorkerBlocks {
  private readonly pages = new PageCache(PAGES_BYTES);
  private readonly series = new SeriesCache(SERIES_BYTES);
  private readonly open = new Map<number, { reader: BlockReader; users: number }>();

  /** To be given back by `release`. */
  acquire({ dir, key }: BlockPlace): BlockReader {
    let block = this.open.get(key);
    if (block === undefined) block = { reader: new BlockReader(dir, this.pages, this.series), users: 0 };
    else this.open.delete(key);
    block.users++;
    this.open.set(key, block);
    return block.reader;
  }

  release(keys: readonly number[]): void {
    for (const key of keys) {
      const block = this.open.get(key);
      if (block !== undefined) block.users--;
    }
    for (const [key, { reader, users }] of this.open) {
      if (this.open.size <= MAX_IDLE) return;
      if (users > 0) continue;
      this.open.delete(key);
      reader.close();
    }
  }

  /** Closes what no query uses: the files may be gone. */
  closeIdle(): void {
    for (const [key, { reader, users }] of this.open) {
      if (users > 0) continue;
      this.open.delete(key);
      reader.close();
    }
  }
}

export type AskOwner = (matchers: readonly Matcher[], hints: SelectionHints) => Promise<Selected>;

/** The one thing that a query asks of its source. */
export class WorkerSource implements Pick<Source, 'select' | 'close'> {
  private readonly ask: AskOwner;
  private readonly blocks: WorkerBlocks;
  private readonly onDamage: (message: string) => void;
  private readonly used: number[] = [];

  constructor(ask: AskOwner, blocks: WorkerBlocks, onDamage: (message: string) => void) {
    this.ask = ask;
    this.blocks = blocks;
    this.onDamage = onDamage;
  }

  async select(
    matchers: readonly Matcher[],
    { mint, maxt, newestOnly = false, limit = 0 }: SelectHints,
  ): Promise<SeriesSet> {
    const { blocks, head } = await this.ask(matchers, { mint, maxt, newestOnly });
    const sets: PlacedSet[] = blocks.map((place) => {
      const reader = this.blocks.acquire(place);
      this.used.push(place.key);
      return { dir: place.dir, set: reader.select(matchers, mint, maxt) };
    });
    if (head !== undefined) sets.push({ dir: HEAD, set: runSteps(openSelection(head)) });
    const all = mergeReadable(sets, ({ message }) => this.onDamage(message));
    if (limit === 0 || all.length <= limit) return all;
    return { length: limit, labels: (i) => all.labels(i), read: (i, out) => all.read(i, out) };
  }

  async close(): Promise<void> {
    this.blocks.release(this.used.splice(0));
  }
}
