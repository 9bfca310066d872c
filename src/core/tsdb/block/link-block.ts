/** A second name for a block, which costs nothing: what never changes in it is linked, the rest is copied. */
import { copyFileSync, linkSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { INDEX_FILE } from './block-reader.ts';
import { CHUNKS_DIR } from './chunk-segments.ts';
import { META_FILE } from './meta.ts';
import { TOMBSTONES_FILE } from './tombstones.ts';

/** Makes the block `to` of the files of the block `from`, which may go afterwards. Throws what the file system throws. */
export function linkBlock(from: string, to: string): void {
  mkdirSync(join(to, CHUNKS_DIR), { recursive: true });
  for (const name of readdirSync(join(from, CHUNKS_DIR)))
    link(join(from, CHUNKS_DIR, name), join(to, CHUNKS_DIR, name));
  link(join(from, INDEX_FILE), join(to, INDEX_FILE));
  // These change: a link would change with them, or not, depending on how they are written.
  for (const name of [META_FILE, TOMBSTONES_FILE]) {
    try {
      copyFileSync(join(from, name), join(to, name));
    } catch (error) {
      if (name === META_FILE || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

function link(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EXDEV' && code !== 'EPERM' && code !== 'EMLINK') throw error;
    copyFileSync(from, to);
  }
}
