/** What promtool's commands about a data directory share: the directory, and the messages where there is none. */
import { existsSync } from 'node:fs';
import { Args } from '@oclif/core';
import { CommandFailure, EXIT_FAILED } from './command.ts';

export const databaseArg = Args.string({
  description: 'Database path (default is data/)',
  default: 'data/',
  ignoreStdin: true,
});

export function requireDatabase(dir: string): void {
  if (!existsSync(dir)) {
    throw new CommandFailure(EXIT_FAILED, `opening the db dir: stat ${dir}: no such file or directory`);
  }
}
