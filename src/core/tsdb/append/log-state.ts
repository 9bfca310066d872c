/** Finds out what an appender must know of a log: from the table beside it where that fits, else from the log. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { hashKey } from '../../encoding/hash-key.ts';
import {
  closeLog,
  FRAGMENT_HEADER_BYTES,
  type LogFile,
  type LogPosition,
  type LogReader,
  listCheckpoints,
  listSegments,
  openLog,
  RefIndex,
  segmentName,
  setAsideRest,
} from '../wal/index.ts';
import { highestHeadChunkRef } from './head-chunk-refs.ts';
import { LogScan } from './log-scan.ts';

import { type Coverage, RefTable } from './ref-table.ts';
import { KEY_WORDS, SeriesStates } from './series-states.ts';

export const TABLE_NAME = 'tsmon.refs';

export interface LogState {
  states: SeriesStates;
  key: Uint32Array;
  /** Where series are found that `states` does not have; undefined where it has all of them. */
  table: RefTable | undefined;
  coverage: Coverage;
  /** Where the next record goes. */
  position: LogPosition;
  /** What was found and done that a person should know. */
  notices: string[];
}

/** Nobody else may write to the directory meanwhile. Sets damage aside. */
export function openLogState(dir: string, bootId: string): LogState {
  const log = join(dir, 'wal');
  const table = RefTable.open(join(dir, TABLE_NAME), bootId);
  if (table !== undefined) {
    const fit = compare(table.coverage, log);
    if (fit === 'current') {
      const { key, coverage } = table;
      const position = { segment: coverage.segment, offset: coverage.offset };
      return { states: new SeriesStates(), key, table, coverage, position, notices: [] };
    }
    const state = fit === 'behind' ? catchUp(table, log) : undefined;
    table.close();
    if (state !== undefined) return state;
  }
  return scanAll(dir, log);
}

/** Whether a table knows the log to its end, to some place in it, or is of no use. */
function compare(coverage: Coverage, log: string): 'current' | 'behind' | 'useless' {
  if ((listCheckpoints(log).at(-1) ?? -1) !== coverage.checkpoint) return 'useless';
  const segments = listSegments(log);
  if (coverage.offset === 0) return segments.length === 0 && coverage.segment === 0 ? 'current' : 'useless';
  if (!segments.includes(coverage.segment)) return 'useless';
  const path = join(log, segmentName(coverage.segment));
  const size = statSync(path).size;
  if (size < coverage.offset) return 'useless';
  if (Buffer.compare(recordHeader(path, coverage.lastRecord), coverage.lastHeader) !== 0) return 'useless';
  return size === coverage.offset && segments.at(-1) === coverage.segment ? 'current' : 'behind';
}

/** Adds what the log has beyond the table; undefined where it turns out not to follow from it. */
function catchUp(table: RefTable, log: string): LogState | undefined {
  const states = new SeriesStates();
  table.loadAll(states);
  const refs = new RefIndex();
  for (let i = 0; i < states.count; i++) refs.set(states.ref[i], i);
  const { coverage } = table;
  const files = openLog(log);
  try {
    const first = files.findIndex((f) => f.checkpoint === undefined && f.segment === coverage.segment);
    if (first < 0) return undefined;
    const scan = new LogScan(states, refs, table.key, coverage.maxRef);
    const reader = scan.run(files, first, coverage.offset);
    // A series may have two refs, of which the table remembers one: the whole log has both.
    if (scan.unknown > 0 || scan.damages.length > 0) return undefined;
    return finish(states, table.key, files, reader, scan, coverage);
  } finally {
    closeLog(files);
  }
}

function scanAll(dir: string, log: string): LogState {
  const states = new SeriesStates();
  const key = hashKey(KEY_WORDS);
  const files = openLog(log);
  try {
    const scan = new LogScan(states, new RefIndex(), key, 0);
    const reader = scan.run(files);
    if (scan.maxRef === 0 || scan.damages.length > 0) {
      scan.maxRef = Math.max(scan.maxRef, highestHeadChunkRef(dir));
    }
    const start: Coverage = {
      checkpoint: listCheckpoints(log).at(-1) ?? -1,
      segment: 0,
      offset: 0,
      lastRecord: 0,
      lastHeader: new Uint8Array(FRAGMENT_HEADER_BYTES),
      maxRef: 0,
    };
    return finish(states, key, files, reader, scan, start);
  } finally {
    closeLog(files);
  }
}

/** Where writing goes on, after whatever must not stay there has been set aside. */
function finish(
  states: SeriesStates,
  key: Uint32Array,
  files: readonly LogFile[],
  reader: LogReader,
  scan: LogScan,
  before: Coverage,
): LogState {
  const notices: string[] = [];
  const coverage: Coverage = { ...before, maxRef: scan.maxRef };
  const state: LogState = {
    states,
    key,
    table: undefined,
    coverage,
    // Where only a checkpoint is left, the log goes on after the segments that it stands for.
    position: { segment: coverage.checkpoint + 1, offset: 0 },
    notices,
  };
  if (files.length === 0) return state;
  const { file, recordFile, dataEnd } = reader;
  for (const damage of scan.damages) {
    const aside = setAsideRest(damage.file.path, damage.dataEnd);
    notices.push(`${damage.error.message}; what follows it in that file was set aside as ${basename(aside)}`);
  }
  if (reader.torn) {
    const lost = file.sizeBytes - dataEnd;
    notices.push(
      `${file.path}: its last record was cut short when the writer died; ${lost} bytes are removed`,
    );
  }
  if (file.checkpoint === undefined) state.position = { segment: file.segment, offset: dataEnd };
  if (recordFile !== undefined && recordFile.checkpoint === undefined) {
    coverage.segment = recordFile.segment;
    coverage.offset = reader.recordEnd;
    coverage.lastRecord = reader.recordStart;
    coverage.lastHeader = recordHeader(recordFile.path, reader.recordStart);
  }
  return state;
}

/** The seven bytes with which the record at `offset` begins. */
export function recordHeader(path: string, offset: number): Uint8Array {
  const header = new Uint8Array(FRAGMENT_HEADER_BYTES);
  const fd = openSync(path, 'r');
  try {
    readSync(fd, header, 0, header.length, offset);
  } finally {
    closeSync(fd);
  }
  return header;
}
