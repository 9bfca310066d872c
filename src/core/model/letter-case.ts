/**
 * Upper and lower case as Go's strings package has them: character by character, each to one character. JavaScript
 * also maps one to several (`ß` to `SS`) and looks at the neighbours of a sigma.
 */

export function toLowerCase(text: string): string {
  return isAscii(text) ? text.toLowerCase() : Array.from(text, lower).join('');
}

export function toUpperCase(text: string): string {
  return isAscii(text) ? text.toUpperCase() : Array.from(text, upper).join('');
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}

function lower(c: string): string {
  // The one capital whose full mapping is two characters.
  return c === 'İ' ? 'i' : c.toLowerCase();
}

function upper(c: string): string {
  const mapped = c.toUpperCase();
  const rune = c.codePointAt(0)!;
  if (mapped.length === String.fromCodePoint(mapped.codePointAt(0)!).length) return mapped;
  // Greek letters with an iota below have a capital of their own, 8 or 9 places on; the rest have none.
  for (const capital of [rune + 8, rune + 9]) {
    const candidate = String.fromCodePoint(capital);
    if (rune >= 0x1f80 && rune <= 0x1fff && candidate.toLowerCase() === c) return candidate;
  }
  return c;
}
