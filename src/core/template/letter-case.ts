/** Letters in upper, lower and title case, character by character as Go maps them: `ß` has no upper case of its own. */

/** Letters that are two in one; in a title only the first of them is great. */
const TITLE: Readonly<Record<string, string>> = {
  ǆ: 'ǅ',
  Ǆ: 'ǅ',
  ǉ: 'ǈ',
  Ǉ: 'ǈ',
  ǌ: 'ǋ',
  Ǌ: 'ǋ',
  ǳ: 'ǲ',
  Ǳ: 'ǲ',
};

export function upperCase(text: string): string {
  return mapped(text, (c) => c.toUpperCase());
}

export function lowerCase(text: string): string {
  // The dotted I, which JavaScript keeps the dot of.
  return mapped(text, (c) => (c === '\u0130' ? 'i' : c.toLowerCase()));
}

/**
 * The first letter of each word in title case, all others as they are. Words are those of Unicode's annex 29: `a.b` and
 * `it's` are one word each, `a-b` and `a b` two.
 */
export function titleCase(text: string): string {
  return text.replace(/[\p{L}\p{M}\p{N}_]+(?:[.:'’·][\p{L}\p{M}\p{N}_]+)*/gu, (word) =>
    word.replace(/\p{L}/u, titleLetter),
  );
}

function titleLetter(c: string): string {
  const upper = TITLE[c] ?? c.toUpperCase();
  return upper.length > c.length ? upper[0] + upper.slice(1).toLowerCase() : upper;
}

/** What one character becomes must be one character. */
function mapped(text: string, map: (c: string) => string): string {
  let out = '';
  for (const c of text) {
    const other = map(c);
    out += [...other].length === 1 ? other : c;
  }
  return out;
}
