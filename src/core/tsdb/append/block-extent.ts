/** How far the blocks of a data directory reach: the head, and so the log, holds only what is newer. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface BlockMeta {
  maxTime?: unknown;
  compaction?: { hints?: unknown };
}

/**
 * The time before which Prometheus takes nothing from the log: where the newest block made from samples that came in
 * order ends. -Infinity where there is none. Blocks that cannot be read do not count, as they do not for Prometheus.
 */
export function blocksEnd(dir: string): number {
  let end = Number.NEGATIVE_INFINITY;
  for (const name of blockNames(dir)) {
    let meta: BlockMeta;
    try {
      meta = JSON.parse(readFileSync(join(dir, name, 'meta.json'), 'utf8')) as BlockMeta;
    } catch {
      continue;
    }
    const hints = meta.compaction?.hints;
    if (Array.isArray(hints) && hints.includes('from-out-of-order')) continue;
    if (typeof meta.maxTime === 'number' && meta.maxTime > end) end = meta.maxTime;
  }
  return end;
}

/** Directories named by a ULID. */
function blockNames(dir: string): string[] {
  try {
    return readdirSync(dir).filter((name) => /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
