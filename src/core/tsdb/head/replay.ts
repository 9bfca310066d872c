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
import {
  closeLog,
  type LogFile,
  type LogPosition,
  LogReader,
  listCheckpoints,
  openLog,
  setAsideRest,
} from '../wal/index.ts';
import { HEAD_CHUNKS_DIR } from './chunk-file.ts';
import { abandonUnclaimed, loadChunks } from './chunk-loader.ts';
import { ChunkStore } from './chunk-store.ts';
import { FinishedChunks } from './finished-chunks.ts';
import { Head, type HeadOptions } from './head.ts';
import { RecordIntake } from './record-intake.ts';

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
    const replay = new Replay();
    const intake = new RecordIntake(head, loaded);
    const wal = yield* replay.run(join(dir, 'wal'), (record) => intake.walRecord(record), progress);
    const wbl = yield* replay.run(join(dir, 'wbl'), (record) => intake.wblRecord(record), noProgress());
    head.startLogs({ wal, wbl });
    intake.finish();
    if (replay.damagedLogs === 0) abandonUnclaimed(loaded, store);
    if (replay.damagedLogs > 0 && intake.strayRefs.size > 0) {
      replay.notices.push(
        `${join(dir, 'wal')}: what there is of ${intake.strayRefs.size} series cannot be read, since the damaged part had their labels`,
      );
    }
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

/** Reads logs, and puts aside what is damaged. */
class Replay {
  /** For people. */
  readonly notices: string[] = [];
  damagedLogs = 0;

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

function isCorruption(error: unknown): error is CorruptionError {
  return (error as { code?: unknown }).code === 'corruption';
}
