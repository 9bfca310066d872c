/**
 * What becomes of a damaged log before anything is added to it. Prometheus, when it starts, deletes whatever follows
 * the damage, all later segments too; so the rest of the damaged file is set aside first, under a name that Prometheus
 * passes over, for whoever wants to save something from it. A segment may end anywhere: the next one goes on.
 */
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Cuts a file of a log off at `offset`, where its last whole record ends. Returns the path of what was cut off. Throws
 * the system's error, and then all is as it was.
 */
export function setAsideRest(path: string, offset: number): string {
  const aside = freeName(path);
  try {
    writeFileSync(aside, readFileSync(path).subarray(offset));
    truncateSync(path, offset);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
  return aside;
}

function freeName(path: string): string {
  for (let n = 0; ; n++) {
    const name = n === 0 ? `${basename(path)}.damaged` : `${basename(path)}.damaged.${n}`;
    const free = join(dirname(path), name);
    if (!existsSync(free)) return free;
  }
}
