/** Puts many files on disk: some at a time, so that the file system can write them together. */
import { closeSync, fsync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** As many as Node has threads for. */
const AT_A_TIME = 4;

const syncFile = promisify(fsync);

/** Returns when everything below `dir`, and it itself, survives a power failure. Throws what the file system throws. */
export async function syncTree(dir: string): Promise<void> {
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' });
  const paths = [...names.map((name) => join(dir, name)), dir];
  let next = 0;
  const sync = async () => {
    while (next < paths.length) {
      const fd = openSync(paths[next++], 'r');
      try {
        await syncFile(fd);
      } finally {
        closeSync(fd);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, sync));
}
