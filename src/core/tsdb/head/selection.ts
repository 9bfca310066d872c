/**
 * Some series of a head as they were at one moment: which finished chunks they have, and a copy of what they were
 * adding to. So what is appended or removed later does not show, and a selection can be handed to another thread.
 *
 * The finished chunks are in files; whoever made the selection keeps them there (`ChunkStore.hold`) while it is read.
 */
import { CorruptionError } from '../../errors.ts';
import type { Labels, Matcher, SampleColumns } from '../../model/index.ts';
import { type Intervals, mergeRuns, removeDeleted, type StoredSeriesSet } from '../block/index.ts';
import { decodeChunk } from '../chunk/index.ts';
import type { SelectedChunks } from './chunk-collector.ts';
import { HeadChunkReader } from './chunk-file.ts';
import { gather, rowsWith } from './gathering.ts';
import type { Head } from './head.ts';
import { orderByLabels } from './label-order.ts';
import { LabelSets, type LabelSetsImage } from './label-sets.ts';
import { readNewest } from './newest-samples.ts';

/** The samples of a selection's series, which are in no order. */
interface SelectedSamples {
  mint: number;
  maxt: number;
  chunks: SelectedChunks;
  /** By series; few have any. */
  deleted: Map<number, Intervals>;
  /** The folder of the files, for messages, and the open files by number. */
  dir: string;
  files: Map<number, number>;
}

/** Something made of a selection, and the memory to be given back to `head.buffers` when that is read no more. */
export interface Lending<T> {
  of: T;
  lent: readonly SharedArrayBuffer[];
}

/** What a selection consists of; all of it can be posted to a worker. */
export interface SelectionData extends SelectedSamples {
  labels: LabelSetsImage;
  /** Where the labels of each series are. */
  places: Uint32Array;
}

/**
 * The series for which every matcher holds and that have chunks in [mint, maxt] (ms, both inclusive), in steps, between
 * which others may work: what they append does not show. With `newestOnly` the newest sample of each is enough.
 */
export function* selectHead(
  head: Head,
  matchers: readonly Matcher[],
  mint: number,
  maxt: number,
  newestOnly = false,
): Generator<void, Lending<StoredSeriesSet>> {
  const { sets, places, lent, ...rest } = yield* gather(head, matchers, mint, maxt, newestOnly);
  const reader = new SelectionReader({ ...rest, mint, maxt, dir: head.store.dir });
  return { of: new HeadSelection(sets, places, yield* orderByLabels(sets, places), reader), lent };
}

/** The same series without samples: `read` must not be called. */
export function* selectHeadLabels(
  head: Head,
  matchers: readonly Matcher[],
  mint: number,
  maxt: number,
): Generator<void, Lending<StoredSeriesSet>> {
  const { series } = head;
  const { sets } = series;
  const places = rowsWith(head, matchers, mint, maxt).map((row) => series.labelsOf(row));
  return { of: new HeadSelection(sets, places, yield* orderByLabels(sets, places), undefined), lent: [] };
}

/** The same series to be read in any thread, by `openSelection`. */
export function* handOverHead(
  head: Head,
  matchers: readonly Matcher[],
  mint: number,
  maxt: number,
  newestOnly = false,
): Generator<void, Lending<SelectionData>> {
  const { sets, lent, ...rest } = yield* gather(head, matchers, mint, maxt, newestOnly);
  return { of: { ...rest, labels: sets.image(), mint, maxt, dir: head.store.dir }, lent };
}

/** A selection that was handed over, in steps. */
export function* openSelection(data: SelectionData): Generator<void, StoredSeriesSet> {
  const sets = LabelSets.of(data.labels);
  const order = yield* orderByLabels(sets, data.places);
  return new HeadSelection(sets, data.places, order, new SelectionReader(data));
}

/** Labels are made when asked for. */
class HeadSelection implements StoredSeriesSet {
  readonly length: number;
  private readonly sets: LabelSets;
  private readonly places: Uint32Array;
  /** Series by their labels. */
  private readonly order: Uint32Array;
  private readonly reader: SelectionReader | undefined;

  constructor(sets: LabelSets, places: Uint32Array, order: Uint32Array, reader: SelectionReader | undefined) {
    this.length = order.length;
    this.sets = sets;
    this.places = places;
    this.order = order;
    this.reader = reader;
  }

  labels(i: number): Labels {
    return this.sets.labels(this.places[this.order[i]]);
  }

  read(i: number, out: SampleColumns): void {
    if (this.reader === undefined) throw new Error('samples of a selection that was made for labels');
    this.reader.read(this.order[i], out);
  }
}

/** Decodes the chunks of selected series. */
class SelectionReader {
  private readonly data: SelectedSamples;
  private readonly files: HeadChunkReader;

  constructor(data: SelectedSamples) {
    this.data = data;
    this.files = new HeadChunkReader(data.dir, data.files);
  }

  read(i: number, out: SampleColumns): void {
    const { chunks, deleted } = this.data;
    if (chunks.newest !== undefined && readNewest(chunks.newest, i, out)) return;
    const from = out.length;
    for (let c = chunks.starts[i]; c < chunks.lateStarts[i]; c++) this.decode(c, out);
    for (let c = chunks.lateStarts[i]; c < chunks.starts[i + 1]; c++) {
      const middle = out.length;
      this.decode(c, out);
      mergeRuns(out, from, middle);
    }
    const intervals = deleted.get(i);
    if (intervals !== undefined) removeDeleted(out, from, intervals);
  }

  private decode(c: number, out: SampleColumns): void {
    const { mint, maxt, chunks } = this.data;
    const file = chunks.file[c];
    const offset = chunks.offset[c];
    if (file === 0) {
      const { encoding, start, end, bytes } = chunks.memory;
      decodeChunk(encoding[offset], bytes, start[offset], end[offset], out, mint, maxt);
      return;
    }
    const chunk = this.files.read(file, offset);
    try {
      decodeChunk(chunk.encoding, chunk.bytes, chunk.start, chunk.end, out, mint, maxt);
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      throw this.files.fault(error.reason, file, offset);
    }
  }
}
