/** The functions that every Go template has, except `and` and `or`, which do not evaluate all their arguments. */
import { compareStrings } from '../model/labels.ts';
import { sprint, sprintf } from './format.ts';
import { CallError, type FunctionTable, lookUp, type TemplateFunction } from './function.ts';
import { formatValue, GoInt, GoMap, type GoValue, isTrue, typeName } from './value.ts';

const anything = (call: TemplateFunction['call'], least = 0): TemplateFunction => ({
  parameters: new Array(least).fill('any'),
  variadic: 'any',
  call,
});

const two = (call: (a: GoValue, b: GoValue) => GoValue): TemplateFunction => ({
  parameters: ['any', 'any'],
  call: (a, b) => call(a, b),
});

export const BUILTINS: FunctionTable = new Map<string, TemplateFunction>([
  ['not', { parameters: ['any'], call: (value) => !isTrue(value) }],
  ['print', anything((...args) => sprint(args))],
  ['println', anything((...args) => `${args.map((arg) => formatValue(arg ?? null)).join(' ')}\n`)],
  [
    'printf',
    { parameters: ['string'], variadic: 'any', call: (format, ...args) => sprintf(format as string, args) },
  ],
  ['html', anything((...args) => escapeHtml(joined(args)))],
  ['js', anything((...args) => escapeJs(joined(args)))],
  ['urlquery', anything((...args) => queryEscape(joined(args)))],
  ['len', { parameters: ['any'], call: (value) => new GoInt(lengthOf(value)) }],
  ['index', anything((value, ...keys) => keys.reduce(element, value), 1)],
  ['call', anything(callValue, 1)],
  ['slice', anything((value, ...bounds) => slice(value, bounds), 1)],
  ['eq', anything((first, ...others) => equalsAny(first, others), 1)],
  ['ne', two((a, b) => !equals(a, b))],
  ['lt', two((a, b) => less(a, b))],
  ['le', two((a, b) => less(a, b) || equals(a, b))],
  ['gt', two((a, b) => !(less(a, b) || equals(a, b)))],
  ['ge', two((a, b) => !less(a, b))],
]);

function joined(args: readonly GoValue[]): string {
  return args.length === 1 && typeof args[0] === 'string' ? args[0] : sprint(args);
}

function lengthOf(value: GoValue): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (value instanceof GoMap) return value.entries.size;
  if (Array.isArray(value)) return value.length;
  throw new CallError(value == null ? 'len of nil pointer' : `len of type ${typeName(value)}`);
}

function element(value: GoValue, key: GoValue): GoValue {
  if (value instanceof GoMap) {
    if (typeof key !== 'string') throw new CallError(`value has type ${typeName(key)}; should be string`);
    return lookUp(value, key);
  }
  if (typeof value === 'string') {
    const bytes = Buffer.from(value);
    return new GoInt(bytes[indexIn(key, bytes.length)]);
  }
  if (Array.isArray(value)) return value[indexIn(key, value.length)];
  if (value == null) throw new CallError('index of untyped nil');
  throw new CallError(`can't index item of type ${typeName(value)}`);
}

function indexIn(key: GoValue, length: number): number {
  if (!(key instanceof GoInt)) {
    throw new CallError(
      key == null
        ? 'cannot index slice/array with nil'
        : `cannot index slice/array with type ${typeName(key)}`,
    );
  }
  if (key.value < 0 || key.value >= length) throw new CallError(`index out of range: ${key.value}`);
  return key.value;
}

function slice(value: GoValue, bounds: readonly GoValue[]): GoValue {
  if (bounds.length > 3) throw new CallError(`too many slice indexes: ${bounds.length}`);
  const source = typeof value === 'string' ? Buffer.from(value) : value;
  if (!Array.isArray(source) && !(source instanceof Uint8Array)) {
    throw new CallError(
      value == null ? 'slice of untyped nil' : `can't slice item of type ${typeName(value)}`,
    );
  }
  const at = bounds.map((bound) => indexIn(bound, source.length + 1));
  const [from = 0, to = source.length] = at;
  if (from > to) throw new CallError(`invalid slice index: ${from} > ${to}`);
  return source instanceof Uint8Array
    ? Buffer.from(source.subarray(from, to)).toString()
    : source.slice(from, to);
}

function incompatible(a: GoValue, b: GoValue): CallError {
  return new CallError(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);
}

/** No value of a template is a function. */
function callValue(value: GoValue): GoValue {
  if (value == null) throw new CallError('call of nil');
  throw new CallError(`non-function ${formatValue(value)} of type ${typeName(value)}`);
}

type Basic = 'bool' | 'int' | 'float' | 'string';

function basicKind(value: GoValue): Basic {
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return 'float';
  if (typeof value === 'string') return 'string';
  if (value instanceof GoInt) return 'int';
  throw new CallError('invalid type for comparison');
}

function equalsAny(first: GoValue, others: readonly GoValue[]): boolean {
  if (others.length === 0) throw new CallError('missing argument for comparison');
  return others.some((other) => equals(first, other));
}

function equals(a: GoValue, b: GoValue): boolean {
  if (a == null || b == null) return a == null && b == null;
  if (a instanceof GoMap || b instanceof GoMap || Array.isArray(a) || Array.isArray(b)) {
    throw new CallError(`non-comparable type ${formatValue(a)}: ${typeName(a)}`);
  }
  if (basicKind(a) !== basicKind(b)) throw incompatible(a, b);
  return plain(a) === plain(b);
}

function less(a: GoValue, b: GoValue): boolean {
  const kind = basicKind(a);
  if (kind !== basicKind(b)) throw incompatible(a, b);
  if (kind === 'bool') throw new CallError('invalid type for comparison');
  if (kind === 'string') return compareStrings(a as string, b as string) < 0;
  return plain(a)! < plain(b)!;
}

function plain(value: GoValue): GoValue {
  return value instanceof GoInt ? value.value : value;
}

const HTML: Readonly<Record<string, string>> = {
  '\0': '\ufffd',
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
};

function escapeHtml(text: string): string {
  return text.replace(/[\0"'&<>]/g, (c) => HTML[c]);
}

const JS: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
};

function escapeJs(text: string): string {
  return text.replace(/[\\'"<>&=]|\p{Cc}/gu, (c) => {
    const code = c.codePointAt(0)!;
    return JS[c] ?? `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`;
  });
}

/** Go's `url.QueryEscape`. */
export function queryEscape(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%20', '+')
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
