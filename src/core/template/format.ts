/** Go's `fmt.Sprintf`, for the verbs that make sense for values of templates (https://pkg.go.dev/fmt). */
import { formatF, formatG } from '../model/number.ts';
import { goQuote } from '../model/quote.ts';
import { formatValue, GoInt, type GoValue, typeName } from './value.ts';

const DIRECTIVE = /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d+)?)?([\s\S]?)/gu;

interface Spec {
  minus: boolean;
  plus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  width: number;
  /** Undefined where none was written. */
  precision: number | undefined;
}

export function sprintf(format: string, args: readonly GoValue[]): string {
  let used = 0;
  let bad = '';
  const out = format.replace(DIRECTIVE, (whole, flags: string, width, precision, verb: string) => {
    if (verb === '') return '%!(NOVERB)';
    const star = (text: string | undefined): number | undefined => {
      if (text !== '*') return text === undefined ? undefined : Number(text);
      const value = args[used++];
      return value instanceof GoInt ? value.value : undefined;
    };
    const wide = star(width);
    const spec: Spec = {
      minus: flags.includes('-') || (wide ?? 0) < 0,
      plus: flags.includes('+'),
      sharp: flags.includes('#'),
      space: flags.includes(' '),
      zero: flags.includes('0') && !flags.includes('-'),
      width: Math.abs(wide ?? 0),
      precision: star(precision) ?? (/\.[^\d*]?$/.test(whole.slice(0, -verb.length)) ? 0 : undefined),
    };
    if (verb === '%') return '%';
    if (used >= args.length) return `%!${verb}(MISSING)`;
    return formatVerb(verb, args[used++], spec);
  });
  if (used < args.length) {
    bad = `%!(EXTRA ${args
      .slice(used)
      .map((arg) => (arg === null || arg === undefined ? '<nil>' : `${typeName(arg)}=${formatValue(arg)}`))
      .join(', ')})`;
  }
  return out + bad;
}

function formatVerb(verb: string, value: GoValue, spec: Spec): string {
  if (verb === 'T') return padded(value == null ? '<nil>' : typeName(value), spec);
  if (verb === 'v') {
    if (typeof value === 'string' && spec.sharp) return padded(goQuote(value), spec);
    if (typeof value === 'number') return formatFloat('g', value, spec);
    if (value instanceof GoInt) return formatInteger('d', value.value, spec);
    return padded(formatValue(value ?? null), { ...spec, zero: false });
  }
  if (value === null || value === undefined) return `%!${verb}(<nil>)`;
  if (typeof value === 'number' && 'eEfFgG'.includes(verb)) return formatFloat(verb, value, spec);
  if (value instanceof GoInt && 'bcdoOqxXU'.includes(verb)) return formatInteger(verb, value.value, spec);
  if (typeof value === 'boolean' && verb === 't') return padded(String(value), spec);
  if (typeof value === 'string' && 'sqxX'.includes(verb)) return formatString(verb, value, spec);
  if (typeof value === 'object' && !(value instanceof GoInt) && verb === 's')
    return padded(formatValue(value), spec);
  return `%!${verb}(${typeName(value)}=${formatValue(value)})`;
}

function formatString(verb: string, text: string, spec: Spec): string {
  const cut = spec.precision === undefined ? text : [...text].slice(0, spec.precision).join('');
  if (verb === 's') return padded(cut, spec);
  if (verb === 'q') return padded(spec.sharp && !cut.includes('`') ? `\`${cut}\`` : goQuote(cut), spec);
  const hex = Buffer.from(text).toString('hex');
  return padded(verb === 'X' ? hex.toUpperCase() : hex, spec);
}

function formatInteger(verb: string, value: number, spec: Spec): string {
  if (verb === 'c') return padded(String.fromCodePoint(value), spec);
  if (verb === 'q') return padded(`'${String.fromCodePoint(value)}'`, spec);
  if (verb === 'U') return padded(`U+${value.toString(16).toUpperCase().padStart(4, '0')}`, spec);
  const base = { b: 2, o: 8, O: 8, d: 10, x: 16, X: 16 }[verb]!;
  let digits = Math.abs(value).toString(base);
  if (verb === 'X') digits = digits.toUpperCase();
  if (spec.precision !== undefined) digits = digits.padStart(spec.precision, '0');
  const prefix = verb === 'O' ? '0o' : !spec.sharp ? '' : ({ b: '0b', o: '0', x: '0x', X: '0X' }[verb] ?? '');
  return signed(value < 0, prefix + digits, { ...spec, zero: spec.zero && spec.precision === undefined });
}

function formatFloat(verb: string, value: number, spec: Spec): string {
  const negative = value < 0 || Object.is(value, -0);
  const abs = Math.abs(value);
  if (!Number.isFinite(value)) {
    const text = Number.isNaN(value) ? 'NaN' : 'Inf';
    const sign = negative ? '-' : spec.plus || text === 'Inf' ? '+' : '';
    return padded((text === 'NaN' && !spec.plus ? '' : sign) + text, { ...spec, zero: false });
  }
  let text: string;
  if (verb === 'e' || verb === 'E') text = twoDigits(abs.toExponential(Math.min(spec.precision ?? 6, 100)));
  else if (verb === 'f' || verb === 'F') text = fixed(abs, spec.precision ?? 6);
  else text = spec.precision === undefined ? formatG(abs) : significant(abs, spec.precision);
  if (verb === 'E' || verb === 'G') text = text.toUpperCase();
  return signed(negative, text, spec);
}

/** `%.3f`. JavaScript switches to exponents from 1e21 on. */
function fixed(abs: number, digits: number): string {
  if (abs < 1e21) return abs.toFixed(Math.min(digits, 100));
  const whole = formatF(abs);
  return digits === 0 ? whole : `${whole}.${'0'.repeat(digits)}`;
}

/** `%.4g` of a number that is not negative. */
export function significant(abs: number, precision: number): string {
  const digits = Math.max(1, Math.min(precision, 100));
  const [mantissa, exponent] = abs.toExponential(digits - 1).split('e');
  const power = Number(exponent);
  const trimmed = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
  const count = trimmed.replace('.', '').length;
  const threshold = digits > count && count >= power + 1 ? count : digits;
  if (power < -4 || power >= Math.max(threshold, 1)) {
    // What has trailing zeros before the point (1000 with %.4g) stays without an exponent.
    if (power < -4 || power >= digits) return twoDigits(`${trimmed}e${exponent}`);
  }
  const plain = abs.toFixed(Math.max(0, digits - 1 - power));
  return plain.includes('.') ? plain.replace(/\.?0+$/, '') : plain;
}

/** Go's exponents have two digits at least. */
function twoDigits(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

function signed(negative: boolean, digits: string, spec: Spec): string {
  const sign = negative ? '-' : spec.plus ? '+' : spec.space ? ' ' : '';
  if (spec.zero && spec.width > 0) return sign + digits.padStart(spec.width - sign.length, '0');
  return padded(sign + digits, spec);
}

function padded(text: string, { width, minus, zero }: Spec): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (minus) return text + ' '.repeat(missing);
  return (zero ? '0' : ' ').repeat(missing) + text;
}

/** Go's `fmt.Sprint`: spaces between operands where neither is a string. */
export function sprint(args: readonly GoValue[]): string {
  let out = '';
  for (let i = 0; i < args.length; i++) {
    if (i > 0 && typeof args[i] !== 'string' && typeof args[i - 1] !== 'string') out += ' ';
    out += formatValue(args[i] ?? null);
  }
  return out;
}
