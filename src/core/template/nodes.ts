/** The syntax tree of a template, and how Go prints its nodes in messages. */
import { goQuote } from '../model/quote.ts';
import type { NumberLiteral } from './number-literal.ts';

/** `at` is a UTF-16 offset in the template's text. */
export type Node =
  | { kind: 'text'; at: number; text: string }
  | { kind: 'action'; at: number; pipe: Pipe }
  | { kind: 'if' | 'with' | 'range'; at: number; pipe: Pipe; list: Node[]; otherwise: Node[] | null }
  | { kind: 'template'; at: number; name: string; pipe: Pipe | null }
  | { kind: 'break' | 'continue'; at: number };

export interface Pipe {
  kind: 'pipe';
  at: number;
  /** Variables that it declares or assigns to, with their `$`. */
  declares: string[];
  isAssign: boolean;
  commands: Command[];
}

export interface Command {
  at: number;
  args: Operand[];
}

export type Operand =
  | { kind: 'identifier'; at: number; name: string }
  | { kind: 'dot' | 'nil'; at: number }
  | { kind: 'field'; at: number; names: string[] }
  | { kind: 'variable'; at: number; name: string; names: string[] }
  | { kind: 'chain'; at: number; of: Operand; names: string[] }
  | { kind: 'constant'; at: number; value: string | boolean | NumberLiteral; text: string }
  | Pipe;

export function pipeText(pipe: Pipe): string {
  const commands = pipe.commands.map(commandText).join(' | ');
  if (pipe.declares.length === 0) return commands;
  return `${pipe.declares.join(', ')} ${pipe.isAssign ? '=' : ':='} ${commands}`;
}

export function commandText(command: Command): string {
  return command.args.map(operandText).join(' ');
}

export function operandText(operand: Operand): string {
  switch (operand.kind) {
    case 'identifier':
      return operand.name;
    case 'dot':
      return '.';
    case 'nil':
      return 'nil';
    case 'field':
      return operand.names.map((name) => `.${name}`).join('');
    case 'variable':
      return [operand.name, ...operand.names].join('.');
    case 'chain': {
      const of = operand.of.kind === 'pipe' ? `(${pipeText(operand.of)})` : operandText(operand.of);
      return of + operand.names.map((name) => `.${name}`).join('');
    }
    case 'constant':
      return operand.text;
    case 'pipe':
      return `(${pipeText(operand)})`;
  }
}

/** The text of a node as Go shows it, which is what its messages quote. */
export function nodeText(node: Node): string {
  switch (node.kind) {
    case 'text':
      return node.text;
    case 'action':
      return `{{${pipeText(node.pipe)}}}`;
    case 'template':
      return `{{template ${goQuote(node.name)}${node.pipe === null ? '' : ` ${pipeText(node.pipe)}`}}}`;
    case 'break':
    case 'continue':
      return `{{${node.kind}}}`;
    default: {
      const otherwise = node.otherwise === null ? '' : `{{else}}${node.otherwise.map(nodeText).join('')}`;
      return `{{${node.kind} ${pipeText(node.pipe)}}}${node.list.map(nodeText).join('')}${otherwise}{{end}}`;
    }
  }
}
