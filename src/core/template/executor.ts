/** Runs a template: writes text, takes branches, goes through lists, calls other templates. */
import { goQuote } from '../model/quote.ts';
import { Evaluator, type TemplateScope } from './evaluator.ts';
import { formatValue } from './format.ts';
import { type Node, nodeText, type Pipe } from './nodes.ts';
import type { Templates } from './parser.ts';
import { GoInt, GoMap, type GoValue, isTrue, pointedTo } from './value.ts';

export interface ExecuteOptions extends TemplateScope {
  templates: Templates;
  data: GoValue;
}

/** Go gives up at 100,000; our stack is smaller. */
const MAX_DEPTH = 1000;

/** The text that the template makes. Throws TemplateError. */
export function executeTemplate(options: ExecuteOptions): string {
  const executor = new Executor(options, options.name, 0);
  return executor.run(options.data);
}

type Leaving = 'break' | 'continue' | undefined;

class Executor {
  private readonly options: ExecuteOptions;
  private readonly name: string;
  private readonly depth: number;
  private readonly evaluator: Evaluator;
  private out = '';

  constructor(options: ExecuteOptions, name: string, depth: number) {
    this.options = options;
    this.name = name;
    this.depth = depth;
    this.evaluator = new Evaluator(options, name);
  }

  run(data: GoValue): string {
    this.evaluator.variables.push({ name: '$', value: data });
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
        const value = this.evaluator.pipe(dot, node.pipe);
        if (node.pipe.declares.length === 0) this.out += printed(value);
        return undefined;
      }
      case 'if':
      case 'with':
        return this.choice(dot, node.kind, node.pipe, node.list, node.otherwise);
      case 'range':
        return this.range(dot, node.pipe, node.list, node.otherwise);
      case 'template':
        this.call(dot, node);
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
    const { variables } = this.evaluator;
    const scope = variables.length;
    const value = this.evaluator.pipe(dot, pipe);
    let leaving: Leaving;
    if (isTrue(value)) leaving = this.list(kind === 'with' ? value : dot, list);
    else if (otherwise !== null) leaving = this.list(dot, otherwise);
    variables.length = scope;
    return leaving;
  }

  private range(dot: GoValue, pipe: Pipe, list: readonly Node[], otherwise: readonly Node[] | null): Leaving {
    const { variables } = this.evaluator;
    const scope = variables.length;
    const value = this.evaluator.pipe(dot, pipe);
    const inner = variables.length;
    let leaving: Leaving;
    let any = false;
    for (const [key, element] of this.pairs(value, pipe)) {
      any = true;
      this.setRangeVariables(pipe, key, element, inner);
      const left = this.list(element, list);
      variables.length = inner;
      if (left === 'break') break;
    }
    if (!any && otherwise !== null) leaving = this.list(dot, otherwise);
    variables.length = scope;
    // A break in the else part ends this very range, as in Go.
    return leaving === 'break' ? undefined : leaving;
  }

  private setRangeVariables(pipe: Pipe, key: GoValue, element: GoValue, inner: number): void {
    const { declares, isAssign } = pipe;
    const { variables } = this.evaluator;
    if (declares.length === 0) return;
    if (isAssign) {
      if (declares.length > 1) this.evaluator.assign(declares[0], key);
      this.evaluator.assign(declares[declares.length - 1], element);
      return;
    }
    // Declared by the pipeline, the element last.
    variables[inner - 1].value = element;
    if (declares.length > 1) variables[inner - 2].value = key;
  }

  private *pairs(value: GoValue, pipe: Pipe): Generator<[GoValue, GoValue]> {
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) yield [new GoInt(i), value[i]];
    } else if (value instanceof GoMap) {
      for (const key of value.sortedKeys()) yield [key, value.entries.get(key)];
    } else if (value instanceof GoInt) {
      if (pipe.declares.length > 1) {
        this.evaluator.fail(`can't use ${value.value} to iterate over more than one variable`);
      }
      for (let i = 0n; i < value.value; i++) yield [null, new GoInt(i, value.type)];
    } else if (value !== null) {
      this.evaluator.fail(`range can't iterate over ${formatValue(pointedTo(value))}`);
    }
  }

  private call(dot: GoValue, node: Node & { kind: 'template' }): void {
    const { name, pipe } = node;
    this.evaluator.moveTo(node.at, () => nodeText(node));
    if (!this.options.templates.has(name)) this.evaluator.fail(`template ${goQuote(name)} not defined`);
    if (this.depth === MAX_DEPTH) this.evaluator.fail(`exceeded maximum template depth (${MAX_DEPTH})`);
    const data = pipe === null ? null : this.evaluator.pipe(dot, pipe);
    const executor = new Executor(this.options, name, this.depth + 1);
    this.out += executor.run(data);
  }
}

/** An action's value as it stands in the text: what a pointer points to. */
function printed(value: GoValue): string {
  return value === null ? '<no value>' : formatValue(pointedTo(value));
}
