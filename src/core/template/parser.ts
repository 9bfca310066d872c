/** From tokens to trees: Go's template grammar, its checks and its messages. */
import { goQuote } from '../model/quote.ts';
import type { Token } from './lexer.ts';
import type { Command, Node, Operand, Pipe } from './nodes.ts';
import { operandText } from './nodes.ts';
import { parseNumberLiteral } from './number-literal.ts';
import { unquoteGo, unquoteGoCharacter } from './strings.ts';
import { TokenReader } from './token-reader.ts';

/** Trees by name: the template itself and what `define` and `block` add. */
export type Templates = Map<string, Node[]>;

/** Parses `text` into trees. `functions` are the names that may be called. Throws TemplateError. */
export function parseTemplate(text: string, name: string, functions: ReadonlySet<string>): Templates {
  const templates: Templates = new Map();
  new Parser(new TokenReader(text, name), functions, templates).whole(name);
  return templates;
}

/** What ends a list: `{{end}}`, or `{{else}}` of which `if` or `with` may come next. */
type Ending = 'end' | 'else';

/** How an operand may begin. */
const OPERANDS: ReadonlySet<Token['kind']> = new Set([
  'bool',
  'char',
  'dot',
  'field',
  'identifier',
  'leftParen',
  'nil',
  'number',
  'string',
  'variable',
]);

/** Reads one template; what `define` and `block` hold is read by a parser of its own, which knows no outer variable. */
class Parser {
  private readonly tokens: TokenReader;
  private readonly functions: ReadonlySet<string>;
  private readonly templates: Templates;
  private readonly variables: string[] = ['$'];
  private loops = 0;

  constructor(tokens: TokenReader, functions: ReadonlySet<string>, templates: Templates) {
    this.tokens = tokens;
    this.functions = functions;
    this.templates = templates;
  }

  whole(name: string): void {
    const list: Node[] = [];
    while (this.tokens.peek().kind !== 'eof') {
      if (this.defines()) continue;
      const node = this.textOrAction();
      if (typeof node === 'string') this.tokens.fail(`unexpected {{${node}}}`);
      list.push(node);
    }
    this.add(name, list);
  }

  /** Only outside of everything else may templates be defined. */
  private defines(): boolean {
    const { tokens } = this;
    if (tokens.peek().kind !== 'open') return false;
    const start = tokens.mark();
    tokens.next();
    const word = tokens.nextSolid();
    if (word.kind !== 'keyword' || word.text !== 'define') {
      tokens.reset(start);
      return false;
    }
    const context = 'define clause';
    const name = this.templateName(tokens.nextSolid(), context);
    tokens.expect('close', context);
    this.own(name, context);
    return true;
  }

  /** The body of a template with variables of its own. */
  private own(name: string, context: string): void {
    const inner = new Parser(this.tokens, this.functions, this.templates);
    const { list, ending } = inner.list();
    if (ending !== 'end') this.tokens.fail(`unexpected {{else}} in ${context}`);
    this.add(name, list);
  }

  private add(name: string, list: Node[]): void {
    const known = this.templates.get(name);
    if (known === undefined || known.every(isBlank)) this.templates.set(name, list);
    else if (!list.every(isBlank)) {
      this.tokens.fail(`template: multiple definition of template ${goQuote(name)}`);
    }
  }

  private list(): { list: Node[]; ending: Ending } {
    const list: Node[] = [];
    while (this.tokens.peekSolid().kind !== 'eof') {
      const node = this.textOrAction();
      if (typeof node === 'string') return { list, ending: node };
      list.push(node);
    }
    return this.tokens.fail('unexpected EOF');
  }

  private textOrAction(): Node | Ending {
    const token = this.tokens.nextSolid();
    if (token.kind === 'text') return { kind: 'text', at: token.at, text: token.text };
    if (token.kind !== 'open') this.tokens.unexpected(token, 'input');
    this.tokens.actionLine = token.line;
    const node = this.action();
    this.tokens.actionLine = 0;
    return node;
  }

  private action(): Node | Ending {
    const word = this.tokens.peekSolid();
    if (word.kind === 'keyword' && word.text !== 'define') {
      this.tokens.next();
      return this.keyword(word);
    }
    const pipe = this.pipeline('command', 'close');
    return { kind: 'action', at: pipe.at, pipe };
  }

  private keyword(word: Token): Node | Ending {
    switch (word.text) {
      case 'if':
      case 'with':
      case 'range':
        return this.control(word.text, word);
      case 'template':
        return this.templateCall();
      case 'block':
        return this.block();
      case 'end':
        this.tokens.expect('close', 'end');
        return 'end';
      case 'else': {
        const next = this.tokens.peekSolid();
        const goesOn = next.kind === 'keyword' && (next.text === 'if' || next.text === 'with');
        if (!goesOn) this.tokens.expect('close', 'else');
        return 'else';
      }
      default:
        this.tokens.expect('close', `{{${word.text}}}`);
        if (this.loops === 0) this.tokens.fail(`{{${word.text}}} outside {{range}}`);
        return { kind: word.text as 'break' | 'continue', at: word.at };
    }
  }

  private control(kind: 'if' | 'with' | 'range', word: Token): Node {
    const scope = this.variables.length;
    const pipe = this.pipeline(kind, 'close');
    if (kind === 'range') this.loops++;
    const { list, ending } = this.list();
    if (kind === 'range') this.loops--;
    const otherwise = ending === 'else' ? this.otherwise(kind) : null;
    this.variables.length = scope;
    return { kind, at: word.at, pipe, list, otherwise };
  }

  private otherwise(kind: 'if' | 'with' | 'range'): Node[] {
    const next = this.tokens.peek();
    if (kind !== 'range' && next.kind === 'keyword' && next.text === kind) {
      // `else if` is an `if` inside the `else`, which shares its `end`.
      this.tokens.next();
      return [this.control(kind, next)];
    }
    const { list, ending } = this.list();
    if (ending !== 'end') this.tokens.fail('expected end; found {{else}}');
    return list;
  }

  private templateName(token: Token, context: string): string {
    if (token.kind !== 'string') this.tokens.unexpected(token, context);
    return unquoteGo(token.text) ?? this.tokens.fail('invalid syntax');
  }

  private templateCall(): Node {
    const context = 'template clause';
    const token = this.tokens.nextSolid();
    const name = this.templateName(token, context);
    if (this.tokens.peekSolid().kind === 'close') {
      this.tokens.next();
      return { kind: 'template', at: token.at, name, pipe: null };
    }
    return { kind: 'template', at: token.at, name, pipe: this.pipeline(context, 'close') };
  }

  private block(): Node {
    const context = 'block clause';
    const token = this.tokens.nextSolid();
    const name = this.templateName(token, context);
    const pipe = this.pipeline(context, 'close');
    this.own(name, context);
    return { kind: 'template', at: token.at, name, pipe };
  }

  private pipeline(context: string, end: 'close' | 'rightParen'): Pipe {
    const { tokens } = this;
    const pipe: Pipe = {
      kind: 'pipe',
      at: tokens.peekSolid().at,
      declares: [],
      isAssign: false,
      commands: [],
    };
    this.declarations(pipe, context);
    for (;;) {
      const token = tokens.peekSolid();
      if (OPERANDS.has(token.kind)) {
        pipe.commands.push(this.command());
        continue;
      }
      tokens.next();
      if (token.kind !== end) tokens.unexpected(token, context);
      this.checkPipeline(pipe, context);
      return pipe;
    }
  }

  /** The variables that a pipeline sets. */
  private declarations(pipe: Pipe, context: string): void {
    const { tokens } = this;
    while (tokens.peekSolid().kind === 'variable') {
      const start = tokens.mark();
      const variable = tokens.next();
      const next = tokens.peekSolid();
      const isComma = next.kind === 'punctuation' && next.text === ',';
      if (next.kind !== 'declare' && next.kind !== 'assign' && !isComma) {
        tokens.reset(start);
        return;
      }
      tokens.next();
      pipe.declares.push(variable.text);
      this.variables.push(variable.text);
      if (!isComma) {
        pipe.isAssign = next.kind === 'assign';
        return;
      }
      if (context !== 'range' || pipe.declares.length > 1) tokens.fail(`too many declarations in ${context}`);
      const after = tokens.peekSolid().kind;
      if (after !== 'variable' && after !== 'close' && after !== 'rightParen') {
        tokens.fail('range can only initialize variables');
      }
    }
  }

  private checkPipeline(pipe: Pipe, context: string): void {
    if (pipe.commands.length === 0) this.tokens.fail(`missing value for ${context}`);
    for (let i = 1; i < pipe.commands.length; i++) {
      const first = pipe.commands[i].args[0];
      if (['constant', 'dot', 'nil'].includes(first.kind)) {
        this.tokens.fail(`non executable command in pipeline stage ${i + 1}`);
      }
    }
  }

  private command(): Command {
    const { tokens } = this;
    const args: Operand[] = [];
    const at = tokens.peekSolid().at;
    for (;;) {
      const operand = this.operand();
      if (operand !== undefined) args.push(operand);
      const token = tokens.peek();
      if (token.kind === 'close' || token.kind === 'rightParen') break;
      tokens.next();
      if (token.kind === 'pipe') break;
      if (token.kind !== 'space') tokens.unexpected(token, 'operand');
    }
    if (args.length === 0) tokens.fail('empty command');
    return { at, args };
  }

  /** A term and the fields behind it. */
  private operand(): Operand | undefined {
    const { tokens } = this;
    const term = this.term();
    if (term === undefined || tokens.peek().kind !== 'field') return term;
    const names: string[] = [];
    const at = tokens.peek().at;
    while (tokens.peek().kind === 'field') names.push(tokens.next().text.slice(1));
    switch (term.kind) {
      case 'field':
      case 'variable':
        return { ...term, at, names: [...term.names, ...names] };
      case 'constant':
      case 'nil':
      case 'dot':
        return tokens.fail(`unexpected . after term ${goQuote(operandText(term))}`);
      default:
        return { kind: 'chain', at, of: term, names };
    }
  }

  private term(): Operand | undefined {
    const { tokens } = this;
    const token = tokens.peekSolid();
    if (!OPERANDS.has(token.kind)) return undefined;
    tokens.next();
    const { at, text } = token;
    switch (token.kind) {
      case 'identifier':
        if (!this.functions.has(text)) tokens.fail(`function ${goQuote(text)} not defined`);
        return { kind: 'identifier', at, name: text };
      case 'dot':
      case 'nil':
        return { kind: token.kind, at };
      case 'variable':
        if (!this.variables.includes(text)) tokens.fail(`undefined variable ${goQuote(text)}`);
        return { kind: 'variable', at, name: text, names: [] };
      case 'field':
        return { kind: 'field', at, names: [text.slice(1)] };
      case 'leftParen':
        return this.pipeline('parenthesized pipeline', 'rightParen');
      default:
        return { kind: 'constant', at, value: this.constant(token), text };
    }
  }

  private constant({ kind, text }: Token): (Operand & { kind: 'constant' })['value'] {
    if (kind === 'bool') return text === 'true';
    if (kind === 'string') return unquoteGo(text) ?? this.tokens.fail('invalid syntax');
    const value = kind === 'char' ? unquoteGoCharacter(text) : parseNumberLiteral(text);
    return typeof value === 'string' ? this.tokens.fail(value) : value;
  }
}

function isBlank(node: Node): boolean {
  return node.kind === 'text' && node.text.trim() === '';
}
