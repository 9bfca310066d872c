/**
 * Writes one file of a log anew, with the records of it that can be read, also those behind the damage: each page of
 * 32 KiB begins with a fragment, so that is where reading can begin again. docs/format/wal.md.
 */
import { closeSync, fstatSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { crc32c } from '../../encoding/crc32c.ts';
import { readUint32 } from '../../encoding/varint.ts';
import { CorruptionError } from '../../errors.ts';
import { RecordChecker } from '../compaction/index.ts';
import {
  FRAGMENT_HEADER_BYTES,
  FRAGMENT_KIND_MASK,
  Fragment,
  LogReader,
  LogWriter,
  PAGE_BYTES,
  segmentName,
} from '../wal/index.ts';

export interface LogSalvage {
  /** What could be read. */
  records: number;
  samples: number;
  /** Places where something could not. */
  damages: CorruptionError[];
}

/** Records between two places where others may work. */
const STEP_RECORDS = 200;

/**
 * Reads the file, and writes what it has to the new log `into` (a directory), as segment 0, if that is given; in steps.
 * Throws what the file system throws.
 */
export function* salvageLog(path: string, into?: string): Generator<void, LogSalvage> {
  const salvage: LogSalvage = { records: 0, samples: 0, damages: [] };
  const checker = new RecordChecker();
  const writer =
    into === undefined
      ? undefined
      : new LogWriter(into, { segment: 0, offset: 0 }, { segmentBytes: Number.MAX_SAFE_INTEGER });
  const fd = openSync(path, 'r');
  try {
    const file = { path, fd, sizeBytes: fstatSync(fd).size, segment: 0, checkpoint: undefined };
    let bytes: Uint8Array | undefined;
    for (let from = 0; from < file.sizeBytes; ) {
      const reader = new LogReader([file], 0, from);
      try {
        for (let n = 1; reader.next(); n++) {
          if (n % STEP_RECORDS === 0) yield;
          try {
            checker.check(reader.record);
          } catch (error) {
            if (!(error instanceof CorruptionError)) throw error;
            salvage.damages.push(reader.fault(error));
            continue;
          }
          salvage.records++;
          writer?.log(reader.record);
        }
        if (!reader.torn) break;
        throw new CorruptionError('ends within a record', { file: path, offset: reader.dataEnd });
      } catch (error) {
        if (!(error instanceof CorruptionError)) throw error;
        salvage.damages.push(error);
        bytes ??= readFileSync(path);
        from = nextRecord(bytes, error.place.offset ?? from);
      }
    }
    salvage.samples = checker.samples;
    writer?.flush();
  } finally {
    closeSync(fd);
    writer?.close();
  }
  return salvage;
}

/** Puts the file that `salvageLog` has written to `into` in the place of `path`. */
export function replaceBySalvaged(into: string, path: string): void {
  renameSync(join(into, segmentName(0)), path);
  rmSync(into, { recursive: true });
}

/** Where the first record begins behind damage at `pos`; the end of the bytes where there is none. */
function nextRecord(bytes: Uint8Array, pos: number): number {
  for (let at = pos; at < bytes.length; ) {
    const pageEnd = Math.min(at - (at % PAGE_BYTES) + PAGE_BYTES, bytes.length);
    const end = fragmentEnd(bytes, at, pageEnd);
    const kind = bytes[at] & FRAGMENT_KIND_MASK;
    if (end > 0 && at > pos && (kind === Fragment.full || kind === Fragment.first)) return at;
    if (end > 0) at = end;
    else if (at > pos) at = pageEnd;
    else {
      // Its header may be right though its data are not.
      const next = at + FRAGMENT_HEADER_BYTES + ((bytes[at + 1] << 8) | bytes[at + 2]);
      at = next < pageEnd && fragmentEnd(bytes, next, pageEnd) > 0 ? next : pageEnd;
    }
  }
  return bytes.length;
}

/** Where the fragment at `at` ends; -1 where none is that is whole. */
function fragmentEnd(bytes: Uint8Array, at: number, pageEnd: number): number {
  if (bytes[at] === 0 || at + FRAGMENT_HEADER_BYTES > pageEnd) return -1;
  const start = at + FRAGMENT_HEADER_BYTES;
  const end = start + ((bytes[at + 1] << 8) | bytes[at + 2]);
  return end <= pageEnd && crc32c(bytes, start, end) === readUint32(bytes, at + 3) ? end : -1;
}
