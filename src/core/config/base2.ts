/** Sizes as prometheus.yml has them: numbers with a unit, each a power of 1024, several in a row added up. */
import { InputError } from '../errors.ts';

const UNITS = ['B', 'K', 'M', 'G', 'T', 'P', 'E'];

/** `512MB`, `1.5GiB`, `1MiB512KiB`, `0`. Throws InputError (`bad_size`) in the words that upstream has for it. */
export function parseBase2(text: string): number {
  const wrong = (reason: string) => new InputError('bad_size', `units: ${reason} in ${text}`);
  const sign = text.startsWith('-') ? -1 : 1;
  let rest = text.replace(/^[-+]/, '');
  if (rest === '0') return 0;
  if (rest === '') throw new InputError('bad_size', `units: invalid ${text}`);
  let total = 0;
  while (rest !== '') {
    const match = /^(\d*\.?\d*)([^\d.]*)/.exec(rest)!;
    const [all, digits, unit] = match;
    if (!/\d/.test(digits)) throw new InputError('bad_size', `units: invalid ${text}`);
    const power = /^(?:B|([KMGTPE])(?:i?B))$/.exec(unit);
    if (power === null) throw wrong(`unknown unit ${unit}`);
    total += Number(digits) * 1024 ** UNITS.indexOf(power[1] ?? 'B');
    rest = rest.slice(all.length);
  }
  if (total > 2 ** 63) throw new InputError('bad_size', 'units: overflow parsing unit');
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
