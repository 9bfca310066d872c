/**
 * YAML as nearly all configuration is written: block maps and lists, flow ones, and scalars that are plain or in quotes
 * on one line. The nodes are those that the yaml package would have made, with the same values and places, in a
 * seventh of its time. At the first sign of anything else (anchors, aliases, tags, block scalars, text over several
 * lines, tabs, directives, several documents, errors of any kind) it gives up, and the package reads all of it.
 * See https://yaml.org/spec/1.2.2/; test/core/yaml/plain-reader.test.ts compares the two.
 */
import { type Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';

const TAB = 0x09;
const NEWLINE = 0x0a;
const SPACE = 0x20;
const DOUBLE_QUOTE = 0x22;
const HASH = 0x23;
const SINGLE_QUOTE = 0x27;
const COMMA = 0x2c;
const DASH = 0x2d;
const COLON = 0x3a;
const BRACKET_OPEN = 0x5b;
const BACKSLASH = 0x5c;
const BRACKET_CLOSE = 0x5d;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
const END = Number.NaN;

/** What no plain scalar begins with here, though YAML allows some of them before certain others. */
const NO_PLAIN_START = new Set([...'?:,[]{}#&*!|>\'"%@`\t'].map((c) => c.charCodeAt(0)));
/** `-`, `+`, `.`, digits, `~`, and the first letters of null, true and false. */
const MAY_BE_NO_STRING = new Set([...'-+.0123456789~nNtTfF'].map((c) => c.charCodeAt(0)));
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\',
  '"': '"',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
/** Deeper than anybody writes. */
const MOST_DEPTH = 100;
const MOST_KEY_LENGTH = 1000;

/** Thrown where the text is not so plain. */
const NOT_PLAIN = Symbol('not plain');

/** The root of a document, null for an empty one; undefined where the text is not plain. */
export function readPlainYaml(text: string): Node | null | undefined {
  if (/[\t\r\ufeff]/.test(text)) return undefined;
  try {
    return new PlainReader(text).document();
  } catch (error) {
    if (error === NOT_PLAIN) return undefined;
    throw error;
  }
}

class PlainReader {
  private readonly text: string;
  private pos = 0;
  /** The column of the content at `pos`, -1 at the end; where `toContent` found some. */
  private indent = -1;
  private depth = 0;

  constructor(text: string) {
    this.text = text;
  }

  document(): Node | null {
    if (this.text.startsWith('---\n')) this.pos = 4;
    this.toContent();
    if (this.indent < 0) {
      if (this.text.startsWith('---')) throw NOT_PLAIN;
      return null;
    }
    const root = this.block(this.indent);
    if (this.indent >= 0) throw NOT_PLAIN;
    return root;
  }

  /** Goes to the first content from the beginning of a line at `pos` on. */
  private toContent(): void {
    const { text } = this;
    for (let start = this.pos; start < text.length; ) {
      let at = start;
      while (text.charCodeAt(at) === SPACE) at++;
      const c = text.charCodeAt(at);
      if (c === HASH || c === NEWLINE || at === text.length) {
        start = this.lineEnd(at) + 1;
        continue;
      }
      // A directive, or the end of a document.
      if (at === start && (c === 0x25 || text.startsWith('---', at) || text.startsWith('...', at)))
        throw NOT_PLAIN;
      this.pos = at;
      this.indent = at - start;
      return;
    }
    this.pos = text.length;
    this.indent = -1;
  }

  /** The position of the line break from `at` on, or the end. */
  private lineEnd(at: number): number {
    const end = this.text.indexOf('\n', at);
    return end < 0 ? this.text.length : end;
  }

  /** A map or a list whose first key or dash is at `pos`, in column `indent`. */
  private block(indent: number): Node {
    if (++this.depth > MOST_DEPTH) throw NOT_PLAIN;
    const node = this.isDash(this.pos) ? this.sequence(indent) : this.map(indent);
    this.depth--;
    return node;
  }

  private sequence(indent: number): Node {
    const { text } = this;
    const seq = new YAMLSeq();
    const start = this.pos;
    do {
      if (!this.isDash(this.pos)) break;
      const dash = this.pos;
      this.pos++;
      this.skipSpaces();
      const c = text.charCodeAt(this.pos);
      if (this.isLineOver(c)) seq.items.push(this.onNextLine(indent, indent + 1));
      else if (this.isDash(this.pos)) throw NOT_PLAIN;
      else if (this.isKey()) seq.items.push(this.block(indent + this.pos - dash));
      else seq.items.push(this.scalarOrFlow(indent));
    } while (this.indent === indent);
    if (this.indent > indent) throw NOT_PLAIN;
    return ranged(seq, start, this.pos);
  }

  private map(indent: number): Node {
    const map = new YAMLMap();
    const start = this.pos;
    do {
      if (this.isDash(this.pos)) throw NOT_PLAIN;
      const key = this.key();
      this.skipSpaces();
      const over = this.isLineOver(this.text.charCodeAt(this.pos));
      // The lists of a map may stand in the column of its keys.
      const value = over ? this.onNextLine(indent, indent, true) : this.scalarOrFlow(indent);
      map.items.push(new Pair(key, value));
    } while (this.indent === indent);
    if (this.indent > indent) throw NOT_PLAIN;
    return ranged(map, start, this.pos);
  }

  /** The value of a key or dash after which its line has nothing more; null where the next line does not have it. */
  private onNextLine(indent: number, least: number, listOnly = false): Node {
    const at = this.pos;
    this.pos = this.lineEnd(at) + 1;
    this.toContent();
    const isList = this.indent === indent && listOnly && this.isDash(this.pos);
    if (isList || (this.indent >= least && this.indent > indent)) return this.block(this.indent);
    return scalar(null, '', 'PLAIN', at, at);
  }

  /** A value that begins at `pos` and is not on lines of its own; then goes to the next content. */
  private scalarOrFlow(indent: number): Node {
    const c = this.text.charCodeAt(this.pos);
    const node =
      c === BRACKET_OPEN || c === BRACE_OPEN ? this.flow(indent) : this.scalar(false, NO_KEY_BEHIND);
    this.skipSpaces();
    if (!this.isLineOver(this.text.charCodeAt(this.pos))) throw NOT_PLAIN;
    this.pos = this.lineEnd(this.pos) + 1;
    this.toContent();
    // Text that goes on, or a map within a scalar.
    if (this.indent > indent) throw NOT_PLAIN;
    return node;
  }

  /** Reads a key and the colon behind it. */
  private key(): Node {
    const start = this.pos;
    const node = this.scalar(false, KEY_BEHIND);
    this.skipSpaces();
    if (this.text.charCodeAt(this.pos) !== COLON || !this.isBlank(this.pos + 1)) throw NOT_PLAIN;
    if (this.pos - start > MOST_KEY_LENGTH) throw NOT_PLAIN;
    this.pos++;
    return node;
  }

  /** Whether the line has a key at `pos`. */
  private isKey(): boolean {
    const { text, pos } = this;
    const c = text.charCodeAt(pos);
    if (c === BRACKET_OPEN || c === BRACE_OPEN) return false;
    if (c === DOUBLE_QUOTE || c === SINGLE_QUOTE) {
      this.scalar(false, KEY_BEHIND);
      this.skipSpaces();
      const isKey = text.charCodeAt(this.pos) === COLON;
      this.pos = pos;
      return isKey;
    }
    const end = this.plainEnd(false);
    return text.charCodeAt(end) === COLON;
  }

  private scalar(inFlow: boolean, keyBehind: boolean): Node {
    const { text } = this;
    const c = text.charCodeAt(this.pos);
    if (c === DOUBLE_QUOTE) return this.doubleQuoted();
    if (c === SINGLE_QUOTE) return this.singleQuoted();
    if (NO_PLAIN_START.has(c) || (c === DASH && this.isBlank(this.pos + 1))) throw NOT_PLAIN;
    if (inFlow && c === DASH && isFlowMark(text.charCodeAt(this.pos + 1))) throw NOT_PLAIN;
    const start = this.pos;
    let end = this.plainEnd(inFlow);
    this.pos = end;
    if (!keyBehind && !inFlow && text.charCodeAt(end) === COLON) throw NOT_PLAIN;
    while (text.charCodeAt(end - 1) === SPACE) end--;
    if (end === start) throw NOT_PLAIN;
    const source = text.slice(start, end);
    const value = MAY_BE_NO_STRING.has(c) ? resolved(source) : source;
    return scalar(value, source, 'PLAIN', start, end);
  }

  /** Where a plain scalar at `pos` ends: before a colon that makes it a key, a comment, or the end of the line. */
  private plainEnd(inFlow: boolean): number {
    const { text } = this;
    let at = this.pos;
    for (; at < text.length; at++) {
      const c = text.charCodeAt(at);
      if (c === NEWLINE) break;
      if (c === COLON && (this.isBlank(at + 1) || (inFlow && isFlowMark(text.charCodeAt(at + 1))))) break;
      if (c === HASH && text.charCodeAt(at - 1) === SPACE) break;
      if (inFlow && isFlowMark(c)) break;
    }
    return at;
  }

  private singleQuoted(): Node {
    const { text } = this;
    const start = this.pos;
    let end = text.indexOf("'", start + 1);
    while (text.charCodeAt(end + 1) === SINGLE_QUOTE && end >= 0) end = text.indexOf("'", end + 2);
    if (end < 0) throw NOT_PLAIN;
    const source = text.slice(start + 1, end);
    if (source.includes('\n')) throw NOT_PLAIN;
    this.pos = end + 1;
    const value = source.replaceAll("''", "'");
    return scalar(value, value, 'QUOTE_SINGLE', start, this.pos);
  }

  private doubleQuoted(): Node {
    const { text } = this;
    const start = this.pos;
    let end = start + 1;
    for (; text.charCodeAt(end) !== DOUBLE_QUOTE; end++) {
      if (end >= text.length) throw NOT_PLAIN;
      if (text.charCodeAt(end) === BACKSLASH) end++;
    }
    const source = text.slice(start + 1, end);
    if (source.includes('\n')) throw NOT_PLAIN;
    this.pos = end + 1;
    const value = source.includes('\\') ? unescaped(source) : source;
    return scalar(value, value, 'QUOTE_DOUBLE', start, this.pos);
  }

  /** A list or map in brackets, whose lines must be further in than `indent`. */
  private flow(indent: number): Node {
    if (++this.depth > MOST_DEPTH) throw NOT_PLAIN;
    const { text } = this;
    const start = this.pos;
    const isMap = text.charCodeAt(start) === BRACE_OPEN;
    const close = isMap ? BRACE_CLOSE : BRACKET_CLOSE;
    const node: YAMLMap | YAMLSeq = isMap ? new YAMLMap() : new YAMLSeq();
    const items: unknown[] = node.items;
    node.flow = true;
    this.pos++;
    for (;;) {
      this.skipInFlow(indent);
      if (text.charCodeAt(this.pos) === close) break;
      if (isMap) {
        const key = this.scalar(true, KEY_BEHIND);
        this.skipSpaces();
        if (text.charCodeAt(this.pos) !== COLON || !this.isBlank(this.pos + 1)) throw NOT_PLAIN;
        this.pos++;
        this.skipSpaces();
        items.push(new Pair(key, this.flowValue(indent)));
      } else items.push(this.flowValue(indent));
      this.skipInFlow(indent);
      if (text.charCodeAt(this.pos) === COMMA) this.pos++;
      else if (text.charCodeAt(this.pos) !== close) throw NOT_PLAIN;
    }
    this.pos++;
    this.depth--;
    return ranged(node, start, this.pos);
  }

  private flowValue(indent: number): Node {
    const c = this.text.charCodeAt(this.pos);
    return c === BRACKET_OPEN || c === BRACE_OPEN ? this.flow(indent) : this.scalar(true, NO_KEY_BEHIND);
  }

  /** Passes over spaces, comments and line breaks within brackets. */
  private skipInFlow(indent: number): void {
    const { text } = this;
    for (;;) {
      this.skipSpaces();
      const c = text.charCodeAt(this.pos);
      if (!this.isLineOver(c)) return;
      const start = this.lineEnd(this.pos) + 1;
      this.pos = start;
      this.skipSpaces();
      if (this.pos >= text.length || this.pos - start <= indent) throw NOT_PLAIN;
    }
  }

  private skipSpaces(): void {
    while (this.text.charCodeAt(this.pos) === SPACE) this.pos++;
  }

  /** Whether `c`, at `pos`, ends what stands on its line: a line break, the end, or a comment. */
  private isLineOver(c: number): boolean {
    if (c === HASH) return this.text.charCodeAt(this.pos - 1) === SPACE;
    return c === NEWLINE || this.pos >= this.text.length;
  }

  private isDash(at: number): boolean {
    return this.text.charCodeAt(at) === DASH && this.isBlank(at + 1);
  }

  private isBlank(at: number): boolean {
    const c = at < this.text.length ? this.text.charCodeAt(at) : END;
    return c === SPACE || c === NEWLINE || c === TAB || Number.isNaN(c);
  }
}

const KEY_BEHIND = true;
const NO_KEY_BEHIND = false;

function isFlowMark(c: number): boolean {
  return c === COMMA || c === BRACKET_OPEN || c === BRACKET_CLOSE || c === BRACE_OPEN || c === BRACE_CLOSE;
}

function scalar(
  value: unknown,
  source: string,
  type: 'PLAIN' | 'QUOTE_SINGLE' | 'QUOTE_DOUBLE',
  start: number,
  end: number,
): Node {
  const node = new Scalar(value);
  node.source = source;
  node.type = type;
  return ranged(node, start, end);
}

function ranged<T extends Node>(node: T, start: number, end: number): T {
  node.range = [start, end, end];
  return node;
}

/** What a plain scalar stands for in the core schema. */
function resolved(source: string): unknown {
  if (/^(?:~|null|Null|NULL)$/.test(source)) return null;
  if (/^(?:true|True|TRUE)$/.test(source)) return true;
  if (/^(?:false|False|FALSE)$/.test(source)) return false;
  if (/^[-+]?[0-9]+$/.test(source) || /^[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)$/.test(source))
    return Number(source);
  // Other ways to write numbers: rare, and left to the package.
  if (/^[-+]?[.0-9]/.test(source) && /^(?:0[ox]|[-+]?\.?(?:inf|nan|[0-9]+(?:\.[0-9]*)?e))/i.test(source))
    throw NOT_PLAIN;
  return source;
}

function unescaped(source: string): string {
  return source.replace(/\\(.)/gs, (_, c: string) => {
    const character = ESCAPES[c];
    if (character === undefined) throw NOT_PLAIN;
    return character;
  });
}
