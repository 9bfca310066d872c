/** statfs(2) of one file system. It blocks for as long as the file system takes to answer. */
import { statfsSync } from 'node:fs';
import type { FsStatus } from './filesystem-families.ts';

/** The status, or what is wrong in the system's words (`no such file or directory`). */
export function statFilesystem(path: string): FsStatus | string {
  try {
    const fs = statfsSync(path);
    return {
      blockSize: fs.bsize,
      blocks: fs.blocks,
      blocksFree: fs.bfree,
      blocksAvailable: fs.bavail,
      files: fs.files,
      filesFree: fs.ffree,
    };
  } catch (error) {
    const { message } = error as Error;
    // `ENOENT: no such file or directory, statfs '/x'`
    return /^[A-Z0-9]+: (.*?)(?:, \w+ '.*)?$/.exec(message)?.[1] ?? message;
  }
}
