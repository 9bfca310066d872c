/** Puts many files on disk: some at a time, so that the file system can write them together. */
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** As many as Node has threads for. */
const AT_A_TIME = 4;

/** Returns when everything below `dir`, and it itself, survives a power failure. Throws what the file system throws. */
export async function syncTree(dir: string): Promise<void> {
  const names = await readdir(dir, { recursive: true });
  const paths = [...names.map((name) => join(dir, name)), dir];
  let next = 0;
  const sync = async () => {
    while (next < paths.length) {
      const file = await open(paths[next++], 'r');
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, sync));
}
