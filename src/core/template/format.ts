/** Values of templates as Go's `fmt` prints them, verb by verb (https://pkg.go.dev/fmt). */
import { formatHistogram } from '../model/histogram-format.ts';
import { formatG } from '../model/number.ts';
import { goQuote } from '../model/quote.ts';
import { floatText } from './float-text.ts';
import {
  GoComplex,
  GoDuration,
  GoHistogram,
  GoHtml,
  GoInt,
  GoMap,
  GoStruct,
  GoTime,
  type GoValue,
  typeName,
} from './value.ts';

/** What stands between `%` and the verb. */
export interface Spec {
  minus: boolean;
  plus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  /** `%+v`: names of fields. */
  named: boolean;
  /** `%#v`: as Go's source would have it. */
  source: boolean;
  width: number | undefined;
  precision: number | undefined;
}

export const PLAIN: Spec = {
  minus: false,
  plus: false,
  sharp: false,
  space: false,
  zero: false,
  named: false,
  source: false,
  width: undefined,
  precision: undefined,
};

/** `%v`. */
export function formatValue(value: GoValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return formatG(value);
  return formatVerb('v', value, PLAIN, 0);
}

/** Sprint: spaces between operands where neither is a string. */
export function sprint(args: readonly GoValue[]): string {
  let out = '';
  for (let i = 0; i < args.length; i++) {
    if (i > 0 && !isText(args[i]) && !isText(args[i - 1])) out += ' ';
    out += formatValue(args[i]);
  }
  return out;
}

/** The value as the verb asks for it. `depth` is how many maps, lists and structs the value stands in. */
export function formatVerb(verb: string, value: GoValue, spec: Spec, depth = 0): string {
  if (value === null || value === undefined) {
    if (verb === 'v')
      return depth === 0 ? padded('<nil>', spec) : spec.source ? 'interface {}(nil)' : '<nil>';
    return verb === 'T' ? padded('<nil>', spec) : `%!${verb}(<nil>)`;
  }
  // An error is wrapped by %w; no value of a template is one.
  if (verb === 'w') return bad(verb, value, spec);
  if (verb === 'T' && depth === 0) return formatString('s', typeName(value), spec)!;
  switch (typeof value) {
    case 'boolean':
      return verb === 't' || verb === 'v' ? padded(String(value), spec) : bad(verb, value, spec);
    case 'number':
      return formatFloat(verb, value, spec) ?? bad(verb, value, spec);
    case 'string':
      return formatString(verb, value, spec) ?? bad(verb, value, spec);
  }
  if (value instanceof GoHtml) return formatString(verb, value.text, spec) ?? bad(verb, value, spec);
  if (value instanceof GoComplex) return formatComplex(verb, value, spec) ?? bad(verb, value, spec);
  const text = ownText(value);
  if (text !== undefined && !spec.source && 'vsxXq'.includes(verb)) {
    return formatString(verb, text, spec)!;
  }
  if (value instanceof GoInt) return formatInteger(verb, value.value, spec) ?? bad(verb, value, spec);
  if (value instanceof GoMap) return formatMap(verb, value, spec, depth);
  if (value instanceof GoStruct) return formatStruct(verb, value, spec, depth);
  if (Array.isArray(value)) {
    return `[${value.map((element) => formatVerb(verb, element, spec, depth + 1)).join(' ')}]`;
  }
  // Go would show the type's inner fields.
  return verb === 'v' ? padded(text ?? '', spec) : bad(verb, value, spec);
}

/** What the String method of the value's type says. */
function ownText(value: GoValue): string | undefined {
  if (value instanceof GoInt) return value.text;
  if (value instanceof GoTime || value instanceof GoDuration) return value.toString();
  return value instanceof GoHistogram ? formatHistogram(value.histogram) : undefined;
}

function isText(value: GoValue): boolean {
  return typeof value === 'string' || value instanceof GoHtml;
}

function bad(verb: string, value: GoValue, spec: Spec): string {
  return `%!${verb}(${typeName(value)}=${formatVerb('v', value, spec, 0)})`;
}

function formatMap(verb: string, map: GoMap, spec: Spec, depth: number): string {
  const entries = map
    .sortedKeys()
    .map(
      (key) =>
        `${formatVerb(verb, key, spec, depth + 1)}:${formatVerb(verb, map.entries.get(key), spec, depth + 1)}`,
    );
  return spec.source ? `${typeName(map)}{${entries.join(', ')}}` : `map[${entries.join(' ')}]`;
}

function formatStruct(
  verb: string,
  { type, isPointer, fields }: GoStruct,
  spec: Spec,
  depth: number,
): string {
  // What stands in a list is a pointer; Go shows where it points, which says nothing to anybody.
  const pointer = isPointer && depth === 0 ? '&' : '';
  const named = spec.named || spec.source;
  const entries = [...fields].map(
    ([name, value]) => `${named ? `${name}:` : ''}${formatVerb(verb, value, spec, depth + 1)}`,
  );
  return `${pointer}${spec.source ? type : ''}{${entries.join(spec.source ? ', ' : ' ')}}`;
}

function formatString(verb: string, text: string, spec: Spec): string | undefined {
  const cut = spec.precision === undefined ? text : [...text].slice(0, spec.precision).join('');
  switch (verb) {
    case 'v':
      return spec.source ? padded(goQuote(cut), spec) : padded(cut, spec);
    case 's':
      return padded(cut, spec);
    case 'q':
      return padded(spec.sharp && canBackquote(cut) ? `\`${cut}\`` : quoted(cut, spec), spec);
    case 'x':
      return hexBytes(text, spec);
    case 'X':
      return hexBytes(text, spec).toUpperCase();
    default:
      return undefined;
  }
}

function quoted(text: string, spec: Spec): string {
  const quote = goQuote(text);
  if (!spec.plus) return quote;
  return quote.replace(/[^\0-\x7f]/gu, (c) => {
    const hex = c.codePointAt(0)!.toString(16);
    return hex.length > 4 ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`;
  });
}

function canBackquote(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what a raw string cannot hold.
  return !/[\x00-\x08\x0a-\x1f`\x7f\ufeff]/.test(text);
}

/** Precision is a number of bytes. */
function hexBytes(text: string, spec: Spec): string {
  const bytes = Buffer.from(text).subarray(0, spec.precision);
  if (bytes.length === 0) return padded('', { ...spec, zero: false });
  const prefix = spec.sharp ? '0x' : '';
  const hex = bytes.toString('hex');
  return padded(prefix + (spec.space ? hex.match(/../g)!.join(` ${prefix}`) : hex), spec);
}

const BASES: Readonly<Record<string, number>> = { v: 10, d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };
const PREFIXES: Readonly<Record<string, string>> = { b: '0b', x: '0x', X: '0X' };

function formatInteger(verb: string, value: bigint, spec: Spec): string | undefined {
  if (verb === 'c') return padded(rune(value), spec);
  if (verb === 'q') {
    const quote = quoted(rune(value), spec).slice(1, -1).replace('\\"', '"').replace("'", "\\'");
    return padded(`'${quote}'`, spec);
  }
  if (verb === 'U') return padded(codePoint(value, spec), { ...spec, zero: false });
  const base = BASES[verb];
  if (base === undefined) return undefined;
  const negative = value < 0n;
  let digits = (negative ? -value : value).toString(base);
  if (verb === 'X') digits = digits.toUpperCase();
  const blank = { ...spec, zero: false };
  if (spec.precision !== undefined) {
    if (spec.precision === 0 && value === 0n) return padded('', blank);
    digits = digits.padStart(spec.precision, '0');
  } else if (spec.zero && !spec.minus && spec.width !== undefined) {
    digits = digits.padStart(spec.width - (negative || spec.plus || spec.space ? 1 : 0), '0');
  }
  if (spec.sharp)
    digits = base === 8 && !digits.startsWith('0') ? `0${digits}` : (PREFIXES[verb] ?? '') + digits;
  if (verb === 'O') digits = `0o${digits}`;
  return padded((negative ? '-' : spec.plus ? '+' : spec.space ? ' ' : '') + digits, blank);
}

function rune(value: bigint): string {
  const valid = value >= 0n && value <= 0x10ffffn && (value < 0xd800n || value > 0xdfffn);
  return valid ? String.fromCodePoint(Number(value)) : '\ufffd';
}

/** `U+0041 'A'`. */
function codePoint(value: bigint, spec: Spec): string {
  const hex = BigInt.asUintN(64, value).toString(16).toUpperCase();
  const c = rune(value);
  const shown = spec.sharp && value <= 0x10ffffn && value >= 0n && /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(c);
  return `U+${hex.padStart(Math.max(4, spec.precision ?? 0), '0')}${shown ? ` '${c}'` : ''}`;
}

function formatFloat(verb: string, value: number, spec: Spec): string | undefined {
  if (!'vbgGxXfFeE'.includes(verb)) return undefined;
  const lower = verb === 'v' ? 'g' : verb.toLowerCase();
  const negative = value < 0 || Object.is(value, -0);
  let sign = negative ? '-' : spec.plus ? '+' : spec.space ? ' ' : '';
  if (!Number.isFinite(value)) {
    const text = Number.isNaN(value) ? 'NaN' : 'Inf';
    if (text === 'Inf' && sign === '') sign = '+';
    return padded(sign + text, { ...spec, zero: false });
  }
  const precision = spec.precision ?? ('ef'.includes(lower) ? 6 : undefined);
  let text = floatText(lower, Math.abs(value), precision);
  if (spec.sharp && verb !== 'b') text = withPoint(text, verb, precision);
  if ('GXE'.includes(verb)) text = text.toUpperCase();
  // Zeros go between the sign and the digits.
  if (sign !== '' && spec.zero && !spec.minus)
    return sign + padded(text, { ...spec, width: (spec.width ?? 0) - 1 });
  return padded(sign + text, spec);
}

/** `%#g` keeps the point and the zeros behind it, `%#x` too; the other verbs just have a point. */
function withPoint(text: string, verb: string, precision: number | undefined): string {
  const isHex = verb === 'x' || verb === 'X';
  const [, mantissa, tail] = (isHex ? /^(.*?)(p.*)?$/ : /^(.*?)(e.*)?$/).exec(text)!;
  // Of 0x1, the x counts as a digit.
  const digits = isHex ? mantissa.slice(1) : mantissa.replace(/^[0.]+/, '');
  const wanted = 'vgGx'.includes(verb) ? (precision ?? 6) : 0;
  const missing = wanted - digits.replace('.', '').length - (mantissa === '0' ? 1 : 0);
  return `${mantissa}${mantissa.includes('.') ? '' : '.'}${'0'.repeat(Math.max(0, missing))}${tail ?? ''}`;
}

function formatComplex(verb: string, { real, imaginary }: GoComplex, spec: Spec): string | undefined {
  const first = formatFloat(verb, real, spec);
  return first === undefined
    ? undefined
    : `(${first}${formatFloat(verb, imaginary, { ...spec, plus: true })}i)`;
}

function padded(text: string, { width = 0, minus, zero }: Spec): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (minus) return text + ' '.repeat(missing);
  return (zero ? '0' : ' ').repeat(missing) + text;
}
