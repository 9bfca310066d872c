/**
 * Attributes of sysfs: files with one short value each, named and documented by their drivers. Which of them a
 * folder has depends on kernel and hardware, and a driver may refuse to tell one (EINVAL, EIO, ENODATA): both mean
 * that there is nothing to say.
 */
import { existsSync, readFileSync } from 'node:fs';
import { listFolder, numberOrUndefined } from './files.ts';

/** The trimmed text of one attribute, or undefined where it is missing or not told. */
export function attribute(file: string): string | undefined {
  return existsSync(file) ? readAttribute(file) : undefined;
}

/** The number in one attribute, or undefined where it is missing, not told, or no number. */
export function numericAttribute(file: string): number | undefined {
  const text = attribute(file);
  return text === undefined ? undefined : numberOrUndefined(text);
}

/** The attributes in one folder: it is listed once, which is cheaper than to ask for each whether it is there. */
export class Attributes {
  readonly path: string;
  /** Of attributes and folders alike, sorted. */
  readonly names: readonly string[];
  private readonly present: ReadonlySet<string>;

  private constructor(path: string, names: readonly string[]) {
    this.path = path;
    this.names = names;
    this.present = new Set(names);
  }

  /** Undefined where `path` is no folder. */
  static in(path: string): Attributes | undefined {
    const names = listFolder(path);
    return names === undefined ? undefined : new Attributes(path, names);
  }

  has(name: string): boolean {
    return this.present.has(name);
  }

  /** Trimmed; '' where the attribute is missing, empty or not told. */
  text(name: string): string {
    return this.present.has(name) ? (readAttribute(`${this.path}/${name}`) ?? '') : '';
  }

  /** Undefined where the attribute is missing, not told, or no number. */
  number(name: string): number | undefined {
    return numberOrUndefined(this.text(name));
  }
}

function readAttribute(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}
