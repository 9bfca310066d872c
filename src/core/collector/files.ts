/**
 * Reading the small files of /proc and /sys: whole, synchronously, as text. Missing files are common there (another
 * kernel, other hardware), so asking whether one is there costs no exception.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { InputError } from '../errors.ts';

export class HostFiles {
  readonly procPath: string;
  readonly sysPath: string;
  readonly rootfsPath: string;

  constructor(paths: { procPath: string; sysPath: string; rootfsPath: string }) {
    this.procPath = paths.procPath;
    this.sysPath = paths.sysPath;
    this.rootfsPath = paths.rootfsPath;
  }

  proc(path: string): string {
    return `${this.procPath}/${path}`;
  }

  sys(path: string): string {
    return `${this.sysPath}/${path}`;
  }

  /** A path of the host as this process sees it. */
  rootfs(path: string): string {
    return this.rootfsPath === '/' ? path : this.rootfsPath + path;
  }
}

/** The file's text; throws Node's error (ENOENT, EACCES, …), which names the file. */
export function readText(file: string): string {
  return readFileSync(file, 'utf8');
}

/** The file's text, or undefined where there is no such file; other errors are thrown. */
export function readTextIfAny(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** The names in a folder, sorted; undefined where there is no such folder, or it is a file. */
export function listFolder(path: string): string[] | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return readdirSync(path).sort();
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Whether an error says that a file (or the device behind it) is not there. */
export function isAbsent(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENODEV' || code === 'ENOTDIR';
}

export function numberOrUndefined(text: string): number | undefined {
  if (text === '') return undefined;
  const v = Number(text);
  return Number.isNaN(v) ? undefined : v;
}

/** The number that `text` is; throws InputError with the file's name where it is none. */
export function parseNumber(text: string | undefined, file: string, line?: number): number {
  const v = numberOrUndefined(text ?? '');
  if (v === undefined) throw malformed(`expected a number, got ${JSON.stringify(text ?? '')}`, file, line);
  return v;
}

export function malformed(reason: string, file: string, line?: number): InputError {
  return new InputError('bad_host_file', reason, { file, line });
}

/** The words of a line, as separated by spaces and tabs. */
export function words(line: string): string[] {
  const trimmed = line.trim();
  return trimmed === '' ? [] : trimmed.split(/\s+/);
}
