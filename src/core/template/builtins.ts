/** The functions that every Go template has (https://pkg.go.dev/text/template#hdr-Functions). */
import { equals, equalsAny, less } from './comparison.ts';
import { escapeHtml, escapeJs, queryEscape } from './escape.ts';
import { formatValue, sprint } from './format.ts';
import { CallError, type FunctionTable, type TemplateFunction } from './function.ts';
import { sprintf } from './sprintf.ts';
import { GoHtml, GoInt, GoMap, type GoValue, isTrue, pointedTo, pointedTypeName, typeName } from './value.ts';

const anything = (call: TemplateFunction['call'], least = 0): TemplateFunction => ({
  parameters: new Array(least).fill('any'),
  variadic: 'any',
  call,
});

const two = (call: (a: GoValue, b: GoValue) => GoValue): TemplateFunction => ({
  parameters: ['any', 'any'],
  call: (a, b) => call(a, b),
});

/** `and` and `or` do not evaluate all their arguments, which is the evaluator's matter. */
const shortCircuit = anything(() => {
  throw new Error('and and or are not called');
}, 1);

export const BUILTINS: FunctionTable = new Map<string, TemplateFunction>([
  ['and', shortCircuit],
  ['or', shortCircuit],
  ['not', { parameters: ['any'], call: (value) => !isTrue(value) }],
  ['print', anything((...args) => sprint(args))],
  ['println', anything((...args) => `${args.map(formatValue).join(' ')}\n`)],
  [
    'printf',
    { parameters: ['string'], variadic: 'any', call: (format, ...args) => sprintf(format as string, args) },
  ],
  ['html', anything((...args) => escapeHtml(joined(args)))],
  ['js', anything((...args) => escapeJs(joined(args)))],
  ['urlquery', anything((...args) => queryEscape(joined(args)))],
  ['len', { parameters: ['any'], call: (value) => new GoInt(lengthOf(value)) }],
  ['index', anything((value, ...keys) => indexed(value, keys), 1)],
  ['call', anything(callValue, 1)],
  ['slice', anything((value, ...bounds) => slice(value, bounds), 1)],
  ['eq', anything((first, ...others) => equalsAny(first, others), 1)],
  ['ne', two((a, b) => !equals(a, b))],
  ['lt', two((a, b) => less(a, b))],
  ['le', two((a, b) => less(a, b) || equals(a, b))],
  ['gt', two((a, b) => !(less(a, b) || equals(a, b)))],
  ['ge', two((a, b) => !less(a, b))],
]);

/** All arguments as one text, pointers followed. */
function joined(args: readonly GoValue[]): string {
  return sprint(args.map((arg) => (arg === null || arg === undefined ? '<no value>' : pointedTo(arg))));
}

function lengthOf(value: GoValue): number {
  if (value instanceof GoHtml) return Buffer.byteLength(value.text);
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (value instanceof GoMap) return value.entries.size;
  if (Array.isArray(value)) return value.length;
  if (value === null) throw new CallError('reflect: call of reflect.Value.Type on zero Value');
  throw new CallError(value === undefined ? 'len of nil pointer' : `len of type ${pointedTypeName(value)}`);
}

function element(value: GoValue, key: GoValue): GoValue {
  if (value instanceof GoMap) {
    if (key == null) throw new CallError('value is nil; should be of type string');
    if (typeof key !== 'string') throw new CallError(`value has type ${typeName(key)}; should be string`);
    return value.get(key);
  }
  if (typeof value === 'string' || value instanceof GoHtml) {
    const bytes = Buffer.from(typeof value === 'string' ? value : value.text);
    return new GoInt(bytes[elementIndex(key, bytes.length, 'string')], 'uint8');
  }
  if (Array.isArray(value)) return value[elementIndex(key, value.length, 'slice')];
  if (value == null) throw new CallError('index of nil pointer');
  throw new CallError(`can't index item of type ${pointedTypeName(value)}`);
}

function elementIndex(key: GoValue, length: number, what: string): number {
  const index = indexIn(key, length);
  if (index === length) throw new CallError(`reflect: ${what} index out of range`);
  return index;
}

/** From 0 to `length`, which is where a slice may begin. */
function indexIn(key: GoValue, length: number): number {
  if (!(key instanceof GoInt)) {
    throw new CallError(
      key == null
        ? 'cannot index slice/array with nil'
        : `cannot index slice/array with type ${typeName(key)}`,
    );
  }
  if (key.value < 0 || key.value > length) throw new CallError(`index out of range: ${key.value}`);
  return Number(key.value);
}

function indexed(value: GoValue, keys: readonly GoValue[]): GoValue {
  if (value == null) throw new CallError('index of untyped nil');
  return keys.reduce(element, value);
}

function slice(value: GoValue, bounds: readonly GoValue[]): GoValue {
  if (value == null) throw new CallError('slice of untyped nil');
  if (bounds.length > 3) throw new CallError(`too many slice indexes: ${bounds.length}`);
  const text = value instanceof GoHtml ? value.text : value;
  if (typeof text === 'string') {
    if (bounds.length === 3) throw new CallError('cannot 3-index slice a string');
    const bytes = Buffer.from(text);
    const part = bytes.subarray(...range(bounds, bytes.length)).toString();
    return value instanceof GoHtml ? new GoHtml(part) : part;
  }
  if (!Array.isArray(value)) throw new CallError(`can't slice item of type ${typeName(value)}`);
  return value.slice(...range(bounds, value.length));
}

function range(bounds: readonly GoValue[], length: number): [from: number, to: number] {
  const at = bounds.map((bound) => indexIn(bound, length));
  const [from = 0, to = length, end = to] = at;
  if (from > to) throw new CallError(`invalid slice index: ${from} > ${to}`);
  if (to > end) throw new CallError(`invalid slice index: ${to} > ${end}`);
  return [from, to];
}

/** No value of a template is a function. `name` is what stands in the template. */
function callValue(name: GoValue, value: GoValue): GoValue {
  if (value == null) throw new CallError('call of nil');
  throw new CallError(`non-function ${name} of type ${typeName(value)}`);
}
