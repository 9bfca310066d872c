/**
 * Scalars as Go's YAML library (v2) writes them, which is how Prometheus shows its configuration: plain where that
 * reads back as the same text, else in single quotes, else in double quotes; several lines as a block.
 */

/** Where a scalar stands, which decides what it may look like. */
export interface ScalarPlace {
  /** Characters on its line so far. */
  column: number;
  /** Spaces before its further lines. */
  indent: number;
  /** In brackets. */
  flow: boolean;
  /** A key: never broken. */
  key: boolean;
}

const WIDTH = 80;

export function yamlText(text: string, place: ScalarPlace): string {
  const shape = shapeOf(text);
  if (text.includes('\n')) {
    const block = !place.flow && !place.key && shape.block;
    return block ? literal(text, place.indent) : doubleQuoted(text, place);
  }
  if (readsAsOther(text)) return doubleQuoted(text, place);
  if (place.flow ? shape.plainInFlow : shape.plain) return folded(text, '', '', place);
  if (shape.quoted) return folded(text.replaceAll("'", "''"), "'", "'", place);
  return doubleQuoted(text, place);
}

interface Shape {
  plain: boolean;
  plainInFlow: boolean;
  /** Single quotes can hold it. */
  quoted: boolean;
  block: boolean;
}

function shapeOf(text: string): Shape {
  const special = /[^\n\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/.test(text);
  const atEdge = /^ | $|^\n|\n$/.test(text);
  const indicator =
    /^[#,[\]{}&*!|>'"%@`]/.test(text) ||
    /^(?:---|\.\.\.)/.test(text) ||
    /^[-?:](?:\s|$)/.test(text) ||
    /:(?:\s|$)/.test(text) ||
    /\s#/.test(text);
  const flowIndicator = indicator || /^[?:]|[,?[\]{}:]/.test(text);
  return {
    plain: !special && !atEdge && !indicator,
    plainInFlow: !special && !atEdge && !flowIndicator,
    quoted: !special && !/\n /.test(text),
    block: !special && !/ (?:\n|$)/.test(text),
  };
}

/** Whether the bare text would be read as a number, a boolean, a time or nothing. */
function readsAsOther(text: string): boolean {
  if (/^(?:|~|null|Null|NULL)$/.test(text)) return true;
  if (/^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/.test(text)) return true;
  if (/^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/.test(text)) return true;
  if (/^(?:\.nan|\.NaN|\.NAN|[-+]?\.(?:inf|Inf|INF))$/.test(text)) return true;
  if (/^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/.test(text)) return true;
  if (/^\d{4}-\d\d?-\d\d?(?:[Tt ]\d\d?:\d\d?:\d\d?(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)?)?$/.test(text)) return true;
  if (!/^[-+.\d]/.test(text)) return false;
  const digits = text.replaceAll('_', '');
  if (/^[-+]?(?:0[xX][\da-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9]\d*)$/.test(digits)) return true;
  return /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/.test(digits);
}

/** Broken at single spaces beyond the width. */
function folded(text: string, open: string, close: string, place: ScalarPlace): string {
  if (place.key || place.column + text.length <= WIDTH) return open + text + close;
  const characters = [...text];
  let out = open;
  let column = place.column + open.length;
  let afterSpace = false;
  for (const [i, c] of characters.entries()) {
    const inside = i > 0 && i < characters.length - 1;
    const breaks = c === ' ' && !afterSpace && column > WIDTH && inside && characters[i + 1] !== ' ';
    if (breaks) {
      out += `\n${' '.repeat(place.indent)}`;
      column = place.indent;
    } else {
      out += c;
      column++;
    }
    afterSpace = c === ' ';
  }
  return out + close;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\u0085': '\\N',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

function doubleQuoted(text: string, place: ScalarPlace): string {
  const characters = [...text];
  let out = '"';
  let column = place.column + 1;
  let afterSpace = false;
  for (const [i, c] of characters.entries()) {
    const inside = i > 0 && i < characters.length - 1;
    if (c === ' ' && !afterSpace && !place.key && column > WIDTH && inside) {
      out += `\n${' '.repeat(place.indent)}`;
      column = place.indent;
      if (characters[i + 1] === ' ') {
        out += '\\';
        column++;
      }
      afterSpace = true;
      continue;
    }
    const written = ESCAPES[c] ?? (isPrintable(c) ? c : escaped(c.codePointAt(0)!));
    out += written;
    column += written.length;
    afterSpace = c === ' ';
  }
  return `${out}"`;
}

function isPrintable(c: string): boolean {
  return /^[\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]$/.test(c);
}

function escaped(rune: number): string {
  const hex = rune.toString(16).toUpperCase();
  if (rune <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return rune <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

function literal(text: string, indent: number): string {
  const hint = /^[ \n]/.test(text) ? '2' : '';
  const chomping = !text.endsWith('\n') ? '-' : text === '\n' || text.endsWith('\n\n') ? '+' : '';
  const lines = text.replace(/\n$/, '').split('\n');
  const pad = ' '.repeat(indent);
  const body = lines.map((line) => (line === '' ? '' : pad + line)).join('\n');
  return `|${hint}${chomping}\n${body}`;
}
