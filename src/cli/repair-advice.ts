/** Says of damage in a data directory what can be done about it. */
import { basename, dirname } from 'node:path';
import { CorruptionError } from '../core/errors.ts';

/** A part of a data directory: a log, the head's chunks, a block. */
const PART = /^(?:wal|wbl|chunks_head|[0-7][0-9A-HJKMNP-TV-Z]{25})$/;

export function repairAdvice(dir: string): string {
  return `"tsmon tsdb repair --to ${dir}" saves what can be saved`;
}

/** The error, with what helps in its message where it is damage in a data directory. */
export function advised<T extends Error>(error: T): T | CorruptionError {
  if (!(error instanceof CorruptionError)) return error;
  const dir = dataDirectoryOf(error.place.file);
  return dir === undefined
    ? error
    : new CorruptionError(`${error.reason}; ${repairAdvice(dir)}`, error.place);
}

/** Gives the first of many errors the advice. */
export function advisedOnce(tell: (error: CorruptionError) => void): (error: CorruptionError) => void {
  let isFirst = true;
  return (error) => {
    tell(isFirst ? advised(error) : error);
    isFirst = false;
  };
}

function dataDirectoryOf(file = ''): string | undefined {
  for (let path = file; path !== '' && dirname(path) !== path; path = dirname(path)) {
    if (PART.test(basename(path))) return dirname(path);
  }
  return undefined;
}
