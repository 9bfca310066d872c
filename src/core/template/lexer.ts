/**
 * The tokens of Go's template language (https://pkg.go.dev/text/template): text up to `{{`, and what stands between
 * `{{` and `}}`. `{{-` and `-}}` trim the white space beside them; comments vanish.
 */
import { goQuote } from '../model/quote.ts';

export type TokenKind =
  | 'text'
  | 'open'
  | 'close'
  | 'space'
  | 'pipe'
  | 'leftParen'
  | 'rightParen'
  | 'assign'
  | 'declare'
  | 'dot'
  | 'field'
  | 'variable'
  | 'identifier'
  | 'keyword'
  | 'bool'
  | 'nil'
  | 'number'
  | 'string'
  | 'char'
  /** Any other printable ASCII character, a comma for instance. */
  | 'punctuation'
  /** What cannot be read; `text` says why. The last token but for `eof`. */
  | 'error'
  | 'eof';

export interface Token {
  kind: TokenKind;
  text: string;
  /** UTF-16 offset in the template. */
  at: number;
  line: number;
}

const KEYWORDS = new Set([
  'block',
  'break',
  'continue',
  'define',
  'else',
  'end',
  'if',
  'range',
  'template',
  'with',
]);

/** Names as nearly all are. They do not match a part of a longer name. */
const ASCII_WORD = /[A-Za-z_]\w*(?![\w\x80-\uffff])/y;
const ASCII_VARIABLE = /\$\w*(?![\w\x80-\uffff])/y;
const ASCII_FIELD = /\.\w+(?![\w\x80-\uffff])/y;

/**
 * Names in all scripts. V8 takes a quarter of a millisecond to read these patterns and a half to compile them, a
 * hundredth of a command that expands one template; inside a function they cost nothing until they are asked for.
 */
const WORD = () => /[\p{L}_][\p{L}\p{Nd}_]*/uy;
const VARIABLE = () => /\$(?:[\p{L}\p{Nd}_]*)/uy;
const FIELD = () => /\.[\p{L}\p{Nd}_]+/uy;

/** The other pieces of an action, tried in this order. */
const SPACE = /[ \t\r\n]+/y;
/** With a sign in front and an i behind; what is no number in the end is the parser's to say. */
const NUMBER =
  /[+-]?(?:0[xX][\da-fA-F_]*(?:\.[\da-fA-F_]*)?(?:[pP][+-]?[\d_]*)?|0[bB][01_]*(?:\.[01_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?|[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?[\d_]*)?)i?/y;
const QUOTED = /"(?:[^"\\\n]|\\[^\n])*"/y;
const RAW = /`[^`]*`/y;
const CHARACTER = /'(?:[^'\\\n]|\\[^\n])*'/y;

/** What may follow a word, a field or a number, beside the end. */
const TERMINATORS = ' \t\r\n.,|:()';

/**
 * All tokens, `eof` last. Where the text cannot be read any further, an `error` stands before it: what comes first in
 * the template is to be complained about first, and that may be the parser's matter.
 */
export function lex(text: string): Token[] {
  return new Lexer(text).run();
}

class Lexer {
  private readonly text: string;
  private readonly tokens: Token[] = [];
  private pos = 0;
  private line = 1;
  private counted = 0;
  private parens = 0;

  constructor(text: string) {
    this.text = text;
  }

  run(): Token[] {
    try {
      this.all();
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      const { at, line } = error;
      this.tokens.push({ kind: 'error', text: error.message, at, line });
      this.tokens.push({ kind: 'eof', text: '', at, line });
    }
    return this.tokens;
  }

  private all(): void {
    let trimNext = false;
    for (;;) {
      const open = this.text.indexOf('{{', this.pos);
      const end = open < 0 ? this.text.length : open;
      let from = this.pos;
      let to = end;
      if (trimNext) while (from < to && isSpace(this.text[from])) from++;
      const trims = open >= 0 && this.text[open + 2] === '-' && isSpace(this.text[open + 3] ?? '');
      if (trims) while (to > from && isSpace(this.text[to - 1])) to--;
      if (to > from) this.push('text', from, to);
      this.pos = end;
      if (open < 0) break;
      trimNext = this.action(open, trims);
    }
    this.push('eof', this.pos, this.pos);
  }

  /** From `{{` to `}}`; returns whether the text behind is trimmed. */
  private action(open: number, trims: boolean): boolean {
    const inside = open + (trims ? 4 : 2);
    if (this.text.startsWith('/*', inside)) return this.comment(inside);
    this.push('open', open, open + 2);
    this.pos = inside;
    this.parens = 0;
    for (;;) {
      const trim = this.isTrimmedClose(this.pos);
      if (trim || this.text.startsWith('}}', this.pos)) {
        if (this.parens > 0) this.fail('unclosed left paren');
        const at = this.pos + (trim ? 2 : 0);
        this.push('close', at, at + 2);
        this.pos = at + 2;
        return trim;
      }
      this.piece();
    }
  }

  private comment(start: number): boolean {
    this.pos = start;
    const end = this.text.indexOf('*/', start + 2) + 2;
    if (end < 2) this.fail('unclosed comment');
    const trims = this.isTrimmedClose(end);
    if (!trims && !this.text.startsWith('}}', end)) this.fail('comment ends before closing delimiter');
    this.pos = end + (trims ? 4 : 2);
    return trims;
  }

  private isTrimmedClose(at: number): boolean {
    return this.text.startsWith('-}}', at + 1) && isSpace(this.text[at]);
  }

  private piece(): boolean {
    const c = this.text[this.pos];
    if (c === undefined) return this.fail('unclosed action');
    if (this.space()) return true;
    if (this.text.startsWith(':=', this.pos)) return this.advance('declare', 2);
    switch (c) {
      case '=':
        return this.advance('assign', 1);
      case '|':
        return this.advance('pipe', 1);
      case '(':
        this.parens++;
        return this.advance('leftParen', 1);
      case ')':
        if (this.parens-- === 0) this.fail('unexpected right paren');
        return this.advance('rightParen', 1);
      case ':':
        return this.fail('expected :=');
      case '"':
        return this.take(QUOTED, 'string') || this.fail('unterminated quoted string');
      case '`':
        return this.take(RAW, 'string') || this.fail('unterminated raw quoted string');
      case "'":
        return this.take(CHARACTER, 'char') || this.fail('unterminated character constant');
      case '$':
        return this.name((this.match(ASCII_VARIABLE) ?? this.match(VARIABLE()))!, 'variable');
    }
    if (c === '.' && !isDigit(this.text[this.pos + 1] ?? '')) {
      const field = this.match(ASCII_FIELD) ?? this.match(FIELD());
      return field === undefined ? this.name('.', 'dot') : this.name(field, 'field');
    }
    if (isDigit(c) || c === '.' || c === '+' || c === '-') return this.number();
    if (this.word()) return true;
    if (c >= '!' && c <= '~') return this.advance('punctuation', 1);
    return this.fail(`unrecognized character in action: ${unicode(this.text.codePointAt(this.pos)!)}`);
  }

  /** All white space but what belongs to a trimming `-}}`. */
  private space(): boolean {
    const spaces = this.match(SPACE);
    if (spaces === undefined) return false;
    const trims = this.text.startsWith('-}}', this.pos + spaces.length);
    return this.advance('space', spaces.length - (trims ? 1 : 0));
  }

  /** `1+2i` is one number. */
  private number(): true {
    const from = this.pos;
    let end = this.numberEnd(from);
    const isPair = this.text[end] === '+' || this.text[end] === '-';
    if (isPair) {
      end = this.numberEnd(end);
      if (this.text[end - 1] !== 'i') this.fail(`bad number syntax: ${goQuote(this.text.slice(from, end))}`);
    }
    return this.advance('number', end - from);
  }

  private numberEnd(from: number): number {
    NUMBER.lastIndex = from;
    const end = from + NUMBER.exec(this.text)![0].length;
    const after = this.text.codePointAt(end);
    if (after !== undefined && /[\p{L}\p{Nd}_]/u.test(String.fromCodePoint(after))) {
      const rest = this.text.slice(this.pos, end) + String.fromCodePoint(after);
      this.fail(`bad number syntax: ${goQuote(rest)}`);
    }
    return end;
  }

  private word(): boolean {
    const word = this.match(ASCII_WORD) ?? this.match(WORD());
    if (word === undefined) return false;
    const kind: TokenKind = KEYWORDS.has(word)
      ? 'keyword'
      : word === 'true' || word === 'false'
        ? 'bool'
        : word === 'nil'
          ? 'nil'
          : 'identifier';
    return this.name(word, kind);
  }

  /** A piece behind which not everything may stand. */
  private name(text: string, kind: TokenKind): true {
    const end = this.pos + text.length;
    const isWhole =
      end === this.text.length || TERMINATORS.includes(this.text[end]) || this.text.startsWith('}}', end);
    if (!isWhole) this.fail(`bad character ${unicode(this.text.codePointAt(end)!)}`);
    return this.advance(kind, text.length);
  }

  private take(pattern: RegExp, kind: TokenKind): boolean {
    const matched = this.match(pattern);
    return matched !== undefined && this.advance(kind, matched.length);
  }

  /** What a sticky pattern finds here. */
  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.pos;
    return pattern.exec(this.text)?.[0];
  }

  private advance(kind: TokenKind, length: number): true {
    this.push(kind, this.pos, this.pos + length);
    this.pos += length;
    return true;
  }

  private push(kind: TokenKind, from: number, to: number): void {
    this.countTo(from);
    this.tokens.push({ kind, text: this.text.slice(from, to), at: from, line: this.line });
  }

  private countTo(at: number): void {
    for (; this.counted < at; this.counted++) if (this.text[this.counted] === '\n') this.line++;
  }

  /** What is wrong is told with the line on which the piece begins. */
  private fail(reason: string): never {
    this.countTo(this.pos);
    throw new Unreadable(reason, this.pos, this.line);
  }
}

class Unreadable extends Error {
  readonly at: number;
  readonly line: number;

  constructor(reason: string, at: number, line: number) {
    super(reason);
    this.at = at;
    this.line = line;
  }
}

function isDigit(c: string): boolean {
  return c >= '0' && c <= '9';
}

function isSpace(c: string): boolean {
  return c === ' ' || c === '\t' || c === '\r' || c === '\n';
}

/** Go's `%#U`: `U+0026 '&'`. */
function unicode(rune: number): string {
  return `U+${rune.toString(16).toUpperCase().padStart(4, '0')} '${String.fromCodePoint(rune)}'`;
}
