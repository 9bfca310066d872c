/** Expressions that were run, oldest first, kept in a file between sessions as shells do. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const MOST_ENTRIES = 1000;

/** `$XDG_STATE_HOME/tsmon/query_history`. */
export function historyFile(): string {
  const state = process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state');
  return join(state, 'tsmon', 'query_history');
}

export class History {
  private readonly file: string;
  private entries: string[];

  /** A file that is not there, or cannot be read, is an empty history. */
  constructor(file: string) {
    this.file = file;
    try {
      this.entries = readFileSync(file, 'utf8')
        .split('\n')
        .filter((entry) => entry !== '');
    } catch {
      this.entries = [];
    }
  }

  get length(): number {
    return this.entries.length;
  }

  /** The entry that is `back` steps ago, 1 for the last one; undefined before the first. */
  at(back: number): string | undefined {
    return this.entries[this.entries.length - back];
  }

  /** Adds an expression, which then is the newest and there once. A file that cannot be written is no fault. */
  add(expression: string): void {
    if (expression === '' || expression === this.entries.at(-1)) return;
    this.entries = [...this.entries.filter((entry) => entry !== expression), expression].slice(-MOST_ENTRIES);
    try {
      mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 });
      writeFileSync(this.file, `${this.entries.join('\n')}\n`, { mode: 0o600 });
    } catch {
      // The session has it all the same.
    }
  }
}
