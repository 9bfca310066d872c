/** What an action's pipeline comes to: Go's evaluation rules, its checks and its messages. */
import { goQuote } from '../model/quote.ts';
import {
  accepts,
  acceptsNil,
  CallError,
  type FunctionLookup,
  type ParameterType,
  parameterTypeName,
  type TemplateFunction,
} from './function.ts';
import { histogramField } from './histogram-fields.ts';
import { methodOf } from './methods.ts';
import { type Command, commandText, type Operand, operandText, type Pipe, pipeText } from './nodes.ts';
import { TemplateError } from './template-error.ts';
import { GoDuration, GoHistogram, GoInt, GoMap, GoStruct, type GoValue, isTrue, typeName } from './value.ts';

/** What the templates of one text share. */
export interface TemplateScope {
  functions: FunctionLookup;
  /** The name of the text. */
  name: string;
  /** For positions. */
  text: string;
}

/** A variable and its value. */
interface Variable {
  name: string;
  value: GoValue;
}

/** What came through the pipe to a command; undefined for the first one. */
type Piped = { value: GoValue } | undefined;

export class Evaluator {
  /** The innermost last. */
  readonly variables: Variable[] = [];
  private readonly scope: TemplateScope;
  /** The template that runs, for messages. */
  private readonly template: string;
  /** What a message is about: the node that was looked at last, as in Go. */
  private at = 0;
  private shown: () => string = () => '';

  constructor(scope: TemplateScope, template: string) {
    this.scope = scope;
    this.template = template;
  }

  /** Moves to the node at this offset; `shown` is its text. */
  moveTo(at: number, shown: () => string): void {
    this.at = at;
    this.shown = shown;
  }

  fail(reason: string): never {
    const before = this.scope.text.slice(0, this.at);
    const line = before.split('\n').length;
    const column = Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1));
    const where = `${this.scope.name}:${line}:${column}`;
    throw new TemplateError(
      `template: ${where}: executing ${goQuote(this.template)} at <${this.shown()}>: ${reason}`,
    );
  }

  pipe(dot: GoValue, pipe: Pipe): GoValue {
    this.moveTo(pipe.at, () => pipeText(pipe));
    let value: GoValue = null;
    for (let i = 0; i < pipe.commands.length; i++) {
      // What an empty interface holds is no value.
      value = this.command(dot, pipe.commands[i], i === 0 ? undefined : { value }) ?? null;
    }
    for (const name of pipe.declares) {
      if (pipe.isAssign) this.assign(name, value);
      else this.variables.push({ name, value });
    }
    return value;
  }

  assign(name: string, value: GoValue): void {
    this.variable(name).value = value;
  }

  private variable(name: string): Variable {
    for (let i = this.variables.length - 1; i >= 0; i--) {
      if (this.variables[i].name === name) return this.variables[i];
    }
    return this.fail(`undefined variable: ${name}`);
  }

  private command(dot: GoValue, command: Command, piped: Piped): GoValue {
    const first = command.args[0];
    const args = command.args.slice(1);
    switch (first.kind) {
      case 'field':
        this.moveToOperand(first);
        return this.fields(dot, first.names, args, piped, dot);
      case 'chain':
        return this.chain(dot, first, args, piped);
      case 'identifier':
        return this.function(dot, first.name, first, command, args, piped);
      case 'pipe':
        this.notFunction(first, args, piped);
        return this.pipe(dot, first);
      case 'variable':
        return this.variableFields(dot, first, args, piped);
    }
    this.moveToOperand(first);
    this.notFunction(first, args, piped);
    switch (first.kind) {
      case 'dot':
        return dot;
      case 'nil':
        return this.fail('nil is not a command');
      case 'constant':
        return this.constant(first);
    }
  }

  private notFunction(first: Operand, args: readonly Operand[], piped: Piped): void {
    if (args.length === 0 && piped === undefined) return;
    this.fail(`can't give argument to non-function ${shownText(first)}`);
  }

  private constant({ value }: Operand & { kind: 'constant' }): GoValue {
    if (typeof value !== 'object' || !('overflows' in value)) return value;
    return this.fail(`${value.overflows} overflows int`);
  }

  private function(
    dot: GoValue,
    name: string,
    identifier: Operand,
    command: Command | undefined,
    args: readonly Operand[],
    piped: Piped,
  ): GoValue {
    this.moveToOperand(identifier);
    const called = this.scope.functions(name)!;
    const short = name === 'and' || name === 'or' ? name : undefined;
    const [at, shown] =
      command === undefined
        ? [identifier.at, () => operandText(identifier)]
        : [command.at, () => commandText(command)];
    return this.call(dot, name, called, { at, shown, short }, args, piped);
  }

  private call(
    dot: GoValue,
    name: string,
    { parameters, variadic, call }: TemplateFunction,
    { at, shown, short }: { at: number; shown: () => string; short?: 'and' | 'or' },
    args: readonly Operand[],
    piped: Piped,
  ): GoValue {
    const given = args.length + (piped === undefined ? 0 : 1);
    if (variadic === undefined) {
      if (given !== parameters.length) {
        this.fail(`wrong number of args for ${name}: want ${parameters.length} got ${given}`);
      }
    } else if (given < parameters.length) {
      this.fail(`wrong number of args for ${name}: want at least ${parameters.length} got ${args.length}`);
    }
    if (short !== undefined) return this.shortCircuit(dot, short, args, piped);
    const values = args.map((arg, i) => this.argument(dot, arg, parameters[i] ?? variadic!));
    if (piped !== undefined) values.push(this.checked(parameters[values.length] ?? variadic!, piped.value));
    try {
      // This one names what it was given by the words of the template.
      if (name === 'call')
        return call(args.length > 0 ? shownText(args[0]) : `<${typeName(values[0])} Value>`, ...values);
      return call(...values);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      this.moveTo(at, shown);
      return this.fail(`error calling ${name}: ${error.message}`);
    }
  }

  private shortCircuit(dot: GoValue, name: 'and' | 'or', args: readonly Operand[], piped: Piped): GoValue {
    let value: GoValue = null;
    for (const arg of args) {
      value = this.argument(dot, arg, 'any');
      if (isTrue(value) === (name === 'or')) return value;
    }
    return piped === undefined ? value : piped.value;
  }

  private argument(dot: GoValue, operand: Operand, type: ParameterType): GoValue {
    this.moveToOperand(operand);
    switch (operand.kind) {
      case 'constant':
        return this.typedConstant(operand, type);
      case 'nil':
        return acceptsNil(type) ? null : this.fail(`cannot assign nil to ${parameterTypeName(type)}`);
      default:
        return this.checked(type, this.operand(dot, operand));
    }
  }

  /** Constants have no type until something asks for one. */
  private typedConstant(operand: Operand & { kind: 'constant' }, type: ParameterType): GoValue {
    const { value, text } = operand;
    switch (type) {
      case 'any':
        return this.constant(operand);
      case 'string':
        return typeof value === 'string' ? value : this.fail(`expected string; found ${text}`);
      case 'int':
      case 'duration': {
        const integer = wholeNumber(value);
        if (integer === undefined) return this.fail(`expected integer; found ${text}`);
        return type === 'int' ? new GoInt(integer) : new GoDuration(integer);
      }
      default:
        return this.fail(`can't handle ${text} for arg of type ${parameterTypeName(type)}`);
    }
  }

  private checked(type: ParameterType, value: GoValue): GoValue {
    if (accepts(type, value)) return value;
    const name = parameterTypeName(type);
    if (value === null) return acceptsNil(type) ? null : this.fail(`invalid value; expected ${name}`);
    return this.fail(`wrong type for value; expected ${name}; got ${typeName(value)}`);
  }

  private operand(dot: GoValue, operand: Operand): GoValue {
    switch (operand.kind) {
      case 'dot':
        return dot;
      case 'nil':
        return this.fail('nil is not a command');
      case 'constant':
        return this.constant(operand);
      case 'identifier':
        return this.function(dot, operand.name, operand, undefined, [], undefined);
      case 'pipe':
        return this.pipe(dot, operand);
      case 'field':
        return this.fields(dot, operand.names, [], undefined, dot);
      case 'variable':
        return this.variableFields(dot, operand, [], undefined);
      case 'chain':
        return this.chain(dot, operand, [], undefined);
    }
  }

  private variableFields(
    dot: GoValue,
    variable: Operand & { kind: 'variable' },
    args: readonly Operand[],
    piped: Piped,
  ): GoValue {
    this.moveToOperand(variable);
    const { value } = this.variable(variable.name);
    if (variable.names.length > 0) return this.fields(dot, variable.names, args, piped, value);
    this.notFunction(variable, args, piped);
    return value;
  }

  private chain(
    dot: GoValue,
    chain: Operand & { kind: 'chain' },
    args: readonly Operand[],
    piped: Piped,
  ): GoValue {
    this.moveToOperand(chain);
    const of = chain.of;
    if (of.kind === 'nil') this.fail(`indirection through explicit nil in ${operandText(chain)}`);
    this.moveToOperand(of);
    return this.fields(dot, chain.names, args, piped, this.operand(dot, of));
  }

  /** Goes from field to field; the last one may be a method that takes the arguments. */
  private fields(
    dot: GoValue,
    names: readonly string[],
    args: readonly Operand[],
    piped: Piped,
    receiver: GoValue,
  ): GoValue {
    let current = receiver;
    // Go's messages name the type that was declared, not the one that was found.
    let declaredAny = false;
    for (let i = 0; i < names.length; i++) {
      const of = current;
      const isLast = i === names.length - 1;
      current = this.field(dot, of, names[i], declaredAny, isLast ? args : [], isLast ? piped : undefined);
      declaredAny =
        of instanceof GoStruct ? of.anyFields.includes(names[i]) : of instanceof GoMap && of.of === 'any';
    }
    return current;
  }

  private field(
    dot: GoValue,
    of: GoValue,
    name: string,
    declaredAny: boolean,
    args: readonly Operand[],
    piped: Piped,
  ): GoValue {
    if (of === null) return null;
    if (of === undefined) return this.fail(`nil pointer evaluating interface {}.${name}`);
    const method = methodOf(of, name);
    if (method !== undefined) {
      const { at, shown } = this;
      return this.call(dot, name, method, { at, shown }, args, piped);
    }
    const hasArguments = args.length > 0 || piped !== undefined;
    if (of instanceof GoMap) {
      if (hasArguments) this.fail(`${name} is not a method but has arguments`);
      return of.get(name);
    }
    const found =
      of instanceof GoStruct && of.fields.has(name)
        ? { value: of.fields.get(name) }
        : of instanceof GoHistogram
          ? histogramField(of.histogram, name)
          : undefined;
    if (found === undefined) {
      return this.fail(`can't evaluate field ${name} in type ${declaredAny ? 'interface {}' : typeName(of)}`);
    }
    if (hasArguments) this.fail(`${name} has arguments but cannot be invoked as function`);
    return found.value;
  }

  private moveToOperand(operand: Operand): void {
    this.moveTo(operand.at, () => shownText(operand));
  }
}

/** An operand by itself: a pipeline has its parentheses only amid others. */
function shownText(operand: Operand): string {
  return operand.kind === 'pipe' ? pipeText(operand) : operandText(operand);
}

/** `3.0` is an integer where one is wanted. */
function wholeNumber(value: unknown): bigint | undefined {
  if (value instanceof GoInt) return value.value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : undefined;
}
