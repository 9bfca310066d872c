/** A file that is read again when it has changed: secrets and certificates that are renewed under a running process. */
import { readFileSync, statSync } from 'node:fs';
import { InputError } from '../errors.ts';

export class LiveFile {
  readonly path: string;
  private stamp = '';
  private text = '';

  constructor(path: string) {
    this.path = path;
  }

  /** As it is now. Throws InputError (`unreadable_file`). */
  read(): string {
    try {
      const { mtimeMs, size, ino } = statSync(this.path);
      const stamp = `${mtimeMs}:${size}:${ino}`;
      if (stamp !== this.stamp) {
        this.text = readFileSync(this.path, 'utf8');
        this.stamp = stamp;
      }
      return this.text;
    } catch (error) {
      throw new InputError('unreadable_file', `unable to read file: ${(error as Error).message}`, {
        file: this.path,
      });
    }
  }

  /** A secret: without the line feed that files end with. */
  secret(): string {
    return this.read().trim();
  }
}

/** A secret that is given, or in a file; '' where neither. */
export function secretSource(inline: string, path: string): () => string {
  if (path === '') return () => inline;
  const file = new LiveFile(path);
  return () => file.secret();
}

/** As `secretSource`, for text of which every byte counts; undefined where there is none. */
export function textSource(inline: string, path: string): () => string | undefined {
  if (path === '') return () => inline || undefined;
  const file = new LiveFile(path);
  return () => file.read();
}
