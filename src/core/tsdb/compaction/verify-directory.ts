/** Checks a whole data directory: its blocks, how they fit together, and every record of its logs. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CorruptionError } from '../../errors.ts';
import { type Finding, verifyBlock } from '../block/index.ts';
import { closeLog, LogReader, openLog } from '../wal/index.ts';
import { overlaps, takeInventory } from './inventory.ts';

export type DirectoryFinding =
  | Finding
  | (Omit<Finding, 'code'> & {
      code: 'block' | 'overlap' | 'leftover' | 'log' | 'log-tail';
    });

export interface VerifyDirectoryOptions {
  /** Called now and then with what is being checked and how far that is; may throw, which ends the search. */
  progress?: (what: string, done: number, total: number) => void;
}

/**
 * Checks a data directory or a single block; nothing is written. Beside a running server findings may be of its
 * unfinished work. Throws InputError `not_found`.
 */
export function verifyDirectory(dir: string, options: VerifyDirectoryOptions = {}): DirectoryFinding[] {
  const { blocks, leftovers } = takeInventory(dir);
  const findings: DirectoryFinding[] = [];
  for (const { name, path, state } of blocks) {
    const progress = (done: number, total: number) => options.progress?.(name, done, total);
    findings.push(...verifyBlock(path, { progress }));
    if (state === 'replaced' || state === 'deletable') {
      findings.push({
        severity: 'warning',
        code: 'block',
        file: path,
        message: `is ${state}, and can be removed`,
      });
    }
  }
  for (const [a, b] of overlaps(blocks)) {
    findings.push({ severity: 'warning', code: 'overlap', file: b.path, message: `overlaps with ${a.name}` });
  }
  for (const file of leftovers) {
    findings.push({ severity: 'warning', code: 'leftover', file, message: 'is left from unfinished work' });
  }
  for (const log of ['wal', 'wbl']) {
    if (existsSync(join(dir, log))) verifyLog(join(dir, log), findings, options);
  }
  return findings;
}

/** Reads every record of a log: its framing, checksum and compression. What follows damage is lost to a server. */
function verifyLog(dir: string, findings: DirectoryFinding[], { progress }: VerifyDirectoryOptions): void {
  const files = openLog(dir);
  try {
    const reader = new LogReader(files);
    let reported = -1;
    while (reader.next()) {
      if (reader.fileIndex === reported) continue;
      reported = reader.fileIndex;
      progress?.(dir, reported, files.length);
    }
    if (reader.torn) {
      const message = `ends within a record; what is before byte ${reader.dataEnd} is whole`;
      findings.push({
        severity: 'warning',
        code: 'log-tail',
        file: reader.file.path,
        offset: reader.dataEnd,
        message,
      });
    }
  } catch (error) {
    if (!(error instanceof CorruptionError)) throw error;
    const { file = dir, offset } = error.place;
    findings.push({
      severity: 'error',
      code: 'log',
      file,
      ...(offset !== undefined && { offset }),
      message: `${error.reason}; a server drops what follows`,
    });
  } finally {
    closeLog(files);
  }
}
