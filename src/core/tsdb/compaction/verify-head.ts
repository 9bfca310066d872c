/** Checks what a head keeps beside its log: chunks that left its memory, and the snapshot of the others. */
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { CorruptionError } from '../../errors.ts';
import { SampleColumns } from '../../model/index.ts';
import type { Finding } from '../block/index.ts';
import { decodeChunk } from '../chunk/index.ts';
import {
  findChunkSnapshot,
  HEAD_CHUNKS_DIR,
  HeadChunkScanner,
  headChunkFileName,
  openHeadChunkFiles,
  readChunkSnapshot,
} from '../head/index.ts';

export type HeadFinding = Omit<Finding, 'code'> & { code: 'head-chunk' | 'head-snapshot' };

/** Chunks between two places where others may work. */
const STEP_CHUNKS = 256;

/** Checks every chunk in `chunks_head` of the data directory `dir`, and that no file is missing. In steps. */
export function* verifyingHeadChunks(
  dir: string,
  progress?: (file: number, files: number) => void,
): Generator<void, HeadFinding[]> {
  const findings: HeadFinding[] = [];
  const chunksDir = join(dir, HEAD_CHUNKS_DIR);
  const fds = openHeadChunkFiles(chunksDir);
  const numbers = [...fds.keys()];
  const columns = new SampleColumns();
  let chunks = 0;
  try {
    for (const [i, number] of numbers.entries()) {
      progress?.(i, numbers.length);
      if (i > 0 && number !== numbers[i - 1] + 1) {
        const message = `file ${headChunkFileName(numbers[i - 1] + 1)} is missing`;
        findings.push({ severity: 'error', code: 'head-chunk', file: chunksDir, message });
      }
      const file = join(chunksDir, headChunkFileName(number));
      const scanner = new HeadChunkScanner(file, fds.get(number)!);
      while (scanner.next()) {
        const { offset } = scanner;
        const message = faultOf(scanner, columns);
        if (message !== undefined) {
          findings.push({ severity: 'error', code: 'head-chunk', file, offset, message });
        }
        if (++chunks % STEP_CHUNKS === 0) yield;
      }
      if (scanner.fault === undefined) continue;
      const { reason, place } = scanner.fault;
      // The newest may be written to.
      const isTail = i === numbers.length - 1 && reason === 'ends within a chunk';
      findings.push({
        severity: isTail ? 'warning' : 'error',
        code: 'head-chunk',
        file,
        ...(place.offset !== undefined && { offset: place.offset }),
        message: reason,
      });
    }
  } finally {
    for (const fd of fds.values()) closeSync(fd);
  }
  return findings;
}

/** Checks the newest snapshot of open chunks, if there is one. */
export function verifyChunkSnapshot(dir: string): HeadFinding[] {
  const place = findChunkSnapshot(dir);
  if (place === undefined) return [];
  const columns = new SampleColumns();
  try {
    readChunkSnapshot(place, {
      series: ({ chunk }) => {
        columns.clear();
        if (chunk !== undefined) decodeChunk(chunk.encoding, chunk.bytes, 0, chunk.bytes.length, columns);
      },
    });
    return [];
  } catch (error) {
    if (!(error instanceof CorruptionError)) throw error;
    const { file = place.dir, offset } = error.place;
    const at = offset === undefined ? {} : { offset };
    return [{ severity: 'error', code: 'head-snapshot', file, ...at, message: error.reason }];
  }
}

/** What is wrong with the chunk that the scanner is at. */
export function faultOf(
  { encoding, bytes, start, end, mint, maxt }: HeadChunkScanner,
  columns: SampleColumns,
): string | undefined {
  columns.clear();
  try {
    decodeChunk(encoding, bytes, start, end, columns);
  } catch (error) {
    if (!(error instanceof CorruptionError)) throw error;
    return error.reason;
  }
  const { t, length } = columns;
  if (length > 0 && t[0] === mint && t[length - 1] === maxt) return undefined;
  return `has samples from ${t[0]} to ${t[length - 1]} in a chunk that says ${mint} to ${maxt}`;
}
