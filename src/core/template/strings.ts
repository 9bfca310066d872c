/** Go's string and character literals (https://go.dev/ref/spec#String_literals). */
import { GoInt } from './value.ts';

const ESCAPE = /\\(?:([abfnrtv\\"'])|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(.|$))/gs;

const NAMED: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

/** The value of a literal in double quotes or backquotes; undefined where an escape is not one. */
export function unquoteGo(literal: string): string | undefined {
  const inner = literal.slice(1, -1);
  if (literal.startsWith('`')) return inner.replaceAll('\r', '');
  if (!inner.includes('\\')) return inner;
  // Escapes may spell a character byte by byte, so the text is put together from bytes.
  const parts: Buffer[] = [];
  let from = 0;
  for (const match of inner.matchAll(ESCAPE)) {
    const value = escapeOf(match, '"');
    if (value === undefined) return undefined;
    const { code, isByte } = value;
    parts.push(Buffer.from(inner.slice(from, match.index)));
    parts.push(isByte ? Buffer.of(code) : Buffer.from(String.fromCodePoint(code)));
    from = match.index + match[0].length;
  }
  parts.push(Buffer.from(inner.slice(from)));
  return Buffer.concat(parts).toString();
}

/** The character of a literal in single quotes, which is an integer; a message where it is none. */
export function unquoteGoCharacter(literal: string): GoInt | string {
  const inner = literal.slice(1, -1);
  if (inner === '') return 'invalid syntax';
  const [match] = inner.startsWith('\\') ? inner.matchAll(ESCAPE) : [];
  const [first] = inner;
  const code = match === undefined ? first.codePointAt(0) : escapeOf(match, "'")?.code;
  if (code === undefined) return 'invalid syntax';
  const { length } = match === undefined ? first : match[0];
  return length === inner.length ? new GoInt(code) : `malformed character constant: ${literal}`;
}

/**
 * What an escape stands for: `\xff` and `\377` a byte, all others a character. Of the two quotes only `quote`, the one
 * that surrounds it, may be escaped. Undefined where it is no escape.
 */
function escapeOf(match: readonly string[], quote: string): { code: number; isByte: boolean } | undefined {
  const [, named, hex, short, long, octal] = match;
  if (named !== undefined) {
    const isOther = (named === '"' || named === "'") && named !== quote;
    return isOther ? undefined : { code: NAMED[named].charCodeAt(0), isByte: false };
  }
  const byte = hex !== undefined ? Number.parseInt(hex, 16) : Number.parseInt(octal, 8);
  if (byte <= 0xff) return { code: byte, isByte: true };
  const rune = Number.parseInt(short ?? long, 16);
  if (!(rune <= 0x10ffff) || (rune >= 0xd800 && rune <= 0xdfff)) return undefined;
  return { code: rune, isByte: false };
}
