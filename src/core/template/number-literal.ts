/** Number literals of templates: Go's integers, floats and imaginary numbers (https://go.dev/ref/spec#Integer_literals). */
import { parseGoFloat } from '../model/number.ts';
import { goQuote } from '../model/quote.ts';
import { GoComplex, GoInt } from './value.ts';

const MAX_INT = 2n ** 63n - 1n;
const MAX_UINT = 2n ** 64n - 1n;

const INTEGER =
  /^([+-]?)(?:0[xX](_?[\da-fA-F]+(?:_[\da-fA-F]+)*)|0[bB](_?[01]+(?:_[01]+)*)|0[oO]?(_?[0-7]+(?:_[0-7]+)*)|(0|[1-9]\d*(?:_\d+)*))$/;

/** A number as a constant: its type is that of the literal. `overflows` is said only where the constant is used. */
export type NumberLiteral = number | GoInt | GoComplex | { overflows: string };

/** The literal's value, or what is wrong with it. */
export function parseNumberLiteral(text: string): NumberLiteral | string {
  const illegal = `illegal number syntax: ${goQuote(text)}`;
  if (text.endsWith('i')) return imaginary(text) ?? illegal;
  const integer = parseInteger(text);
  if (integer !== undefined) {
    const { value, signed } = integer;
    if (value <= MAX_INT && value >= -MAX_INT - 1n) return new GoInt(value);
    if (!signed && value <= MAX_UINT) return { overflows: text };
  }
  const float = parseGoFloat(text);
  if (float === undefined) return illegal;
  return /[.eEpP]/.test(text) ? float : `integer overflow: ${goQuote(text)}`;
}

function parseInteger(text: string): { value: bigint; signed: boolean } | undefined {
  const match = INTEGER.exec(text);
  if (match === null) return undefined;
  const [, sign, hex, binary, octal, decimal] = match;
  const digits = (hex ?? binary ?? octal ?? decimal).replaceAll('_', '');
  const prefix = hex !== undefined ? '0x' : binary !== undefined ? '0b' : octal !== undefined ? '0o' : '';
  const value = BigInt(prefix + digits);
  return { value: sign === '-' ? -value : value, signed: sign !== '' };
}

/** `2i`, and `1+2i` which is one literal. */
function imaginary(text: string): GoComplex | undefined {
  const alone = parseGoFloat(text.slice(0, -1));
  if (alone !== undefined) return new GoComplex(0, alone);
  const pair = /^(.*[^eEpP])([+-].*)i$/.exec(text);
  const real = pair === null ? undefined : parseGoFloat(pair[1]);
  const part = pair === null ? undefined : parseGoFloat(pair[2]);
  return real === undefined || part === undefined ? undefined : new GoComplex(real, part);
}
