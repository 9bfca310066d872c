/**
 * Cuts a query into tokens, one at a time and only when asked, because what a character means depends on where it
 * stands: outside of brackets, between braces (where keywords are names), or behind a `[` (where only durations and
 * arithmetic are understood). Faults are reported in Prometheus' words at the place where its lexer sees them.
 */
import { goQuote } from '../../model/quote.ts';
import type { SourceRange } from './ast.ts';
import {
  byteOffsetsOf,
  charAt,
  END,
  goQuoteRune,
  isAlpha,
  isAlphaNumeric,
  isAscii,
  isDigit,
  shortQuote,
} from './characters.ts';
import { scanDuration, scanNumber } from './number-scanner.ts';
import { scanRawString, scanString } from './string-scanner.ts';
import { PromQLSyntaxError } from './syntax-error.ts';
import { isAggregator, isKeyword, isOperator, KEYWORDS, Token, type TokenKind } from './token.ts';

export class Lexer {
  readonly input: string;
  /** The current token: its kind, and where it lies in `input` (UTF-16 units). */
  kind: TokenKind;
  start: number;
  end: number;
  private pos: number;
  private parenDepth: number;
  private inBraces: boolean;
  private inBrackets: boolean;
  /** Behind `[` until the first number: only what a duration can begin with is understood. */
  private beforeDuration: boolean;
  private gotColon: boolean;
  private gotDuration: boolean;
  /** Byte offset of each UTF-16 unit; null where the query is ASCII and both are the same. */
  private readonly byteOffsets: Uint32Array | null;

  constructor(input: string) {
    this.input = input;
    this.kind = Token.eof;
    this.start = 0;
    this.end = 0;
    this.pos = 0;
    this.parenDepth = 0;
    this.inBraces = false;
    this.inBrackets = false;
    this.beforeDuration = false;
    this.gotColon = false;
    this.gotDuration = false;
    this.byteOffsets = isAscii(input) ? null : byteOffsetsOf(input);
  }

  /** The current token's text. */
  get text(): string {
    return this.input.slice(this.start, this.end);
  }

  /** UTF-8 byte offset of a UTF-16 offset. */
  toByte(offset: number): number {
    return this.byteOffsets === null ? offset : this.byteOffsets[offset];
  }

  rangeOf(start: number, end: number): SourceRange {
    return { start: this.toByte(start), end: this.toByte(end) };
  }

  /** Reads the next token that is not a comment. */
  next(): void {
    do {
      if (this.inBraces) this.lexInBraces();
      else if (this.beforeDuration) this.lexBeforeDuration();
      else this.lexOutside();
    } while (this.kind === Token.comment);
  }

  /** The current token as messages name it. */
  describe(): string {
    const text = this.text;
    switch (this.kind) {
      case Token.eof:
        return 'end of input';
      case Token.identifier:
        return `identifier ${goQuote(text)}`;
      case Token.metricIdentifier:
        return `metric identifier ${goQuote(text)}`;
      case Token.string:
        return `string ${shortQuote(text)}`;
      case Token.number:
        return `number ${shortQuote(text)}`;
      case Token.duration:
        return `duration ${shortQuote(text)}`;
      default:
        if (isKeyword(this.kind)) return `<${text}>`;
        if (isOperator(this.kind)) return `<op:${text}>`;
        if (isAggregator(this.kind)) return `<aggr:${text}>`;
        return shortQuote(text);
    }
  }

  /** Anything outside of braces, or behind the first number between brackets. */
  private lexOutside(): void {
    this.skipSpace();
    const start = this.pos;
    const c = this.charAt(start);
    const single = c < 0 || c > 0x7f ? 0 : OUTSIDE[c];
    if (single !== 0) this.emit(single, start + 1);
    else if (isDigit(c) || (c === DOT && isDigit(this.charAt(start + 1)))) this.lexNumberOrDuration();
    else if (c === 0x22 || c === 0x27) this.emit(Token.string, scanString(this.input, this.pos, this));
    else if (c === 0x60) this.emit(Token.string, scanRawString(this.input, this.pos, this));
    else if (c === 0x23) this.lexComment();
    else if (c === 0x3d || c === 0x21 || c === 0x3c || c === 0x3e) this.lexComparison(c);
    else if (c === END) this.lexEnd();
    else if (isAlpha(c) || c === 0x3a) {
      if (this.inBrackets) this.lexWordInBrackets(c);
      else this.lexWord();
    } else this.lexBracket(c);
  }

  private lexEnd(): void {
    if (this.parenDepth !== 0) throw this.error('unclosed left parenthesis', 'add a )');
    if (this.inBrackets) throw this.error('unclosed left bracket', 'add a ]');
    this.emit(Token.eof, this.pos);
  }

  /** What begins with `=`, `!`, `<` or `>`. */
  private lexComparison(c: number): void {
    const start = this.pos;
    const next = this.runeAt(start + 1);
    if (c === 0x3d) {
      if (next === 0x3d) this.emit(Token.eqlc, start + 2);
      else if (next !== 0x7e) this.emit(Token.equals, start + 1);
      else {
        throw this.error(
          `unexpected character after '=': ${goQuoteRune(next)}`,
          'regular expressions match labels, between braces: foo{label=~"…"}',
        );
      }
    } else if (c === 0x21) {
      if (next !== 0x3d) throw this.error(`unexpected character after '!': ${goQuoteRune(next)}`);
      this.emit(Token.neq, start + 2);
    } else if (next === 0x3d) {
      this.emit(c === 0x3c ? Token.lte : Token.gte, start + 2);
    } else if (next === 0x2f) {
      this.emit(c === 0x3c ? Token.trimUpper : Token.trimLower, start + 2);
    } else {
      this.emit(c === 0x3c ? Token.lss : Token.gtr, start + 1);
    }
  }

  /** Brackets of all kinds, which change what is understood; anything else is none of PromQL's characters. */
  private lexBracket(c: number): void {
    const start = this.pos;
    switch (c) {
      case 0x28:
        this.parenDepth++;
        this.emit(Token.leftParen, start + 1);
        break;
      case 0x29:
        this.emit(Token.rightParen, start + 1);
        // The token has been read by now: the fault lies behind it.
        if (--this.parenDepth < 0) throw this.error(`unexpected right parenthesis ')'`);
        break;
      case 0x7b:
        this.inBraces = true;
        this.emit(Token.leftBrace, start + 1);
        break;
      case 0x5b:
        if (this.inBrackets) throw this.error(`unexpected left bracket '['`);
        this.gotColon = false;
        this.inBrackets = true;
        this.beforeDuration = true;
        this.emit(Token.leftBracket, start + 1);
        break;
      case 0x5d:
        if (!this.inBrackets) throw this.error(`unexpected right bracket ']'`);
        this.inBrackets = false;
        this.emit(Token.rightBracket, start + 1);
        break;
      default:
        throw this.error(
          `unexpected character: ${goQuoteRune(this.runeAt(start))}`,
          SET_OPERATORS[this.input.slice(start, start + 2)],
        );
    }
  }

  /** Between brackets, behind the first number. */
  private lexWordInBrackets(c: number): void {
    if (c === 0x3a) {
      if (this.gotColon) throw this.error(`unexpected colon ':'`);
      this.gotColon = true;
      this.emit(Token.colon, this.pos + 1);
    } else if (!this.lexDurationWord()) {
      throw this.error(`unexpected character: ${goQuoteRune(c)}, expected ':'`);
    }
  }

  /** Behind `[`, before the first number. */
  private lexBeforeDuration(): void {
    this.skipSpace();
    const start = this.pos;
    const c = this.charAt(start);
    const single = c < 0 || c > 0x7f ? 0 : OUTSIDE[c];
    if (single !== 0 && single !== Token.at) this.emit(single, start + 1);
    else if (c === 0x28 || c === 0x29) this.lexBracket(c);
    else if (c === 0x5d) {
      this.inBrackets = false;
      this.beforeDuration = false;
      this.gotColon = false;
      this.emit(Token.rightBracket, start + 1);
    } else if (c === 0x3a) {
      this.emit(Token.colon, start + 1);
      // The token has been read by now: the fault lies behind it.
      if (!this.gotDuration) {
        throw this.error(
          'unexpected colon before duration in duration expression',
          'a subquery needs a range before the colon, such as [5m:1m]',
        );
      }
      if (this.gotColon) throw this.error('unexpected repeated colon in duration expression');
      this.gotColon = true;
    } else if (isDigit(c) || (c === DOT && isDigit(this.charAt(start + 1)))) {
      this.gotDuration = true;
      this.beforeDuration = false;
      this.lexNumberOrDuration();
    } else if (c === END) {
      throw this.error('unexpected end of input in duration expression', 'add a ]');
    } else if (this.lexDurationWord()) {
      this.gotDuration = true;
    } else {
      throw this.error(`unexpected character in duration expression: ${goQuoteRune(this.runeAt(start))}`);
    }
  }

  private lexInBraces(): void {
    this.skipSpace();
    const start = this.pos;
    const c = this.charAt(start);
    if (isAlpha(c)) {
      let end = start + 1;
      while (isAlphaNumeric(this.charAt(end))) end++;
      this.emit(Token.identifier, end);
    } else if (c === 0x22 || c === 0x27) this.emit(Token.string, scanString(this.input, this.pos, this));
    else if (c === 0x60) this.emit(Token.string, scanRawString(this.input, this.pos, this));
    else if (c === 0x23) this.lexComment();
    else if (c === 0x2c) this.emit(Token.comma, start + 1);
    else if (c === 0x3d) {
      if (this.charAt(start + 1) === 0x7e) this.emit(Token.eqlRegex, start + 2);
      else this.emit(Token.equals, start + 1);
    } else if (c === 0x21) {
      const next = this.runeAt(start + 1);
      if (next === 0x7e) this.emit(Token.neqRegex, start + 2);
      else if (next === 0x3d) this.emit(Token.neq, start + 2);
      else throw this.error(`unexpected character after '!' inside braces: ${goQuoteRune(next)}`);
    } else if (c === 0x7d) {
      this.inBraces = false;
      this.emit(Token.rightBrace, start + 1);
    } else if (c === END) {
      throw this.error('unexpected end of input inside braces', 'add a }');
    } else if (c === 0x7b) {
      throw this.error(`unexpected left brace '{'`);
    } else {
      throw this.error(
        `unexpected character inside braces: ${goQuoteRune(this.runeAt(start))}`,
        isDigit(c) ? 'label values are strings: put it in quotes' : undefined,
      );
    }
  }

  private lexComment(): void {
    let end = this.pos + 1;
    for (let c = this.charAt(end); c !== END && c !== 0x0a && c !== 0x0d; c = this.charAt(end)) end++;
    this.emit(Token.comment, end);
  }

  private lexWord(): void {
    const input = this.input;
    const start = this.pos;
    let end = start;
    let colons = 0;
    for (;;) {
      const c = this.charAt(end);
      if (c === 0x3a) colons++;
      else if (!isAlphaNumeric(c)) break;
      end++;
    }
    if (colons > 0) this.emit(Token.metricIdentifier, end);
    else if (end - start > LONGEST_KEYWORD) this.emit(Token.identifier, end);
    else this.emit(keywordOf(input.slice(start, end)) ?? Token.identifier, end);
  }

  /** A word that durations know; false, and nothing read, where there is none. */
  private lexDurationWord(): boolean {
    let end = this.pos;
    while (isAlpha(this.charAt(end))) end++;
    const keyword = keywordOf(this.input.slice(this.pos, end));
    if (
      keyword !== Token.step &&
      keyword !== Token.range &&
      keyword !== Token.minOf &&
      keyword !== Token.maxOf
    ) {
      return false;
    }
    this.emit(keyword, end);
    return true;
  }

  private lexNumberOrDuration(): void {
    const start = this.pos;
    const number = scanNumber(this.input, start);
    if (number >= 0) {
      this.emit(Token.number, number);
      return;
    }
    const duration = scanDuration(this.input, ~number);
    if (duration < 0) {
      throw this.error(
        `bad number or duration syntax: ${goQuote(this.input.slice(start, ~duration))}`,
        /^\d+[a-zA-Z]/.test(this.input.slice(start, ~duration + 1))
          ? 'the units of durations are ms, s, m, h, d, w and y'
          : undefined,
      );
    }
    this.emit(Token.duration, duration);
  }

  private skipSpace(): void {
    let pos = this.pos;
    for (let c = this.charAt(pos); c === 0x20 || (c >= 0x09 && c <= 0x0d); c = this.charAt(pos)) {
      if (c === 0x0b || c === 0x0c) break;
      pos++;
    }
    this.pos = pos;
  }

  /** The current token is what lies between `pos` and `end`, and reading goes on behind it. */
  private emit(kind: TokenKind, end: number): void {
    this.kind = kind;
    this.start = this.pos;
    this.end = end;
    this.pos = end;
  }

  private charAt(i: number): number {
    return charAt(this.input, i);
  }

  private runeAt(i: number): number {
    return this.input.codePointAt(i) ?? END;
  }

  /** A fault that begins where the next token would. */
  error(reason: string, suggestion?: string): PromQLSyntaxError {
    const range = this.rangeOf(this.pos, Math.min(this.pos + 1, this.input.length));
    return new PromQLSyntaxError(reason, this.input, range, suggestion);
  }
}

const DOT = 0x2e;
const SET_OPERATORS: Readonly<Record<string, string>> = {
  '&&': 'the operator is written and',
  '||': 'the operator is written or',
};

/** Characters that are tokens of their own outside of braces. */
const OUTSIDE = new Uint8Array(128) as unknown as TokenKind[];
OUTSIDE[0x2c] = Token.comma;
OUTSIDE[0x2a] = Token.mul;
OUTSIDE[0x2f] = Token.div;
OUTSIDE[0x25] = Token.mod;
OUTSIDE[0x2b] = Token.add;
OUTSIDE[0x2d] = Token.sub;
OUTSIDE[0x5e] = Token.pow;
OUTSIDE[0x40] = Token.at;

const LONGEST_KEYWORD = Math.max(...[...KEYWORDS.keys()].map((word) => word.length));

function keywordOf(word: string): TokenKind | undefined {
  return KEYWORDS.get(word) ?? KEYWORDS.get(word.toLowerCase());
}
