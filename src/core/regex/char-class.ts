/**
 * Sets of code points as sorted, disjoint, non-adjacent ranges: [from, to, from, to, …], both inclusive.
 */
export type CharClass = readonly number[];

export const MAX_RUNE = 0x10ffff;

export const ANY: CharClass = [0, MAX_RUNE];
export const ANY_BUT_NEWLINE: CharClass = [0, 9, 11, MAX_RUNE];
export const EMPTY_CLASS: CharClass = [];

export function charClass(ranges: readonly number[]): CharClass {
  const pairs: [number, number][] = [];
  for (let i = 0; i < ranges.length; i += 2) pairs.push([ranges[i], ranges[i + 1]]);
  pairs.sort((a, b) => a[0] - b[0]);
  const out: number[] = [];
  for (const [from, to] of pairs) {
    const last = out.length - 1;
    if (last > 0 && from <= out[last] + 1) out[last] = Math.max(out[last], to);
    else out.push(from, to);
  }
  return out;
}

export function union(a: CharClass, b: CharClass): CharClass {
  if (a.length === 0) return b;
  return b.length === 0 ? a : charClass([...a, ...b]);
}

export function negate(a: CharClass): CharClass {
  const out: number[] = [];
  let next = 0;
  for (let i = 0; i < a.length; i += 2) {
    if (a[i] > next) out.push(next, a[i] - 1);
    next = a[i + 1] + 1;
  }
  if (next <= MAX_RUNE) out.push(next, MAX_RUNE);
  return out;
}

export function overlap(a: CharClass, b: CharClass): boolean {
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (a[i + 1] < b[j]) i += 2;
    else if (b[j + 1] < a[i]) j += 2;
    else return true;
  }
  return false;
}

/** How many code points the class holds. */
export function sizeOf(a: CharClass): number {
  let size = 0;
  for (let i = 0; i < a.length; i += 2) size += a[i + 1] - a[i] + 1;
  return size;
}

/** The class's members as strings. */
export function members(a: CharClass): string[] {
  const out: string[] = [];
  for (let i = 0; i < a.length; i += 2) {
    for (let rune = a[i]; rune <= a[i + 1]; rune++) out.push(String.fromCodePoint(rune));
  }
  return out;
}

/**
 * The class with everything that Unicode's simple folding puts beside its members; undefined where that takes more
 * than ASCII, whose folding is all that is known here.
 */
export function foldAscii(a: CharClass): CharClass | undefined {
  if (a.length > 0 && a[a.length - 1] > 0x7f) return undefined;
  const out = [...a];
  for (let i = 0; i < a.length; i += 2) {
    for (let rune = a[i]; rune <= a[i + 1]; rune++) {
      const lower = rune | 0x20;
      if (lower < 0x61 || lower > 0x7a) continue;
      out.push(lower, lower, lower - 0x20, lower - 0x20);
      // Two ASCII letters have a third case: the Kelvin sign and the long s.
      if (lower === 0x6b) out.push(0x212a, 0x212a);
      if (lower === 0x73) out.push(0x17f, 0x17f);
    }
  }
  return charClass(out);
}

/** Perl's classes as RE2 has them: ASCII only. */
export const PERL_CLASSES: ReadonlyMap<string, CharClass> = new Map([
  ['d', ranges('09')],
  ['s', charClass([9, 10, 12, 13, 32, 32])],
  ['w', ranges('09AZaz__')],
]);

/** The names between `[:` and `:]`. */
export const POSIX_CLASSES: ReadonlyMap<string, CharClass> = new Map([
  ['alnum', ranges('09AZaz')],
  ['alpha', ranges('AZaz')],
  ['ascii', [0, 0x7f]],
  ['blank', charClass([9, 9, 32, 32])],
  ['cntrl', [0, 0x1f, 0x7f, 0x7f]],
  ['digit', ranges('09')],
  ['graph', ranges('!~')],
  ['lower', ranges('az')],
  ['print', ranges(' ~')],
  ['punct', ranges('!/:@[`{~')],
  ['space', [9, 13, 32, 32]],
  ['upper', ranges('AZ')],
  ['word', ranges('09AZaz__')],
  ['xdigit', ranges('09AFaf')],
]);

function ranges(ends: string): CharClass {
  return charClass([...ends].map((c) => c.charCodeAt(0)));
}
