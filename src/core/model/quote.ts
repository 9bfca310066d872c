/** Quoting as Go does it, for the messages and expressions where upstream prints `%q`. */

const PRINTABLE_ASCII = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

const NAMED: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/**
 * `text` in double quotes, as Go's `strconv.Quote` writes it: printable characters stay, the rest become `\n`,
 * `\x7f`, `\u00a0` or `\U000e0001`. A lone surrogate, which no Go string can hold, becomes U+FFFD.
 */
export function goQuote(text: string): string {
  if (PRINTABLE_ASCII.test(text)) return `"${text}"`;
  let out = '"';
  for (const c of text) out += NAMED[c] ?? (isPrintable(c) ? c : escapeRune(c.codePointAt(0)!));
  return `${out}"`;
}

/**
 * What Go's unicode.IsPrint accepts: letters, marks, numbers, punctuation, symbols, and of all spaces the ASCII one.
 * (Inside the function the pattern costs nothing until it is used; its Unicode classes take half a millisecond.)
 */
function isPrintable(c: string): boolean {
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(c);
}

function escapeRune(rune: number): string {
  if (rune < 0x20 || rune === 0x7f) return `\\x${rune.toString(16).padStart(2, '0')}`;
  // The replacement character is printable: Go leaves it as it is.
  if (rune >= 0xd800 && rune <= 0xdfff) return '\ufffd';
  if (rune < 0x10000) return `\\u${rune.toString(16).padStart(4, '0')}`;
  return `\\U${rune.toString(16).padStart(8, '0')}`;
}
