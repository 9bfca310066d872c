/**
 * Sizes in bytes as Prometheus' configuration writes them: a number and a unit. Units are powers of 1024 whether
 * spelled KB or KiB.
 */
import { InputError } from '../errors.ts';

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB', 'EB'];

/** Throws InputError (`bad_size`) for anything else than `10MB`, `1.5GiB`, or a whole number of bytes. */
export function parseByteSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(?:([KMGTPE]?)(?:i(?=B))?B?)$/i.exec(text.trim());
  const unit = match === null ? -1 : UNITS.indexOf(`${match[2].toUpperCase()}B`);
  const size = unit < 0 ? Number.NaN : Math.round(Number(match![1]) * 1024 ** unit);
  if (!Number.isSafeInteger(size))
    throw new InputError('bad_size', `"${text}" is not a size: write 10MB or 1.5GB`);
  return size;
}

/** At most three digits and a unit: `987B`, `1.21MB`, `34.5KB`. */
export function formatByteSize(bytes: number): string {
  let unit = 0;
  let size = bytes;
  while (size >= 999.5 && unit < UNITS.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${unit === 0 ? size : Number(size.toPrecision(3))}${UNITS[unit]}`;
}
