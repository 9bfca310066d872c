/** How much of a disk a directory takes, as Prometheus counts it: by the lengths of its files. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What the files of a directory take; 0 where it is not there. */
export function bytesOf(dir: string): number {
  let names: string[];
  try {
    names = readdirSync(dir, { recursive: true, encoding: 'utf8' });
  } catch {
    return 0;
  }
  return names.reduce((sum, name) => {
    const stat = statSync(join(dir, name), { throwIfNoEntry: false });
    return sum + (stat?.isFile() ? stat.size : 0);
  }, 0);
}
