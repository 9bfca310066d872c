/**
 * Makes a head of what is in a data directory: the finished chunks, then the log, then the log of what came out of
 * order, as Prometheus does when it starts. Whoever calls this holds the directory's lock. What is damaged is put
 * aside, with a notice, and what is whole in other files is read.
 *
 * The work is a generator, so that a server can answer meanwhile: `openHead` runs it at a stretch.
 */
import { truncateSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { CorruptionError } from '../../errors.ts';
import { SampleColumns } from '../../model/index.ts';
import { isStaleBits } from '../../model/value.ts';
import { addInterval } from '../block/index.ts';
import { decodeChunk } from '../chunk/index.ts';
import {
  closeLog,
  decodeExemplars,
  decodeMetadata,
  decodeMmapMarkers,
  decodeSamples,
  decodeTombstones,
  HistogramDecoder,
  isHistogramRecord,
  type LogFile,
  type LogPosition,
  LogReader,
  listCheckpoints,
  type MmapMarker,
  openLog,
  RecordType,
  RefIndex,
  recordType,
  SampleRows,
  SeriesDecoder,
  setAsideRest,
} from '../wal/index.ts';
import { HEAD_CHUNKS_DIR } from './chunk-file.ts';
import { type LoadedChunks, loadChunks, placeKey } from './chunk-loader.ts';
import { ChunkStore } from './chunk-store.ts';
import { exemplarOutcome } from './exemplar-ring.ts';
import { FinishedChunks } from './finished-chunks.ts';
import { Head, type HeadOptions } from './head.ts';
import { Newest, OpenChunk } from './series-table.ts';

/** Bytes of records between two chances for others to run: some milliseconds' work. */
const STEP_BYTES = 128 * 1024;

/** How far the reading of the log has come. */
export interface ReplayProgress {
  /** The first and the last segment that is read, and the one that is being read; a checkpoint counts as its number. */
  firstSegment: number;
  lastSegment: number;
  segment: number;
  /** Bytes of the log; the one of late samples, which is smaller as a rule, comes after it and does not count. */
  bytesRead: number;
  bytesTotal: number;
}

export interface OpenedHead {
  head: Head;
  /** What was found and mended, for people. */
  notices: string[];
  /** How many logs, and files of chunks, had a damaged place. */
  damagedLogs: number;
  damagedChunkFiles: number;
}

/** As `replayHead`, at a stretch. */
export function openHead(dir: string, minValidTime: number, options: HeadOptions): OpenedHead {
  const work = replayHead(dir, minValidTime, options);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/**
 * Opens the head of `dir`. Samples that came in order before `minValidTime` (ms) are in blocks, and not looked at.
 * `progress` is kept true meanwhile. Throws CorruptionError where a segment is missing, and what the file system throws.
 */
export function* replayHead(
  dir: string,
  minValidTime: number,
  options: HeadOptions,
  progress: ReplayProgress = noProgress(),
): Generator<void, OpenedHead> {
  const finished = new FinishedChunks();
  const loaded = yield* loadChunks(dir, minValidTime, finished);
  const store = new ChunkStore(join(dir, HEAD_CHUNKS_DIR), loaded.fds, loaded.nextFile, {
    ...(options.chunkFileBytes !== undefined && { fileBytes: options.chunkFileBytes }),
  });
  const head = new Head(dir, store, finished, options);
  let done = false;
  try {
    head.minValidTime = minValidTime;
    head.lastRef = loaded.maxRef;
    const replay = new Replay(head, loaded);
    const wal = yield* replay.run(join(dir, 'wal'), (record) => replay.walRecord(record), progress);
    const wbl = yield* replay.run(join(dir, 'wbl'), (record) => replay.wblRecord(record), noProgress());
    head.startLogs({ wal, wbl });
    replay.finish(wal.segment);
    done = true;
    return {
      head,
      notices: [...loaded.notices, ...replay.notices],
      damagedLogs: replay.damagedLogs,
      damagedChunkFiles: loaded.notices.length,
    };
  } finally {
    // By a fault, or because nobody waits for the end any more.
    if (!done) store.close();
  }
}

export function noProgress(): ReplayProgress {
  return { firstSegment: 0, lastSegment: 0, segment: 0, bytesRead: 0, bytesTotal: 0 };
}

class Replay {
  readonly notices: string[] = [];
  damagedLogs = 0;
  private readonly head: Head;
  private readonly loaded: LoadedChunks;
  /** Rows by ref. */
  private readonly rows = new RefIndex();
  /** Refs of which no series is known. */
  private readonly strayRefs = new Set<number>();
  /** Refs of series that have another one. */
  private readonly aliases: number[] = [];
  private readonly series = new SeriesDecoder();
  private readonly samples = new SampleRows();
  private readonly histograms = new HistogramDecoder();
  private readonly times = new SampleColumns();

  constructor(head: Head, loaded: LoadedChunks) {
    this.head = head;
    this.loaded = loaded;
  }

  /** Reads a log to its end. Returns where it goes on, after whatever must not stay there is gone. */
  *run(
    log: string,
    take: (record: Uint8Array) => void,
    progress: ReplayProgress,
  ): Generator<void, LogPosition> {
    const files = openLog(log);
    try {
      const reader = new LogReader(files);
      begin(progress, files);
      for (let bytes = 0; ; ) {
        try {
          if (!reader.next()) break;
          try {
            take(reader.record);
          } catch (error) {
            throw isCorruption(error) ? reader.fault(error) : error;
          }
        } catch (error) {
          if (!isCorruption(error)) throw error;
          this.setAside(reader, error);
          if (!reader.skipFile()) break;
          continue;
        }
        bytes += reader.record.length;
        if (bytes < STEP_BYTES) continue;
        bytes = 0;
        note(progress, files, reader);
        yield;
      }
      progress.bytesRead = progress.bytesTotal;
      return this.endOf(log, files, reader);
    } finally {
      closeLog(files);
    }
  }

  walRecord(record: Uint8Array): void {
    const type = recordType(record);
    if (type === RecordType.samples || type === RecordType.samplesV2) this.takeSamples(record);
    else if (type === RecordType.series) this.takeSeries(record);
    else if (isHistogramRecord(type)) this.takeHistograms(record);
    else if (type === RecordType.tombstones) this.takeTombstones(record);
    else if (type === RecordType.exemplars) this.takeExemplars(record);
    else if (type === RecordType.metadata) {
      for (const { ref, metadata } of decodeMetadata(record)) {
        const row = this.rowOf(ref);
        if (row >= 0) this.head.metadata.set(row, metadata);
      }
    }
  }

  wblRecord(record: Uint8Array): void {
    const type = recordType(record);
    const { head, samples, histograms: h } = this;
    const { late } = head;
    if (type === RecordType.samples || type === RecordType.samplesV2) {
      decodeSamples(record, samples);
      for (let i = 0; i < samples.length; i++) {
        const row = this.rowOf(samples.ref[i]);
        if (row < 0) continue;
        const t = samples.t[i];
        if (late.isFull(row)) late.finish(row);
        late.insertFloat(row, t, samples.vBits[i * 2 + 1], samples.vBits[i * 2]);
        head.noteTimes(t, t, true);
      }
    } else if (isHistogramRecord(type)) {
      h.begin(record);
      while (h.next()) {
        const row = this.rowOf(h.ref);
        if (row < 0 || !h.isKnown) continue;
        if (late.isFull(row)) late.finish(row);
        late.insertHistogram(row, h.t, h.histogram());
        head.noteTimes(h.t, h.t, true);
      }
    } else if (type === RecordType.mmapMarkers) {
      for (const marker of decodeMmapMarkers(record)) this.takeMarker(marker);
    }
  }

  /** `lastSegment` is that of the log. */
  finish(lastSegment: number): void {
    const { head } = this;
    const { series } = head;
    if (this.damagedLogs > 0 && this.strayRefs.size > 0) {
      this.notices.push(
        `${join(head.dir, 'wal')}: what there is of ${this.strayRefs.size} series cannot be read, since the damaged part had their labels`,
      );
    }
    for (const ref of this.aliases) head.keptRefs.set(ref, lastSegment);
    for (let row = 0; row < series.rows; row++) {
      if (series.ref[row] === 0 || series.newest[row] !== Newest.float || !series.isValueKnown(row)) continue;
      series.setStale(row, isStaleBits(series.xor.high[row] >>> 0, series.xor.low[row] >>> 0));
    }
  }

  /** The samples of a chunk that is there need not be in memory. A marker whose chunk is not there counts for nothing. */
  private takeMarker({ ref, file, offset }: MmapMarker): void {
    const { head, times } = this;
    const { series, finished, store } = head;
    const found = this.loaded.late.get(placeKey(file, offset));
    const row = this.rowOf(ref);
    if (found === undefined || row < 0) return;
    times.clear();
    const { encoding, bytes, start, end } = store.read(file, offset);
    decodeChunk(encoding, bytes, start, end, times);
    head.late.remove(row, times.t.subarray(0, times.length));
    const { mint, maxt } = found;
    series.newestLateChunk[row] = finished.push(series.newestLateChunk[row], mint, maxt, file, offset);
    head.noteTimes(mint, maxt, true);
  }

  /** The row of a series; -1 where the log does not have it, or not any more. */
  private rowOf(ref: number): number {
    const row = this.rows.get(ref);
    if (row < 0) {
      this.strayRefs.add(ref);
      // Its number must not become another's, who would get its samples with the next start.
      if (ref > this.head.lastRef) this.head.lastRef = ref;
    }
    return row;
  }

  private takeSeries(record: Uint8Array): void {
    const { head, series: decoder, rows } = this;
    const { series } = head;
    decoder.start(record);
    while (decoder.next()) {
      const { ref } = decoder;
      if (ref > head.lastRef) head.lastRef = ref;
      if (rows.get(ref) >= 0) continue;
      const row = series.findOrAdd(record, decoder.labelsStart, decoder.labelsEnd, ref);
      rows.set(ref, row);
      if (series.ref[row] !== ref) {
        // It was forgotten, and came again: what it has by now it has under the new ref, and will have so.
        this.aliases.push(series.ref[row]);
        series.ref[row] = ref;
      }
      series.setLogged(row, true);
      this.attach(row, ref);
    }
  }

  /** Gives a series the finished chunks that are there under one of its refs. */
  private attach(row: number, ref: number): void {
    const { head, loaded } = this;
    const { series, finished } = head;
    const newest = loaded.newestOf(ref);
    if (newest === 0) return;
    if (series.open[row] !== OpenChunk.none) head.open.finish(row);
    const chunks = [...listOf(finished, series.newestChunk[row]), ...listOf(finished, newest)];
    chunks.sort((a, b) => finished.mint[a - 1] - finished.mint[b - 1]);
    series.newestChunk[row] = 0;
    let end = Number.NEGATIVE_INFINITY;
    for (const chunk of chunks) {
      const i = chunk - 1;
      if (finished.mint[i] <= end) {
        // The same samples once more, under another ref: as late ones they are merged with what is there.
        this.attachLate(row, chunk);
        continue;
      }
      finished.older[i] = series.newestChunk[row];
      series.newestChunk[row] = chunk;
      end = finished.maxt[i];
      head.noteTimes(finished.mint[i], end, false);
    }
    if (finished.maxt[newest - 1] === end) {
      series.newest[row] = loaded.isHistogram(ref) ? Newest.histogram : Newest.float;
      series.forgetValue(row);
    }
    series.xor.t[row] = end;
  }

  private attachLate(row: number, chunk: number): void {
    const { series, finished } = this.head;
    finished.older[chunk - 1] = series.newestLateChunk[row];
    series.newestLateChunk[row] = chunk;
    this.head.noteTimes(finished.mint[chunk - 1], finished.maxt[chunk - 1], true);
  }

  private takeSamples(record: Uint8Array): void {
    const { head, rows, samples } = this;
    const { open, minValidTime } = head;
    const { xor } = head.series;
    decodeSamples(record, samples);
    const { ref, t: ts, vBits } = samples;
    let mint = Number.POSITIVE_INFINITY;
    let maxt = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < samples.length; i++) {
      const t = ts[i];
      if (t < minValidTime) continue;
      const row = rows.get(ref[i]);
      if (row < 0) this.rowOf(ref[i]);
      if (row < 0 || t <= xor.t[row]) continue;
      open.appendFloat(row, t, vBits[i * 2 + 1], vBits[i * 2]);
      if (t < mint) mint = t;
      if (t > maxt) maxt = t;
    }
    if (mint <= maxt) head.noteTimes(mint, maxt, false);
  }

  private takeHistograms(record: Uint8Array): void {
    const { head, histograms: h } = this;
    h.begin(record);
    while (h.next()) {
      if (h.t < head.minValidTime) continue;
      const row = this.rowOf(h.ref);
      if (row < 0 || h.t <= head.series.xor.t[row] || !h.isKnown) continue;
      const histogram = h.histogram();
      head.open.appendHistogram(row, h.t, histogram);
      head.series.setStale(row, histogram.stale);
      head.noteTimes(h.t, h.t, false);
    }
  }

  private takeTombstones(record: Uint8Array): void {
    const { head } = this;
    for (const { ref, mint, maxt } of decodeTombstones(record)) {
      const row = this.rowOf(ref);
      if (row < 0 || maxt < head.minValidTime) continue;
      head.deleted.set(row, addInterval(head.deleted.get(row) ?? [], mint, maxt));
    }
  }

  private takeExemplars(record: Uint8Array): void {
    const { exemplars, minValidTime } = this.head;
    for (const { ref, exemplar } of decodeExemplars(record)) {
      const row = this.rowOf(ref);
      if (row < 0 || exemplar.t! < minValidTime) continue;
      if (exemplarOutcome(exemplars.last(row), exemplar) === 0) exemplars.add(row, exemplar);
    }
  }

  private setAside({ file, dataEnd }: LogReader, damage: CorruptionError): void {
    this.damagedLogs++;
    const aside = setAsideRest(file.path, dataEnd);
    this.notices.push(`${damage.message}; what follows it in that file was set aside as ${basename(aside)}`);
  }

  private endOf(log: string, files: readonly LogFile[], reader: LogReader): LogPosition {
    const afterCheckpoint = { segment: (listCheckpoints(log).at(-1) ?? -1) + 1, offset: 0 };
    if (files.length === 0) return afterCheckpoint;
    const { file, dataEnd } = reader;
    const position = { segment: file.segment, offset: dataEnd };
    if (reader.torn) {
      const lost = file.sizeBytes - dataEnd;
      // Now, and not when the log is written to next: some logs are not for long.
      truncateSync(file.path, dataEnd);
      this.notices.push(
        `${file.path}: its last record was cut short when the writer died; ${lost} bytes are removed`,
      );
    }
    return file.checkpoint === undefined ? position : afterCheckpoint;
  }
}

function begin(progress: ReplayProgress, files: readonly LogFile[]): void {
  progress.bytesTotal = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (files.length === 0) return;
  progress.firstSegment = numberOf(files[0]);
  progress.lastSegment = numberOf(files[files.length - 1]);
  progress.segment = progress.firstSegment;
}

function note(progress: ReplayProgress, files: readonly LogFile[], reader: LogReader): void {
  progress.segment = numberOf(reader.file);
  let rest = -reader.dataEnd;
  for (let i = reader.fileIndex; i < files.length; i++) rest += files[i].sizeBytes;
  progress.bytesRead = progress.bytesTotal - rest;
}

function numberOf({ checkpoint, segment }: LogFile): number {
  return checkpoint ?? segment;
}

/** The chunks (+ 1) of a list, from the newest on. */
function listOf(finished: FinishedChunks, newest: number): number[] {
  const list: number[] = [];
  for (let chunk = newest; chunk !== 0; chunk = finished.older[chunk - 1]) list.push(chunk);
  return list;
}

function isCorruption(error: unknown): error is CorruptionError {
  return (error as { code?: unknown }).code === 'corruption';
}
