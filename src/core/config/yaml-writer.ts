/** Writes a configuration as YAML, byte for byte as Go's library (v2) writes the same one. */
import type { Printable, PrintableList, PrintableMap } from './printable.ts';
import { yamlText } from './yaml-scalar.ts';

/** One line (several for a text that needs them), and the key path of what it says. */
export interface YamlLine {
  text: string;
  path: string;
  /** Whether it holds a value rather than only the key of what follows. */
  value: boolean;
}

export function yamlLines(root: PrintableMap): YamlLine[] {
  const lines: YamlLine[] = [];
  writeMap(root, { lines, indent: 0, lead: '', path: '' });
  return lines;
}

export function yamlDocument(root: PrintableMap): string {
  return yamlLines(root)
    .map(({ text }) => `${text}\n`)
    .join('');
}

interface Place {
  lines: YamlLine[];
  indent: number;
  /** What the first line begins with instead of spaces: the dash of a list. */
  lead: string;
  path: string;
}

function writeMap({ entries }: PrintableMap, { lines, indent, lead, path }: Place): void {
  let start = lead === '' ? ' '.repeat(indent) : lead;
  for (const [key, value] of entries) {
    const written = `${start}${yamlText(key, { column: start.length, indent, flow: false, key: true })}:`;
    writeValue(value, written, { lines, indent, lead: '', path: path === '' ? key : `${path}.${key}` });
    start = ' '.repeat(indent);
  }
}

/** `written` is what stands before the value on its line. */
function writeValue(value: Printable, written: string, { lines, indent, path }: Place): void {
  if (isMap(value)) {
    lines.push({
      text: value.entries.length === 0 ? `${written} {}` : written,
      path,
      value: value.entries.length === 0,
    });
    writeMap(value, { lines, indent: indent + 2, lead: '', path });
  } else if (isList(value) && !value.flow && value.items.length > 0) {
    lines.push({ text: written, path, value: false });
    writeList(value, { lines, indent, lead: '', path });
  } else {
    const text = `${written} ${inline(value, written.length + 1, indent + 2)}`;
    lines.push({ text, path, value: true });
  }
}

function writeList({ items }: PrintableList, { lines, indent, path }: Place): void {
  const dash = `${' '.repeat(indent)}- `;
  for (const [i, item] of items.entries()) {
    const at = `${path}[${i}]`;
    if (isMap(item) && item.entries.length > 0)
      writeMap(item, { lines, indent: indent + 2, lead: dash, path: at });
    else lines.push({ text: dash + inline(item, dash.length, indent + 2), path: at, value: true });
  }
}

function inline(value: Printable, column: number, indent: number): string {
  if (isMap(value)) return '{}';
  if (isList(value)) return flowList(value, column, indent);
  if (typeof value === 'string') return yamlText(value, { column, indent, flow: false, key: false });
  if (typeof value === 'number') return wholeNumber(value);
  if (typeof value === 'object' && value !== null) return value.scalar;
  return String(value);
}

/** With all its digits; the largest that 64 bits have is no number here, but the next one is. */
function wholeNumber(value: number): string {
  if (Number.isSafeInteger(value)) return String(value);
  return String(value === 2 ** 64 ? 2n ** 64n - 1n : BigInt(value));
}

/** Broken after a comma where the line is too long. */
function flowList({ items }: PrintableList, column: number, indent: number): string {
  let out = '[';
  let at = column + 1;
  for (const [i, item] of items.entries()) {
    if (i > 0) {
      out += ',';
      at++;
      if (at > 80) {
        out += `\n${' '.repeat(indent)}`;
        at = indent;
      } else {
        out += ' ';
        at++;
      }
    }
    const text = yamlText(String(item), { column: at, indent, flow: true, key: false });
    out += text;
    at += text.length;
  }
  return `${out}]`;
}

function isMap(value: Printable): value is PrintableMap {
  return typeof value === 'object' && value !== null && 'entries' in value;
}

function isList(value: Printable): value is PrintableList {
  return typeof value === 'object' && value !== null && 'items' in value;
}
