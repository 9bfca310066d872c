/**
 * The tokens of Go's template language (https://pkg.go.dev/text/template): text up to `{{`, and what stands between
 * `{{` and `}}`. `{{-` and `-}}` trim the white space beside them; comments vanish.
 */
import { goQuote } from '../model/quote.ts';
import { TemplateError } from './template-error.ts';

export type TokenKind =
  | 'text'
  | 'open'
  | 'close'
  | 'space'
  | 'pipe'
  | 'comma'
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
const NUMBER =
  /[+-]?(?:0[xX][\da-fA-F_]+(?:\.[\da-fA-F_]*)?(?:[pP][+-]?\d+)?|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?[\d_]+)?)i?/y;
const QUOTED = /"(?:[^"\\\n]|\\[^\n])*"/y;
const RAW = /`[^`]*`/y;
const CHARACTER = /'(?:[^'\\\n]|\\[^\n])*'/y;

/** What may follow a word, a field or a number. */
const TERMINATES = /[ \t\r\n.,|:()}]|$/uy;

/** All tokens, `eof` last. Throws TemplateError with Go's message. */
export function lex(text: string, name: string): Token[] {
  return new Lexer(text, name).run();
}

class Lexer {
  private readonly text: string;
  private readonly name: string;
  private readonly tokens: Token[] = [];
  private pos = 0;
  private line = 1;
  private counted = 0;
  private parens = 0;

  constructor(text: string, name: string) {
    this.text = text;
    this.name = name;
  }

  run(): Token[] {
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
    return this.tokens;
  }

  /** From `{{` to `}}`; returns whether the text behind is trimmed. */
  private action(open: number, trims: boolean): boolean {
    const inside = open + (trims ? 4 : 2);
    const comment = trims ? inside : open + 2;
    if (this.text.startsWith('/*', comment)) return this.comment(comment);
    this.push('open', open, open + 2);
    this.pos = open + (trims ? 3 : 2);
    this.parens = 0;
    for (;;) {
      const trimsAfter = /[ \t\r\n]-\}\}/y;
      trimsAfter.lastIndex = this.pos;
      if (trimsAfter.test(this.text) || this.text.startsWith('}}', this.pos)) {
        const trim = !this.text.startsWith('}}', this.pos);
        if (this.parens > 0) this.fail('unclosed left paren');
        const at = this.pos + (trim ? 2 : 0);
        this.push('close', at, at + 2);
        this.pos = at + 2;
        return trim;
      }
      this.piece(open);
    }
  }

  private comment(start: number): boolean {
    const end = this.text.indexOf('*/', start + 2);
    if (end < 0) this.fail('unclosed comment');
    this.pos = end + 2;
    const trim = /[ \t\r\n]-\}\}/y;
    trim.lastIndex = this.pos;
    if (trim.test(this.text)) {
      this.pos += 4;
      return true;
    }
    if (!this.text.startsWith('}}', this.pos)) this.fail('comment ends before closing delimiter');
    this.pos += 2;
    return false;
  }

  private piece(open: number): boolean {
    const c = this.text[this.pos];
    if (c === undefined) {
      this.line = lineAt(this.text, open);
      this.counted = open;
      this.fail('unclosed action');
    }
    if (this.take(SPACE, 'space')) return true;
    if (this.text.startsWith(':=', this.pos)) return this.advance('declare', 2);
    switch (c) {
      case '=':
        return this.advance('assign', 1);
      case '|':
        return this.advance('pipe', 1);
      case ',':
        return this.advance('comma', 1);
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
        if (!this.take(ASCII_VARIABLE, 'variable')) this.take(VARIABLE(), 'variable');
        return this.terminated();
    }
    if (c === '.' && !/\d/.test(this.text[this.pos + 1] ?? '')) {
      if (this.take(ASCII_FIELD, 'field') || this.take(FIELD(), 'field')) return this.terminated();
      return this.advance('dot', 1);
    }
    if (/[\d.+-]/.test(c) && this.take(NUMBER, 'number')) {
      if (/[\p{L}\p{Nd}_]/u.test(this.text[this.pos] ?? '')) {
        const from = this.tokens[this.tokens.length - 1].at;
        const rest = this.text.slice(from, this.pos + 1);
        this.fail(`bad number syntax: ${goQuote(rest)}`);
      }
      return true;
    }
    if (this.word()) return true;
    return this.fail(`unrecognized character in action: ${unicode(this.text.codePointAt(this.pos)!)}`);
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
    this.advance(kind, word.length);
    this.terminated();
    return true;
  }

  private terminated(): true {
    TERMINATES.lastIndex = this.pos;
    if (!TERMINATES.test(this.text)) {
      this.fail(`bad character ${unicode(this.text.codePointAt(this.pos)!)}`);
    }
    return true;
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

  private fail(reason: string): never {
    this.countTo(this.pos);
    throw new TemplateError(`template: ${this.name}:${this.line}: ${reason}`);
  }
}

function lineAt(text: string, at: number): number {
  let line = 1;
  for (let i = 0; i < at; i++) if (text[i] === '\n') line++;
  return line;
}

function isSpace(c: string): boolean {
  return c === ' ' || c === '\t' || c === '\r' || c === '\n';
}

/** Go's `%#U`: `U+0026 '&'`. */
function unicode(rune: number): string {
  return `U+${rune.toString(16).toUpperCase().padStart(4, '0')} '${String.fromCodePoint(rune)}'`;
}
