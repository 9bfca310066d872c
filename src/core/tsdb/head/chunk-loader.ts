/**
 * Finds the finished chunks of a head that was there before, and has its files ready to be added to: what is cut short
 * or damaged is put aside first, as Prometheus would delete it. Its samples are in a log, too.
 */
import { closeSync, openSync, renameSync, truncateSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { copied, grownLength } from '../../encoding/grown.ts';
import { isHistogramEncoding, isKnownEncoding } from '../chunk/index.ts';
import { RefIndex } from '../wal/index.ts';
import {
  FILE_HEADER_BYTES,
  HEAD_CHUNKS_DIR,
  HeadChunkScanner,
  headChunkFileName,
  listHeadChunkFiles,
  NOBODY,
} from './chunk-file.ts';
import type { ChunkStore } from './chunk-store.ts';
import type { FinishedChunks } from './finished-chunks.ts';

const TWO_32 = 2 ** 32;

/** Times of the first and last sample, ms. */
export interface LateChunkTimes {
  mint: number;
  maxt: number;
  /** Whether the log of late samples says that a series has it. */
  claimed: boolean;
}

/** The chunks that were found, for each series by its ref. */
export class LoadedChunks {
  /** Open files, by number. */
  readonly fds = new Map<number, number>();
  /** The number of the next new file. */
  nextFile = 1;
  /** The highest ref that was seen. */
  maxRef = 0;
  /** What was found and mended, for people. */
  readonly notices: string[] = [];
  /**
   * Chunks of samples that came out of order, by `placeKey`. Whether they still count, the log of such samples knows:
   * those that it has no marker of are in blocks, or their samples are in that log.
   */
  readonly late = new Map<number, LateChunkTimes>();
  private readonly byRef = new RefIndex();
  private newest = new Uint32Array(0);
  private encodings = new Uint8Array(0);
  private count = 0;

  /** The newest chunk of a series (+ 1; 0 where it has none), of those that came in order. */
  newestOf(ref: number): number {
    const i = this.byRef.get(ref);
    return i < 0 ? 0 : this.newest[i];
  }

  /** Whether the newest chunk holds histograms. */
  isHistogram(ref: number): boolean {
    const i = this.byRef.get(ref);
    return i >= 0 && isHistogramEncoding(this.encodings[i]);
  }

  /** Adds a chunk to `finished`; false where it does not follow from those before. */
  add(scanner: HeadChunkScanner, file: number, finished: FinishedChunks): boolean {
    const { ref, mint, maxt, offset } = scanner;
    if (ref > this.maxRef) this.maxRef = ref;
    if (scanner.outOfOrder) {
      if (ref !== NOBODY) this.late.set(placeKey(file, offset), { mint, maxt, claimed: false });
      return true;
    }
    let i = this.byRef.get(ref);
    if (i < 0) {
      i = this.count++;
      this.byRef.set(ref, i);
      if (i === this.newest.length) {
        const length = grownLength(i, i + 1);
        this.newest = copied(this.newest, new Uint32Array(length));
        this.encodings = copied(this.encodings, new Uint8Array(length));
      }
    }
    const before = this.newest[i];
    if (before !== 0 && finished.maxt[before - 1] >= mint) return false;
    this.newest[i] = finished.push(before, mint, maxt, file, offset);
    this.encodings[i] = scanner.encoding;
    return true;
  }
}

/** Chunks that the log of late samples, which is whole, does not speak of: their samples are in blocks. */
export function abandonUnclaimed({ late }: LoadedChunks, store: ChunkStore): void {
  for (const [place, { claimed }] of late) {
    if (!claimed) store.abandon(Math.floor(place / TWO_32), place % TWO_32);
  }
}

/** One number for the place of a chunk. */
export function placeKey(file: number, offset: number): number {
  return file * TWO_32 + offset;
}

/** Reads what chunks there are, without those that end before `minValidTime` (ms) and came in order. */
export function* loadChunks(
  dir: string,
  minValidTime: number,
  finished: FinishedChunks,
): Generator<void, LoadedChunks> {
  const chunks = join(dir, HEAD_CHUNKS_DIR);
  const loaded = new LoadedChunks();
  const files = listHeadChunkFiles(chunks);
  let damage: string | undefined;
  let done = false;
  try {
    for (const [n, file] of files.entries()) {
      const path = join(chunks, headChunkFileName(file));
      if (damage !== undefined || (n > 0 && file !== files[n - 1] + 1)) {
        damage ??= `${chunks}: a file is missing before ${headChunkFileName(file)}`;
        renameSync(path, `${path}.damaged`);
        continue;
      }
      loaded.nextFile = file + 1;
      const fd = openSync(path, 'r');
      loaded.fds.set(file, fd);
      const scanner = new HeadChunkScanner(path, fd);
      let wrong = '';
      let end = FILE_HEADER_BYTES;
      for (let seen = 0; scanner.next(); seen++) {
        const isOld = !scanner.outOfOrder && scanner.maxt < minValidTime;
        if (!isOld && isKnownEncoding(scanner.encoding) && !loaded.add(scanner, file, finished)) {
          wrong = `${path} at byte ${scanner.offset}: a chunk is older than the one before`;
          break;
        }
        end = scanner.dataEnd;
        if (seen % 10_000 === 9999) yield;
      }
      if (wrong === '') {
        if (scanner.dataEnd < FILE_HEADER_BYTES) end = 0;
        if (scanner.fault !== undefined) wrong = scanner.fault.message;
        else if (end === 0 && n < files.length - 1) wrong = `${path}: is empty`;
      }
      if (wrong !== '') {
        damage = wrong;
        loaded.notices.push(`${wrong}; what follows is taken from the log instead`);
      }
      // Nobody adds to this file any more; without a whole chunk in it, it is no use to anybody.
      if (end <= FILE_HEADER_BYTES) {
        closeSync(fd);
        loaded.fds.delete(file);
        unlinkSync(path);
        loaded.nextFile = file;
      } else if (wrong !== '') {
        truncateSync(path, end);
      }
      yield;
    }
    done = true;
    return loaded;
  } finally {
    if (!done) for (const fd of loaded.fds.values()) closeSync(fd);
  }
}
