/**
 * The files of a write-ahead log: segments `00000000`, `00000001`, …, and checkpoints, `checkpoint.00000007/` being
 * a log of its own that replaces the segments up to 7.
 */
import { closeSync, fstatSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CorruptionError } from '../../errors.ts';

/** One segment, open for reading. */
export interface LogFile {
  path: string;
  fd: number;
  /** As it was when the log was opened: what a writer adds later is not looked at. */
  sizeBytes: number;
  /** The segment's number, in the checkpoint's own count for a checkpoint's file. */
  segment: number;
  /** The number of the checkpoint that the file belongs to; undefined for a segment of the log itself. */
  checkpoint: number | undefined;
}

/** How often opening starts again when a writer deletes what was just listed. */
const OPEN_ATTEMPTS = 10;

export function segmentName(segment: number): string {
  return String(segment).padStart(8, '0');
}

export function checkpointName(segment: number): string {
  return `checkpoint.${segmentName(segment)}`;
}

/** What is done where segments are missing between others. */
type OnGap = (error: CorruptionError) => void;

/** Numbers of the segments in `dir`, ascending; none where it does not exist. Throws CorruptionError at a gap. */
export function listSegments(dir: string, onGap: OnGap = refuse): number[] {
  const numbers = entries(dir)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
  for (let i = 1; i < numbers.length; i++) {
    if (numbers[i] !== numbers[i - 1] + 1) {
      onGap(new CorruptionError(`segment ${segmentName(numbers[i - 1] + 1)} is missing`, { file: dir }));
    }
  }
  return numbers;
}

/** The numbers of the checkpoints in `dir`, ascending. Unfinished ones (`.tmp`) do not count. */
export function listCheckpoints(dir: string): number[] {
  return entries(dir)
    .flatMap((name) => /^checkpoint\.(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/**
 * A log's files in the order in which they are replayed (the last checkpoint, then the segments after it), all open,
 * so that a writer may go on and even delete them: what was there at this moment stays readable. Empty where there
 * is no log. The caller closes them. Throws CorruptionError where a segment is missing, unless `onGap` says otherwise.
 */
export function openLog(dir: string, onGap: OnGap = refuse): LogFile[] {
  for (let attempt = 1; ; attempt++) {
    const files: LogFile[] = [];
    try {
      const checkpoint = listCheckpoints(dir).at(-1);
      if (checkpoint !== undefined) {
        const inside = join(dir, checkpointName(checkpoint));
        for (const segment of listSegments(inside, onGap)) files.push(openFile(inside, segment, checkpoint));
      }
      for (const segment of listSegments(dir, onGap)) {
        if (checkpoint === undefined || segment > checkpoint) files.push(openFile(dir, segment, undefined));
      }
      if (checkpoint === listCheckpoints(dir).at(-1)) return files;
    } catch (error) {
      // Deleted between listing and opening: the checkpoint that replaced it is there by now.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === OPEN_ATTEMPTS) {
        closeLog(files);
        throw error;
      }
    }
    closeLog(files);
  }
}

export function closeLog(files: readonly LogFile[]): void {
  for (const file of files) closeSync(file.fd);
}

function refuse(error: CorruptionError): never {
  throw error;
}

function openFile(dir: string, segment: number, checkpoint: number | undefined): LogFile {
  const path = join(dir, segmentName(segment));
  const fd = openSync(path, 'r');
  return { path, fd, sizeBytes: fstatSync(fd).size, segment, checkpoint };
}

function entries(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
