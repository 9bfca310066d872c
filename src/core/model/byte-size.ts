/**
 * Sizes in bytes: as Prometheus' configuration reads and writes them, as people write them in flags, and short, for
 * people to read. Units are powers of 1024 whether spelled KB or KiB.
 */
import { InputError } from '../errors.ts';

const UNITS = ['B', 'K', 'M', 'G', 'T', 'P', 'E'];

/**
 * `512MB`, `1.5GiB`, `1MiB512KiB`, `0`: numbers with a unit each, several in a row added up. Throws InputError
 * (`bad_size`) in the words that upstream has for it.
 */
export function parseBase2(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  let rest = text.replace(/^[-+]/, '');
  if (rest === '0') return 0;
  if (rest === '') throw badSize(`units: invalid ${text}`);
  let total = 0;
  while (rest !== '') {
    const [all, digits, unit] = /^(\d*\.?\d*)([^\d.]*)/.exec(rest)!;
    if (!/\d/.test(digits)) throw badSize(`units: invalid ${text}`);
    const power = /^(?:B|([KMGTPE])(?:i?B))$/.exec(unit);
    if (power === null) throw badSize(`units: unknown unit ${unit} in ${text}`);
    total += Number(digits) * 1024 ** UNITS.indexOf(power[1] ?? 'B');
    rest = rest.slice(all.length);
  }
  if (total > 2 ** 63) throw badSize('units: overflow parsing unit');
  return sign * Math.trunc(total);
}

/** `1MiB512KiB`, `0B`. */
export function formatBase2(bytes: number): string {
  if (bytes === 0) return '0B';
  let out = bytes < 0 ? '-' : '';
  let rest = Math.abs(bytes);
  for (let power = UNITS.length - 1; power >= 0; power--) {
    const unit = 1024 ** power;
    const count = Math.floor(rest / unit);
    if (count === 0) continue;
    out += `${count}${UNITS[power]}${power === 0 ? '' : 'iB'}`;
    rest -= count * unit;
  }
  return out;
}

/** For flags: throws InputError (`bad_size`) for anything else than `10MB`, `1.5g`, or a whole number of bytes. */
export function parseByteSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(?:([KMGTPE]?)(?:i(?=B))?B?)$/i.exec(text.trim());
  const power = match === null ? -1 : UNITS.indexOf(match[2].toUpperCase() || 'B');
  const size = power < 0 ? Number.NaN : Math.round(Number(match![1]) * 1024 ** power);
  if (!Number.isSafeInteger(size)) throw badSize(`"${text}" is not a size: write 10MB or 1.5GB`);
  return size;
}

/** At most three digits and a unit: `987B`, `1.21MB`, `34.5KB`. */
export function formatByteSize(bytes: number): string {
  let power = 0;
  let size = bytes;
  while (size >= 999.5 && power < UNITS.length - 1) {
    size /= 1024;
    power++;
  }
  return power === 0 ? `${size}B` : `${Number(size.toPrecision(3))}${UNITS[power]}B`;
}

function badSize(reason: string): InputError {
  return new InputError('bad_size', reason);
}
