/** Texts, numbers, durations, sizes and secrets. */
import { isMap, isScalar, isSeq, type Node } from 'yaml';
import { InputError } from '../../errors.ts';
import { formatBase2, parseBase2 } from '../../model/byte-size.ts';
import { formatDuration, parseDuration } from '../../model/duration.ts';
import { formatG, parseGoFloat } from '../../model/number.ts';
import { expand } from '../expand.ts';
import { parseGoUrl } from '../go-url.ts';
import type { Reader } from '../reader.ts';
import type { Type } from './type.ts';

const SECRET = '<secret>';

function textOf(reader: Reader, node: Node, path: string, goName = 'string'): string {
  const before = reader.faultCount;
  const text = isBinary(node) ? binaryText(node) : reader.document.text(node, goName);
  reader.claim(path, before);
  return reader.env === undefined ? text : expand(text, reader.env).text;
}

export const text: Type<string> = {
  goName: 'string',
  zero: () => '',
  isZero: (value) => value === '',
  read: (reader, node, path) => textOf(reader, node, path),
  print: (value) => value,
};

/** One that is empty is written as nothing where it cannot be left out. */
export const secret: Type<string> = {
  ...text,
  goName: 'config.Secret',
  read: (reader, node, path) => textOf(reader, node, path, 'config.plain'),
  print: (value) => (value === '' ? null : SECRET),
};

/** The name of a file, made relative to the working directory. */
export const file: Type<string> = {
  ...text,
  read: (reader, node, path) => reader.resolve(textOf(reader, node, path)),
};

/** A glob of files; `*` may stand in its last part only. */
export function glob(what: string): Type<string> {
  return {
    ...text,
    read(reader, node, path) {
      const pattern = textOf(reader, node, path);
      if (!/^[^*]*(\*[^/]*)?$/.test(pattern))
        reader.fault(node, path, `invalid ${what} path ${JSON.stringify(pattern)}`);
      return reader.resolve(pattern);
    },
  };
}

/** A text of which `check` says what is wrong, if anything is. */
export function checkedText<T extends string>(
  check: (value: string) => string | undefined,
  base: Type<string> = text,
): Type<T> {
  return {
    ...base,
    read(reader, node, path) {
      const before = reader.faultCount;
      const value = base.read(reader, node, path);
      const wrong = reader.faultCount === before ? check(value) : undefined;
      if (wrong !== undefined) reader.fault(node, path, wrong);
      return value as T;
    },
  } as Type<T>;
}

/** One of some texts. `message` tells of another one. */
export function oneOf<T extends string>(values: readonly T[], message: (value: string) => string): Type<T> {
  return checkedText<T>((value) =>
    (values as readonly string[]).includes(value) ? undefined : message(value),
  );
}

/** Whole numbers may be written as fractions, which are cut off, but not in quotes. */
function number(goName: string, accept: (value: number) => boolean): Type<number> {
  return {
    goName,
    zero: () => 0,
    isZero: (value) => value === 0,
    read(reader, node, path) {
      const written = textOf(reader, node, path, goName);
      const plain = isPlain(node) || reader.env !== undefined;
      const digits = written.replaceAll('_', '');
      const radix = /^[-+]?0[xXoObB][\da-fA-F]+$/.test(digits);
      const dotted = digits.replace(/^([-+]?)\.(inf|nan)$/i, '$1$2');
      const value = !plain || digits === '' ? undefined : radix ? Number(digits) : parseGoFloat(dotted);
      const fits = goName === 'float64' || Number.isFinite(value);
      if (value !== undefined && fits && accept(value))
        return goName === 'float64' ? value : whole(value, digits);
      const kind =
        value === undefined ? (plain && YAML_BOOLEAN.test(written) ? 'bool' : 'str') : kindOf(value, digits);
      const shown = written.length > 10 ? `${written.slice(0, 7)}...` : written;
      if (!isMap(node) && !isSeq(node))
        reader.fault(node, path, `cannot unmarshal !!${kind} \`${shown}\` into ${goName}`);
      return 0;
    },
    print: (value) => (goName === 'float64' ? { scalar: floatText(value) } : value),
  };
}

/** What Go takes a number for: whole ones that 64 bits cannot hold are fractions. */
function kindOf(value: number, digits: string): 'int' | 'float' {
  const fits = value >= -(2 ** 63) && (value < 2 ** 63 || hasOnly64Bits(digits));
  return Number.isInteger(value) && fits ? 'int' : 'float';
}

function hasOnly64Bits(digits: string): boolean {
  return /^\d+$/.test(digits) && BigInt(digits) < 2n ** 64n;
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return '.nan';
  return formatG(value).replace(/^\+?(-?)Inf$/, '$1.inf');
}

/** What is written with more digits than 64 bits have is a fraction to Go, and too large a one for them. */
function whole(value: number, digits: string): number {
  if (value < 2 ** 63) return Math.trunc(value);
  return hasOnly64Bits(digits) ? value : 2 ** 63;
}

const isInt64 = (value: number) => value >= -(2 ** 63) && value <= 2 ** 63;

export const integer = number('int', isInt64);
export const integer64 = number('int64', isInt64);
export const unsigned = number('uint', (value) => value >= 0 && value <= 2 ** 64);
export const float = number('float64', () => true);

/** As YAML 1.1 writes them: in small letters, in capitals, or with a capital first. */
const YAML_BOOLEAN =
  /^(?:true|false|yes|no|on|off|[yn]|TRUE|FALSE|YES|NO|ON|OFF|[YN]|True|False|Yes|No|On|Off)$/;

export const boolean: Type<boolean> = {
  goName: 'bool',
  zero: () => false,
  isZero: (value) => !value,
  read(reader, node, path) {
    const before = reader.faultCount;
    if (isScalar(node) && !isPlain(node))
      reader.document.fault(node, `cannot unmarshal !!str \`${node.value}\` into bool`);
    else if (
      isScalar(node) &&
      /^(?:true|false|yes|no|on|off|y|n)$/i.test(String(node.source)) &&
      !YAML_BOOLEAN.test(String(node.source))
    )
      reader.document.fault(node, `cannot unmarshal !!str \`${node.source}\` into bool`);
    const value = reader.document.boolean(node);
    reader.claim(path, before);
    return value ?? false;
  },
  print: (value) => value,
};

/** Milliseconds; the property's name ends in `Ms`. */
export const duration: Type<number> = {
  goName: 'model.Duration',
  zero: () => 0,
  isZero: (value) => value === 0,
  read(reader, node, path) {
    return attempt(reader, node, path, 0, () => parseDuration(textOf(reader, node, path)));
  },
  print: (value) => formatDuration(value),
};

/** Bytes; the property's name ends in `Bytes`. */
export const size: Type<number> = {
  goName: 'units.Base2Bytes',
  zero: () => 0,
  isZero: (value) => value === 0,
  read: (reader, node, path) => attempt(reader, node, path, 0, () => parseBase2(textOf(reader, node, path))),
  print: (value) => formatBase2(value),
};

/** A URL as Go takes it: nearly everything. Its password is not printed. */
export const url: Type<string> = {
  ...text,
  goName: 'config.URL',
  keepsEmpty: true,
  read: (reader, node, path) =>
    attempt(reader, node, path, '', () => {
      const value = textOf(reader, node, path);
      parseGoUrl(value);
      return value;
    }),
  print: (value) => parseGoUrl(value).redacted,
};

function attempt<T>(reader: Reader, node: Node, path: string, otherwise: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    if (isScalar(node)) reader.fault(node, path, error.reason);
    return otherwise;
  }
}

/** Whether it may be something else than a text: it has no quotes, or a tag says so. */
function isPlain(node: Node): boolean {
  if (node.tag === 'tag:yaml.org,2002:str') return false;
  return isScalar(node) && (node.type === 'PLAIN' || node.tag !== undefined);
}

export function isBinary(node: Node): boolean {
  return node.tag === '!!binary' || node.tag === 'tag:yaml.org,2002:binary';
}

/** `!!binary` may hold any bytes; those that are no UTF-8 become a lone surrogate, which no text may have. */
export function binaryText(node: Node): string {
  if (!isScalar(node)) return '';
  const bytes = Buffer.from(String(node.source ?? node.value), 'base64');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return '\ud800';
  }
}
