/** The tokens of a template one after another, with a look ahead, and the complaints about them in Go's words. */
import { goQuote } from '../model/quote.ts';
import { lex, type Token } from './lexer.ts';
import { TemplateError } from './template-error.ts';

export class TokenReader {
  /** The line on which the action being read began; 0 between actions. */
  actionLine = 0;
  private readonly name: string;
  private readonly tokens: readonly Token[];
  private pos = 0;
  /** The last token that was looked at: its line is the one that messages name. */
  private seen = 0;

  constructor(text: string, name: string) {
    this.name = name;
    this.tokens = lex(text);
  }

  /** The token that comes next, white space included. */
  peek(): Token {
    this.seen = Math.max(this.seen, this.pos);
    return this.tokens[this.pos];
  }

  next(): Token {
    const token = this.peek();
    if (token.kind !== 'eof') this.pos++;
    return token;
  }

  /** The token that comes next behind white space, which is skipped. */
  peekSolid(): Token {
    while (this.tokens[this.pos].kind === 'space') this.pos++;
    return this.peek();
  }

  nextSolid(): Token {
    this.peekSolid();
    return this.next();
  }

  /** A place to go back to. */
  mark(): number {
    return this.pos;
  }

  reset(mark: number): void {
    this.pos = mark;
  }

  expect(kind: Token['kind'], context: string): void {
    const token = this.nextSolid();
    if (token.kind !== kind) this.unexpected(token, context);
  }

  unexpected(token: Token, context: string): never {
    if (token.kind !== 'error') return this.fail(`unexpected ${tokenText(token)} in ${context}`);
    const { text, line } = token;
    if (this.actionLine === 0 || this.actionLine === line) return this.fail(text);
    const inAction = text.endsWith(' action') ? '' : ' in action';
    return this.fail(`${text}${inAction} started at ${this.name}:${this.actionLine}`);
  }

  fail(reason: string): never {
    throw new TemplateError(`template: ${this.name}:${this.tokens[this.seen].line}: ${reason}`);
  }
}

/** A token as Go's messages show it. */
function tokenText({ kind, text }: Token): string {
  if (kind === 'eof') return 'EOF';
  if (kind === 'keyword' || kind === 'dot' || kind === 'nil') return `<${text}>`;
  const runes = [...text];
  return Buffer.byteLength(text) > 10 ? `${goQuote(runes.slice(0, 10).join(''))}...` : goQuote(text);
}
