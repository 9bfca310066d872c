/**
 * The values of numbers and strings as PromQL writes them, which is as Go does (https://go.dev/ref/spec#Lexical_elements):
 * integers in decimal, hexadecimal and octal (a leading 0), floats, underscores between digits, `Inf` and `NaN`;
 * strings in double or single quotes with escapes, or in backticks without.
 *
 * A Go string is bytes, and `"\xff"` is one that is not UTF-8. Such bytes become lone surrogates (0xff is U+DCFF),
 * which no other string has, so that nothing is lost and `quoteString` can write them back.
 */
import { goFloatError, parseGoFloat } from '../../model/number.ts';
import { goQuote } from '../../model/quote.ts';

const PLAIN = /^(?:0|[1-9]\d*|\d*\.\d+|\d+\.)(?:e[+-]?\d+)?$/i;
const OCTAL = /^0_?[0-7](?:_?[0-7])*$/;
const HEXADECIMAL = /^0[xX](?:_?[\da-fA-F])+$/;
const MAX_INT64 = 0x7fff_ffff_ffff_ffffn;

/** The value of a number token, or the reason (Go's words) why it has none. */
export function parseNumber(text: string): number | string {
  if (PLAIN.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : goFloatError(text);
  }
  if (OCTAL.test(text)) return parseInteger(`0o${text.slice(1).replaceAll('_', '')}`) ?? Number(text);
  if (HEXADECIMAL.test(text)) return parseInteger(text.replaceAll('_', '')) ?? goFloatError(text);
  return parseGoFloat(text) ?? goFloatError(text);
}

/** Undefined where 63 bits are not enough. */
function parseInteger(text: string): number | undefined {
  const value = BigInt(text);
  return value > MAX_INT64 ? undefined : Number(value);
}

/** The value of a string token, quotes included in `text`; its escapes must be valid, as the lexer has made sure. */
export function unquoteString(text: string): string {
  const body = text.slice(1, -1);
  if (text.charCodeAt(0) === 0x60 || !body.includes('\\')) return body;
  if (!/\\[x0-7]/.test(body)) return unescapeCharacters(body);
  // Bytes: they may be parts of a character, or of none.
  return decodeBytes(unescapeBytes(body));
}

/** As Go's `strconv.Quote`: also of strings with bytes that are not UTF-8. */
export function quoteString(text: string): string {
  if (text.isWellFormed()) return goQuote(text);
  let out = '';
  for (const c of text) out += c.isWellFormed() ? goQuote(c).slice(1, -1) : `\\x${byteOf(c).toString(16)}`;
  return `"${out}"`;
}

/** The string as JSON and terminals can show it: U+FFFD for every byte that is not UTF-8. */
export function toValidText(text: string): string {
  return text.toWellFormed();
}

function byteOf(c: string): number {
  return c.charCodeAt(0) - 0xdc00;
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

const ESCAPE = /\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8})|x([\da-fA-F]{2})|([0-7]{3})|(.))/gsu;

function unescapeCharacters(body: string): string {
  return body.replace(ESCAPE, (_, short, long, _hex, _octal, other) =>
    other === undefined
      ? String.fromCodePoint(Number.parseInt(short ?? long, 16))
      : (ESCAPES[other] ?? other),
  );
}

function unescapeBytes(body: string): Buffer {
  const parts: Buffer[] = [];
  let last = 0;
  for (const match of body.matchAll(ESCAPE)) {
    const [whole, short, long, hexadecimal, octal, other] = match;
    parts.push(Buffer.from(body.slice(last, match.index)));
    last = match.index + whole.length;
    if (hexadecimal !== undefined) parts.push(Buffer.of(Number.parseInt(hexadecimal, 16)));
    else if (octal !== undefined) parts.push(Buffer.of(Number.parseInt(octal, 8)));
    else if (other !== undefined) parts.push(Buffer.from(ESCAPES[other] ?? other));
    else parts.push(Buffer.from(String.fromCodePoint(Number.parseInt(short ?? long, 16))));
  }
  parts.push(Buffer.from(body.slice(last)));
  return Buffer.concat(parts);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8, with lone surrogates for the bytes that are not. */
function decodeBytes(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    // Character by character below.
  }
  let out = '';
  for (let i = 0; i < bytes.length; ) {
    const length = lengthOfCharacter(bytes, i);
    if (length === 0) out += String.fromCharCode(0xdc00 + bytes[i++]);
    else out += bytes.toString('utf8', i, (i += length));
  }
  return out;
}

/** How many bytes the character at `i` has, or 0 where there is none. */
function lengthOfCharacter(bytes: Buffer, i: number): number {
  for (let length = 1; length <= 4 && i + length <= bytes.length; length++) {
    try {
      utf8.decode(bytes.subarray(i, i + length));
      return length;
    } catch {
      // Too short yet, or none.
    }
  }
  return 0;
}
