/**
 * Reads `chunk_snapshot.N.M`: the series of a head with their open chunks, as Prometheus writes them when it is
 * stopped and the feature `memory-snapshot-on-shutdown` is on. The log has all that is in it, too, so it is read where
 * the log is not there or damaged. docs/format/snapshot.md.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ByteReader } from '../../encoding/byte-reader.ts';
import { CorruptionError } from '../../errors.ts';
import type { Labels } from '../../model/index.ts';
import {
  closeLog,
  decodeExemplars,
  decodeLabels,
  LogReader,
  openLog,
  type RefExemplar,
  type Tombstone,
} from '../wal/index.ts';

/** The first byte of a record. */
const SnapshotRecord = { series: 1, tombstones: 2, exemplars: 3 } as const;

const NAME = /^chunk_snapshot\.(\d+)\.(\d+)$/;
const TOMBSTONES_VERSION = 1;

export interface SnapshotSeries {
  ref: number;
  labels: Labels;
  /** The open chunk; undefined where the series had none. Its bytes are a view, valid until the next record. */
  chunk: SnapshotChunk | undefined;
}

export interface SnapshotChunk {
  /** Times of the first and last sample, ms. */
  mint: number;
  maxt: number;
  encoding: number;
  bytes: Uint8Array;
}

export interface SnapshotVisitor {
  series(series: SnapshotSeries): void;
  tombstone?(tombstone: Tombstone): void;
  exemplars?(exemplars: readonly RefExemplar[]): void;
}

/** A snapshot, and the place of the log up to which it reaches. */
export interface SnapshotPlace {
  dir: string;
  segment: number;
  offset: number;
}

/** The newest snapshot of a data directory. */
export function findChunkSnapshot(dir: string): SnapshotPlace | undefined {
  let newest: SnapshotPlace | undefined;
  for (const place of listChunkSnapshots(dir)) {
    const { segment, offset } = place;
    if (
      newest === undefined ||
      segment > newest.segment ||
      (segment === newest.segment && offset > newest.offset)
    ) {
      newest = place;
    }
  }
  return newest;
}

export function listChunkSnapshots(dir: string): SnapshotPlace[] {
  return readdirSync(dir).flatMap((name) => {
    const match = NAME.exec(name);
    if (match === null) return [];
    return { dir: join(dir, name), segment: Number(match[1]), offset: Number(match[2]) };
  });
}

/** Reads a snapshot from front to back. Throws CorruptionError; what precedes the damage was visited. */
export function readChunkSnapshot(place: SnapshotPlace, visitor: SnapshotVisitor): void {
  const files = openLog(place.dir);
  try {
    const reader = new LogReader(files);
    while (reader.next()) {
      try {
        readRecord(reader.record, visitor);
      } catch (error) {
        throw error instanceof CorruptionError ? reader.fault(error) : error;
      }
    }
  } finally {
    closeLog(files);
  }
}

function readRecord(record: Uint8Array, visitor: SnapshotVisitor): void {
  const r = new ByteReader(record, 1);
  switch (record[0]) {
    case SnapshotRecord.series:
      visitor.series(readSeries(r));
      return;
    case SnapshotRecord.tombstones:
      readTombstones(r, visitor);
      return;
    case SnapshotRecord.exemplars:
      // But for its first byte the same as in a log.
      visitor.exemplars?.(decodeExemplars(record));
  }
}

function readSeries(r: ByteReader): SnapshotSeries {
  const ref = r.int64();
  const labels = decodeLabels(r);
  r.advance(8); // a chunk range, no longer used
  if (r.uvarint() === 0) return { ref, labels, chunk: undefined };
  const mint = r.int64();
  const maxt = r.int64();
  const encoding = r.byte();
  const length = r.uvarint();
  const start = r.advance(length);
  // Then follows the last sample once more, which the chunk has, too.
  return { ref, labels, chunk: { mint, maxt, encoding, bytes: r.bytes.subarray(start, start + length) } };
}

function readTombstones(r: ByteReader, visitor: SnapshotVisitor): void {
  r.uvarint(); // the length of what follows
  const version = r.byte();
  if (version !== TOMBSTONES_VERSION) throw new CorruptionError(`tombstones of unknown version ${version}`);
  while (r.remaining > 0) {
    const ref = r.uvarint();
    const mint = r.varint();
    visitor.tombstone?.({ ref, mint, maxt: r.varint() });
  }
}
