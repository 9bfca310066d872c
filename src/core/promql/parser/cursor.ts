/**
 * The parser's place in the query: one token of lookahead, read no earlier than somebody asks for it. Prometheus'
 * parser does the same, and so the first fault that either reports is the same one.
 */

import type { SourceRange } from './ast.ts';
import { Lexer } from './lexer.ts';
import type { ParserOptions } from './options.ts';
import { PromQLSyntaxError } from './syntax-error.ts';
import type { TokenKind } from './token.ts';

/** A token that has been consumed, in UTF-16 offsets. */
export interface Item {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
}

export class Cursor {
  readonly query: string;
  readonly options: ParserOptions;
  private readonly lexer: Lexer;
  private hasToken: boolean;
  private nesting: number;
  /** How many aggregations surround the current token: Prometheus blames them for what it cannot read. */
  aggregations: number;

  constructor(query: string, options: ParserOptions) {
    this.query = query;
    this.options = options;
    this.lexer = new Lexer(query);
    this.hasToken = false;
    this.nesting = 0;
    this.aggregations = 0;
    if (query.length > options.maxLength) {
      throw new PromQLSyntaxError(
        `query too long: ${query.length} characters, at most ${options.maxLength} are read`,
        '',
        { start: 0, end: 0 },
      );
    }
  }

  /** The kind of the next token. */
  peek(): TokenKind {
    if (!this.hasToken) {
      this.lexer.next();
      this.hasToken = true;
    }
    return this.lexer.kind;
  }

  /** Consumes the next token. */
  take(): Item {
    const kind = this.peek();
    this.hasToken = false;
    return { kind, start: this.lexer.start, end: this.lexer.end };
  }

  /** Consumes the next token where it is of this kind. */
  accept(kind: TokenKind): boolean {
    if (this.peek() !== kind) return false;
    this.hasToken = false;
    return true;
  }

  /** Where the next token starts (UTF-16), and its text. */
  get nextStart(): number {
    this.peek();
    return this.lexer.start;
  }

  get nextText(): string {
    this.peek();
    return this.lexer.text;
  }

  /** Where the last consumed token ends (UTF-16); only until the next `peek`. */
  get lastEnd(): number {
    return this.lexer.end;
  }

  textOf(item: Item): string {
    return this.query.slice(item.start, item.end);
  }

  /** UTF-8 range between two UTF-16 offsets. */
  range(start: number, end: number): SourceRange {
    return this.lexer.rangeOf(start, end);
  }

  rangeOf(item: Item): SourceRange {
    return this.lexer.rangeOf(item.start, item.end);
  }

  /** One level deeper; to be paired with `leave`, except when something is thrown. */
  enter(): void {
    if (++this.nesting > this.options.maxDepth) {
      this.peek();
      throw tooDeep(this, this.range(this.lexer.start, this.lexer.end));
    }
  }

  leave(): void {
    this.nesting--;
  }

  fail(range: SourceRange, reason: string, suggestion?: string): never {
    throw new PromQLSyntaxError(reason, this.query, range, suggestion);
  }

  /** The next token does not belong where it is. */
  unexpected(context: string, expected: string, suggestion?: string): never {
    this.peek();
    let reason = `unexpected ${this.lexer.describe()}`;
    if (context !== '') reason += ` in ${context}`;
    if (expected !== '') reason += `, expected ${expected}`;
    this.fail(this.range(this.lexer.start, this.lexer.end), reason, suggestion);
  }
}

export function tooDeep(cursor: Cursor, range: SourceRange): PromQLSyntaxError {
  return new PromQLSyntaxError(
    `expression nested too deeply: at most ${cursor.options.maxDepth} levels are read`,
    cursor.query,
    range,
  );
}
