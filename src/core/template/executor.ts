/** Runs a template: Go's evaluation rules, its checks and its messages. */
import { goQuote } from '../model/quote.ts';
import {
  accepts,
  CallError,
  type FunctionLookup,
  lookUp,
  type ParameterType,
  parameterTypeName,
} from './function.ts';
import {
  type Command,
  commandText,
  type Node,
  nodeText,
  type Operand,
  operandText,
  type Pipe,
  pipeText,
} from './nodes.ts';
import type { Templates } from './parser.ts';
import { TemplateError } from './template-error.ts';
import { formatValue, GoInt, GoMap, GoStruct, type GoValue, isTrue, typeName } from './value.ts';

export interface ExecuteOptions {
  templates: Templates;
  functions: FunctionLookup;
  name: string;
  /** The template's text, for positions. */
  text: string;
  data: GoValue;
}

/** Go gives up at 100,000; our stack is smaller. */
const MAX_DEPTH = 1000;

/** The text that the template makes. Throws TemplateError. */
export function executeTemplate(options: ExecuteOptions): string {
  const executor = new Executor(options, options.name, 0);
  return executor.run(options.data);
}

/** A variable and its value. */
interface Variable {
  name: string;
  value: GoValue;
}

/** What a message is about: an offset and the text that is shown. */
interface Spot {
  at: number;
  text: string;
}

type Leaving = 'break' | 'continue' | undefined;

class Executor {
  private readonly options: ExecuteOptions;
  private readonly name: string;
  private readonly depth: number;
  private readonly variables: Variable[] = [];
  private out = '';
  private spot: Spot = { at: 0, text: '' };

  constructor(options: ExecuteOptions, name: string, depth: number) {
    this.options = options;
    this.name = name;
    this.depth = depth;
  }

  run(data: GoValue): string {
    this.variables.push({ name: '$', value: data });
    this.list(data, this.options.templates.get(this.name) ?? []);
    return this.out;
  }

  private list(dot: GoValue, list: readonly Node[]): Leaving {
    for (const node of list) {
      const leaving = this.node(dot, node);
      if (leaving !== undefined) return leaving;
    }
    return undefined;
  }

  private node(dot: GoValue, node: Node): Leaving {
    switch (node.kind) {
      case 'text':
        this.out += node.text;
        return undefined;
      case 'action': {
        this.spot = { at: node.at, text: nodeText(node) };
        const value = this.pipe(dot, node.pipe);
        if (node.pipe.declares.length === 0) this.out += formatValue(value);
        return undefined;
      }
      case 'if':
      case 'with':
        return this.choice(dot, node.kind, node.pipe, node.list, node.otherwise);
      case 'range':
        return this.range(dot, node.pipe, node.list, node.otherwise);
      case 'template':
        this.call(dot, node.name, node.pipe, { at: node.at, text: nodeText(node) });
        return undefined;
      default:
        return node.kind;
    }
  }

  private choice(
    dot: GoValue,
    kind: 'if' | 'with',
    pipe: Pipe,
    list: readonly Node[],
    otherwise: readonly Node[] | null,
  ): Leaving {
    const scope = this.variables.length;
    const value = this.pipe(dot, pipe);
    let leaving: Leaving;
    if (isTrue(value)) leaving = this.list(kind === 'with' ? value : dot, list);
    else if (otherwise !== null) leaving = this.list(dot, otherwise);
    this.variables.length = scope;
    return leaving;
  }

  private range(dot: GoValue, pipe: Pipe, list: readonly Node[], otherwise: readonly Node[] | null): Leaving {
    const scope = this.variables.length;
    const value = this.pipe(dot, pipe);
    const pairs = this.pairs(value);
    let leaving: Leaving;
    const inner = this.variables.length;
    let any = false;
    for (const [key, element] of pairs) {
      any = true;
      this.setRangeVariables(pipe, key, element, inner);
      if (this.list(element, list) === 'break') break;
      this.variables.length = inner;
    }
    if (!any && otherwise !== null) leaving = this.list(dot, otherwise);
    this.variables.length = scope;
    return leaving;
  }

  private setRangeVariables(pipe: Pipe, key: GoValue, element: GoValue, inner: number): void {
    const { declares, isAssign } = pipe;
    if (declares.length === 0) return;
    if (isAssign) {
      if (declares.length > 1) this.assign(declares[0], key);
      this.assign(declares[declares.length - 1], element);
      return;
    }
    // Declared by the pipeline, the element last.
    this.variables[inner - 1].value = element;
    if (declares.length > 1) this.variables[inner - 2].value = key;
  }

  private *pairs(value: GoValue): Generator<[GoValue, GoValue]> {
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) yield [new GoInt(i), value[i]];
    } else if (value instanceof GoMap) {
      for (const key of value.sortedKeys()) yield [key, value.entries.get(key)];
    } else if (value instanceof GoInt) {
      for (let i = 0; i < value.value; i++) yield [new GoInt(i), new GoInt(i)];
    } else if (value !== null && value !== undefined) {
      this.fail(`range can't iterate over ${formatValue(value)}`);
    }
  }

  private call(dot: GoValue, name: string, pipe: Pipe | null, spot: Spot): void {
    this.spot = spot;
    if (!this.options.templates.has(name)) this.fail(`template ${goQuote(name)} not defined`);
    if (this.depth === MAX_DEPTH) this.fail(`exceeded maximum template depth (${MAX_DEPTH})`);
    const data = pipe === null ? undefined : this.pipe(dot, pipe);
    const executor = new Executor(this.options, name, this.depth + 1);
    this.out += executor.run(data);
  }

  private pipe(dot: GoValue, pipe: Pipe): GoValue {
    this.spot = { at: pipe.at, text: pipeText(pipe) };
    let value: GoValue = null;
    for (let i = 0; i < pipe.commands.length; i++) {
      value = this.command(dot, pipe.commands[i], i === 0 ? undefined : { value });
    }
    for (const name of pipe.declares) {
      if (pipe.isAssign) this.assign(name, value);
      else this.variables.push({ name, value });
    }
    return value;
  }

  private assign(name: string, value: GoValue): void {
    for (let i = this.variables.length - 1; i >= 0; i--) {
      if (this.variables[i].name !== name) continue;
      this.variables[i].value = value;
      return;
    }
    this.fail(`undefined variable: ${name}`);
  }

  private variable(name: string): GoValue {
    for (let i = this.variables.length - 1; i >= 0; i--) {
      if (this.variables[i].name === name) return this.variables[i].value;
    }
    return this.fail(`undefined variable: ${name}`);
  }

  /** `final` is what came through the pipe. */
  private command(dot: GoValue, command: Command, final: { value: GoValue } | undefined): GoValue {
    const first = command.args[0];
    if (first.kind === 'identifier') return this.function(dot, first, command, final);
    if (command.args.length > 1 || final !== undefined) {
      if (
        first.kind === 'pipe' ||
        first.kind === 'constant' ||
        first.kind === 'dot' ||
        first.kind === 'nil'
      ) {
        this.at(first);
        this.fail(`can't give argument to non-function ${operandText(first)}`);
      }
      this.operand(dot, first);
      this.at(first);
      const what =
        first.kind === 'field' || first.kind === 'chain' ? first.names[first.names.length - 1] : undefined;
      if (what !== undefined) this.fail(`${what} has arguments but cannot be invoked as function`);
      return this.fail(`can't give argument to non-function ${operandText(first)}`);
    }
    if (first.kind === 'nil') {
      this.at(first);
      this.fail('nil is not a command');
    }
    return this.operand(dot, first);
  }

  private function(
    dot: GoValue,
    identifier: Operand & { kind: 'identifier' },
    command: Command,
    final: { value: GoValue } | undefined,
  ): GoValue {
    const { name } = identifier;
    const args = command.args.slice(1);
    this.at(identifier);
    const given = args.length + (final === undefined ? 0 : 1);
    if (name === 'and' || name === 'or') return this.shortCircuit(dot, name, args, final, given);
    const { parameters, variadic, call } = this.options.functions(name)!;
    if (variadic === undefined ? given !== parameters.length : given < parameters.length) {
      const want =
        variadic === undefined ? `want ${parameters.length}` : `want at least ${parameters.length}`;
      this.fail(`wrong number of args for ${name}: ${want} got ${given}`);
    }
    const values = args.map((arg, i) => this.argument(dot, arg, parameters[i] ?? variadic!));
    if (final !== undefined) {
      const type = parameters[values.length] ?? variadic!;
      this.check(type, final.value);
      values.push(final.value);
    }
    try {
      return call(...values);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      this.spot = { at: command.at, text: commandText(command) };
      return this.fail(`error calling ${name}: ${error.message}`);
    }
  }

  private shortCircuit(
    dot: GoValue,
    name: 'and' | 'or',
    args: readonly Operand[],
    final: { value: GoValue } | undefined,
    given: number,
  ): GoValue {
    if (given === 0) this.fail(`wrong number of args for ${name}: want at least 1 got 0`);
    let value: GoValue = null;
    for (const arg of args) {
      value = this.argument(dot, arg, 'any');
      if (isTrue(value) === (name === 'or')) return value;
    }
    return final === undefined ? value : final.value;
  }

  private argument(dot: GoValue, operand: Operand, type: ParameterType): GoValue {
    this.at(operand);
    if (operand.kind === 'constant') return this.constant(operand, type);
    if (operand.kind === 'nil') {
      if (type === 'any' || type === 'results' || type === 'sample') return null;
      return this.fail(`cannot assign nil to ${parameterTypeName(type)}`);
    }
    const value = operand.kind === 'identifier' ? this.bare(dot, operand) : this.operand(dot, operand);
    this.check(type, value);
    return value;
  }

  /** A function named as an argument is called without arguments. */
  private bare(dot: GoValue, operand: Operand & { kind: 'identifier' }): GoValue {
    return this.function(dot, operand, { at: operand.at, args: [operand] }, undefined);
  }

  /** Constants have no type until something asks for one. */
  private constant({ value, text }: Operand & { kind: 'constant' }, type: ParameterType): GoValue {
    switch (type) {
      case 'any':
        return value;
      case 'string':
        return typeof value === 'string' ? value : this.fail(`expected string; found ${text}`);
      case 'float64':
        if (value instanceof GoInt) return value.value;
        return typeof value === 'number' ? value : this.fail(`expected float; found ${text}`);
      case 'int':
        return value instanceof GoInt ? value : this.fail(`expected integer; found ${text}`);
      default:
        return this.fail(`can't handle ${text} for arg of type ${parameterTypeName(type)}`);
    }
  }

  private check(type: ParameterType, value: GoValue): void {
    if (accepts(type, value)) return;
    if (value === null || value === undefined)
      this.fail(`invalid value; expected ${parameterTypeName(type)}`);
    this.fail(`wrong type for value; expected ${parameterTypeName(type)}; got ${typeName(value)}`);
  }

  private operand(dot: GoValue, operand: Operand): GoValue {
    switch (operand.kind) {
      case 'dot':
        return dot;
      case 'nil':
        return null;
      case 'constant':
        return operand.value;
      case 'identifier':
        return this.bare(dot, operand);
      case 'pipe':
        return this.parenthesized(dot, operand);
      case 'field':
        return this.fields(dot, operand.names, operand);
      case 'variable':
        this.at(operand);
        return this.fields(this.variable(operand.name), operand.names, operand);
      case 'chain':
        return this.fields(this.operand(dot, operand.of), operand.names, operand);
    }
  }

  private parenthesized(dot: GoValue, pipe: Pipe): GoValue {
    const scope = this.variables.length;
    const value = this.pipe(dot, pipe);
    this.variables.length = scope;
    return value;
  }

  private fields(value: GoValue, names: readonly string[], operand: Operand): GoValue {
    this.at(operand);
    let current = value;
    // Go's messages name the type that was declared, not the one that was found.
    let declaredAny = false;
    for (const name of names) {
      const of = current;
      current = this.field(of, name, declaredAny);
      declaredAny =
        of instanceof GoStruct ? of.anyFields.includes(name) : of instanceof GoMap && of.of === 'any';
    }
    return current;
  }

  private field(of: GoValue, name: string, declaredAny: boolean): GoValue {
    if (of instanceof GoMap) return lookUp(of, name);
    if (of instanceof GoStruct) {
      if (of.fields.has(name)) return of.fields.get(name);
      return this.fail(`can't evaluate field ${name} in type ${of.type}`);
    }
    if (of === null || of === undefined) return this.fail(`nil data; no entry for key ${goQuote(name)}`);
    return this.fail(`can't evaluate field ${name} in type ${declaredAny ? 'interface {}' : typeName(of)}`);
  }

  private at(operand: Operand): void {
    this.spot = { at: operand.at, text: operandText(operand) };
  }

  private fail(reason: string): never {
    const { at, text } = this.spot;
    const before = this.options.text.slice(0, at);
    const line = before.split('\n').length;
    const column = Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1));
    const where = `${this.options.name}:${line}:${column}`;
    throw new TemplateError(`template: ${where}: executing ${goQuote(this.name)} at <${text}>: ${reason}`);
  }
}
