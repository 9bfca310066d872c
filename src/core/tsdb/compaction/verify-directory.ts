/** Checks a whole data directory: its blocks, how they fit together, its logs, and what a head keeps beside them. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Finding, verifyingBlock } from '../block/index.ts';
import { runSteps } from '../block/steps.ts';
import { overlaps, takeInventory } from './inventory.ts';
import { type HeadFinding, verifyChunkSnapshot, verifyingHeadChunks } from './verify-head.ts';
import { type LogFinding, verifyingLog } from './verify-log.ts';

export type DirectoryFinding =
  | Finding
  | LogFinding
  | HeadFinding
  | (Omit<Finding, 'code'> & { code: 'block' | 'overlap' | 'leftover' });

export interface VerifyDirectoryOptions {
  /** Called now and then with what is being checked and how far that is. */
  progress?: (what: string, done: number, total: number) => void;
}

/** Where Prometheus' snapshot API puts copies: data directories of their own. */
const SNAPSHOTS_DIR = 'snapshots';

/**
 * Checks a data directory or a single block; nothing is written. Beside a running server findings may be of its
 * unfinished work. Throws InputError `not_found`.
 */
export function verifyDirectory(dir: string, options: VerifyDirectoryOptions = {}): DirectoryFinding[] {
  return runSteps(verifyingDirectory(dir, options));
}

/** The same in steps of some milliseconds, between which others may work. */
export function* verifyingDirectory(
  dir: string,
  options: VerifyDirectoryOptions = {},
): Generator<void, DirectoryFinding[]> {
  const { blocks, leftovers } = takeInventory(dir);
  const findings: DirectoryFinding[] = [];
  const progressOf = (what: string) => (done: number, total: number) => options.progress?.(what, done, total);
  for (const { name, path, state } of blocks) {
    findings.push(...(yield* verifyingBlock(path, { progress: progressOf(name) })));
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
  if (blocks.length === 1 && blocks[0].path === dir) return findings;
  for (const log of ['wal', 'wbl']) {
    findings.push(...(yield* verifyingLog(join(dir, log), progressOf(join(dir, log)))));
  }
  findings.push(...(yield* verifyingHeadChunks(dir, progressOf(join(dir, 'chunks_head')))));
  findings.push(...verifyChunkSnapshot(dir));
  const snapshots = join(dir, SNAPSHOTS_DIR);
  for (const name of existsSync(snapshots) ? readdirSync(snapshots) : []) {
    findings.push(...(yield* verifyingDirectory(join(snapshots, name), options)));
  }
  return findings;
}
