/** From tokens to trees: Go's template grammar, its checks and its messages. */

import { parseGoFloat } from '../model/number.ts';
import { goQuote } from '../model/quote.ts';
import { lex, type Token } from './lexer.ts';
import type { Command, Node, Operand, Pipe } from './nodes.ts';
import { operandText } from './nodes.ts';
import { unquoteGo } from './strings.ts';
import { TemplateError } from './template-error.ts';
import { GoInt, type GoValue } from './value.ts';

/** Trees by name: the template itself and what `define` and `block` add. */
export type Templates = Map<string, Node[]>;

/** Parses `text` into `templates`. `functions` are the names that may be called. Throws TemplateError. */
export function parseTemplate(
  text: string,
  name: string,
  functions: ReadonlySet<string>,
  templates: Templates = new Map(),
): Templates {
  new Parser(text, name, functions, templates).parse();
  return templates;
}

/** How lists end: `end`, or `else` with what stands behind it. */
type Ending = { end: 'end' | 'eof' } | { end: 'else'; next: Token | undefined };

class Parser {
  private readonly name: string;
  private readonly functions: ReadonlySet<string>;
  private readonly templates: Templates;
  private readonly tokens: Token[];
  private pos = 0;
  private variables: string[] = ['$'];
  private loops = 0;

  constructor(text: string, name: string, functions: ReadonlySet<string>, templates: Templates) {
    this.name = name;
    this.functions = functions;
    this.templates = templates;
    this.tokens = lex(text, name);
  }

  parse(): void {
    const { list, ending } = this.list(true);
    if (ending.end === 'else') this.unexpected('{{else}}', undefined);
    if (ending.end === 'end') this.unexpected('{{end}}', undefined);
    this.templates.set(this.name, list);
  }

  private list(top: boolean): { list: Node[]; ending: Ending } {
    const list: Node[] = [];
    for (;;) {
      const token = this.next();
      if (token.kind === 'eof') {
        if (!top) this.fail('unexpected EOF');
        return { list, ending: { end: 'eof' } };
      }
      if (token.kind === 'text') {
        list.push({ kind: 'text', at: token.at, text: token.text });
        continue;
      }
      const word = this.peekSolid();
      if (word.kind !== 'keyword') {
        const pipe = this.pipeline('command', 'close');
        list.push({ kind: 'action', at: pipe.at, pipe });
        continue;
      }
      this.nextSolid();
      switch (word.text) {
        case 'end':
          this.expect('close', 'end');
          return { list, ending: { end: 'end' } };
        case 'else': {
          const next = this.peekSolid();
          if (next.kind === 'keyword' && (next.text === 'if' || next.text === 'with')) {
            return { list, ending: { end: 'else', next } };
          }
          this.expect('close', 'else');
          return { list, ending: { end: 'else', next: undefined } };
        }
        case 'define':
          if (!top) this.unexpected('{{define}}', undefined);
          this.define();
          break;
        default:
          list.push(this.keyword(word));
      }
    }
  }

  private keyword(word: Token): Node {
    switch (word.text) {
      case 'if':
      case 'with':
      case 'range':
        return this.control(word.text, word);
      case 'template':
        return this.templateCall(word);
      case 'block':
        return this.block(word);
      default: {
        const next = this.nextSolid();
        if (next.kind !== 'close') this.unexpectedToken(next, `{{${word.text}}}`);
        if (this.loops === 0) this.fail(`{{${word.text}}} outside {{range}}`);
        return { kind: word.text as 'break' | 'continue', at: word.at };
      }
    }
  }

  private control(kind: 'if' | 'with' | 'range', word: Token): Node {
    const scope = this.variables.length;
    const pipe = this.pipeline(kind, 'close');
    if (kind === 'range') this.loops++;
    let { list, ending } = this.list(false);
    if (kind === 'range') this.loops--;
    let otherwise: Node[] | null = null;
    if (ending.end === 'else') {
      const next = ending.next;
      if (next === undefined) {
        const rest = this.list(false);
        if (rest.ending.end !== 'end') this.fail(`expected end; found {{else}}`);
        otherwise = rest.list;
      } else {
        if (next.text !== kind || kind === 'range') this.unexpectedToken(next, 'else');
        // `else if` is an `if` inside the `else`, which shares its `end`.
        this.nextSolid();
        otherwise = [this.control(kind, next)];
      }
      ending = { end: 'end' };
    }
    this.variables.length = scope;
    return { kind, at: word.at, pipe, list, otherwise };
  }

  private templateName(token: Token, context: string): string {
    if (token.kind !== 'string') this.unexpectedToken(token, context);
    return unquoteGo(token.text) ?? this.fail(`invalid string ${token.text}`);
  }

  private templateCall(word: Token): Node {
    const token = this.nextSolid();
    const name = this.templateName(token, 'template clause');
    if (this.peekSolid().kind === 'close') {
      this.nextSolid();
      return { kind: 'template', at: token.at, name, pipe: null };
    }
    return { kind: 'template', at: word.at, name, pipe: this.pipeline('template clause', 'close') };
  }

  private define(): void {
    const name = this.templateName(this.nextSolid(), 'define clause');
    this.expect('close', 'define clause');
    this.own(name, 'define');
  }

  private block(word: Token): Node {
    const name = this.templateName(this.nextSolid(), 'block clause');
    const pipe = this.pipeline('block clause', 'close');
    this.own(name, 'block');
    return { kind: 'template', at: word.at, name, pipe };
  }

  /** The body of a template with variables of its own. */
  private own(name: string, what: string): void {
    const { variables, loops } = this;
    this.variables = ['$'];
    this.loops = 0;
    const { list, ending } = this.list(false);
    if (ending.end !== 'end') this.unexpected('{{else}}', `${what} clause`);
    this.variables = variables;
    this.loops = loops;
    const known = this.templates.get(name);
    if (known !== undefined && known.length > 0 && list.every(isBlank)) return;
    this.templates.set(name, list);
  }

  private pipeline(context: string, end: 'close' | 'rightParen'): Pipe {
    const first = this.peekSolid();
    const pipe: Pipe = { kind: 'pipe', at: first.at, declares: [], isAssign: false, commands: [] };
    this.declarations(pipe, context);
    for (;;) {
      const token = this.nextSolid();
      if (token.kind === end) {
        this.checkPipeline(pipe, context);
        return pipe;
      }
      switch (token.kind) {
        case 'bool':
        case 'char':
        case 'dot':
        case 'field':
        case 'identifier':
        case 'number':
        case 'nil':
        case 'string':
        case 'variable':
        case 'leftParen':
          this.pos--;
          pipe.commands.push(this.command());
          break;
        default:
          this.unexpectedToken(token, context);
      }
    }
  }

  private declarations(pipe: Pipe, context: string): void {
    for (;;) {
      const variable = this.peekSolid();
      if (variable.kind !== 'variable') return;
      const back = this.pos;
      this.nextSolid();
      const next = this.peekSolid();
      if (next.kind === 'declare' || next.kind === 'assign') {
        this.nextSolid();
        pipe.declares.push(variable.text);
        pipe.isAssign = next.kind === 'assign';
        if (pipe.isAssign) this.known(variable.text);
        else this.variables.push(variable.text);
        return;
      }
      if (next.kind === 'comma') {
        this.nextSolid();
        pipe.declares.push(variable.text);
        this.variables.push(variable.text);
        if (context !== 'range' || pipe.declares.length > 1) {
          this.fail(`too many declarations in ${context}`);
        }
        continue;
      }
      this.pos = back;
      return;
    }
  }

  private checkPipeline(pipe: Pipe, context: string): void {
    if (pipe.commands.length === 0) this.fail(`missing value for ${context}`);
    for (let i = 1; i < pipe.commands.length; i++) {
      const first = pipe.commands[i].args[0];
      if (['constant', 'dot', 'nil'].includes(first.kind)) {
        this.fail(`non executable command in pipeline stage ${i + 1}`);
      }
    }
  }

  private command(): Command {
    const args: Operand[] = [];
    const at = this.peekSolid().at;
    for (;;) {
      this.skipSpace();
      const operand = this.operand();
      if (operand !== undefined) args.push(operand);
      const token = this.next();
      if (token.kind === 'space') continue;
      if (token.kind === 'close' || token.kind === 'rightParen') {
        this.pos--;
        break;
      }
      if (token.kind === 'pipe') {
        const after = this.peekSolid();
        if (after.kind === 'close' || after.kind === 'rightParen') this.fail('missing value for command');
        break;
      }
      this.unexpectedToken(token, 'operand');
    }
    if (args.length === 0) this.fail('empty command');
    return { at, args };
  }

  /** A term and the fields behind it. */
  private operand(): Operand | undefined {
    const term = this.term();
    if (term === undefined || this.peek().kind !== 'field') return term;
    const names: string[] = [];
    const at = this.peek().at;
    while (this.peek().kind === 'field') names.push(this.next().text.slice(1));
    switch (term.kind) {
      case 'field':
        return { ...term, at, names: [...term.names, ...names] };
      case 'variable':
        return { ...term, at, names: [...term.names, ...names] };
      case 'constant':
      case 'nil':
      case 'dot':
        return this.fail(`unexpected . after term ${goQuote(operandText(term))}`);
      default:
        return { kind: 'chain', at, of: term, names };
    }
  }

  private term(): Operand | undefined {
    const token = this.next();
    const { at } = token;
    switch (token.kind) {
      case 'identifier':
        if (!this.functions.has(token.text)) this.fail(`function ${goQuote(token.text)} not defined`);
        return { kind: 'identifier', at, name: token.text };
      case 'dot':
      case 'nil':
        return { kind: token.kind, at };
      case 'variable':
        this.known(token.text);
        return { kind: 'variable', at, name: token.text, names: [] };
      case 'field':
        return { kind: 'field', at, names: [token.text.slice(1)] };
      case 'bool':
        return { kind: 'constant', at, value: token.text === 'true', text: token.text };
      case 'number':
      case 'char':
        return { kind: 'constant', at, value: this.number(token), text: token.text };
      case 'string': {
        const value = unquoteGo(token.text);
        if (value === undefined) return this.fail('invalid syntax');
        return { kind: 'constant', at, value, text: token.text };
      }
      case 'leftParen':
        return this.pipeline('parenthesized pipeline', 'rightParen');
      default:
        this.pos--;
        return undefined;
    }
  }

  private number(token: Token): GoValue {
    const { text } = token;
    if (token.kind === 'char') {
      const rune = unquoteGo(`"${text.slice(1, -1).replace(/^"$/, '\\"').replace(/^\\'$/, "'")}"`);
      if (rune === undefined || [...rune].length !== 1) this.fail(`malformed character constant: ${text}`);
      return new GoInt(rune!.codePointAt(0)!);
    }
    const plain = text.replaceAll('_', '').replace(/^[+-]/, '');
    const sign = text.startsWith('-') ? -1 : 1;
    if (/^0[xX][\da-fA-F]+$|^0[bB][01]+$|^0[oO][0-7]+$/.test(plain)) return new GoInt(sign * Number(plain));
    if (/^0[0-7]+$/.test(plain)) return new GoInt(sign * Number.parseInt(plain, 8));
    if (/^\d+$/.test(plain)) return new GoInt(sign * Number(plain));
    const value = parseGoFloat(text);
    return value ?? this.fail(`illegal number syntax: ${goQuote(text)}`);
  }

  private known(name: string): void {
    if (!this.variables.includes(name)) this.fail(`undefined variable ${goQuote(name)}`);
  }

  private peek(): Token {
    return this.tokens[this.pos];
  }

  private next(): Token {
    const token = this.tokens[this.pos];
    if (token.kind !== 'eof') this.pos++;
    return token;
  }

  private skipSpace(): void {
    while (this.tokens[this.pos].kind === 'space') this.pos++;
  }

  private peekSolid(): Token {
    this.skipSpace();
    return this.peek();
  }

  private nextSolid(): Token {
    this.skipSpace();
    return this.next();
  }

  private expect(kind: Token['kind'], context: string): void {
    const token = this.nextSolid();
    if (token.kind !== kind) this.unexpectedToken(token, context);
  }

  private unexpectedToken(token: Token, context: string): never {
    return this.unexpected(tokenText(token), context);
  }

  private unexpected(what: string, context: string | undefined): never {
    return this.fail(`unexpected ${what}${context === undefined ? '' : ` in ${context}`}`);
  }

  private fail(reason: string): never {
    const line = this.tokens[Math.max(0, this.pos - 1)].line;
    throw new TemplateError(`template: ${this.name}:${line}: ${reason}`);
  }
}

/** A token as Go's messages show it. */
function tokenText(token: Token): string {
  if (token.kind === 'eof') return 'EOF';
  if (token.kind === 'keyword') return `<${token.text}>`;
  return token.text.length > 10 ? `${goQuote(token.text.slice(0, 10))}...` : goQuote(token.text);
}

function isBlank(node: Node): boolean {
  return node.kind === 'text' && node.text.trim() === '';
}
