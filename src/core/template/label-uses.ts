/** Which labels of an alert its template prints, as far as that can be read from the template. */
import { parseAlertTemplate } from './expander.ts';
import type { Node, Operand, Pipe } from './nodes.ts';

/**
 * `$labels.name` and `.Labels.name` wherever they are printed or handed to a function. What is asked for in the
 * condition of an `if` or a `with` may be absent, and is left out everywhere. Throws TemplateError.
 */
export function labelUses(text: string): string[] {
  const uses = new LabelUses();
  for (const [name, list] of parseAlertTemplate(text, 'template')) uses.addList(list, name === 'template');
  return uses.labels();
}

class LabelUses {
  private readonly printed = new Set<string>();
  private readonly asked = new Set<string>();

  labels(): string[] {
    return [...this.printed].filter((name) => !this.asked.has(name));
  }

  /** `dotIsAlert`: elsewhere `.Labels` belongs to a sample of a query. */
  addList(list: readonly Node[], dotIsAlert: boolean): void {
    for (const node of list) {
      if (node.kind === 'action') this.addPipe(node.pipe, dotIsAlert, this.printed);
      else if (node.kind === 'template' && node.pipe !== null)
        this.addPipe(node.pipe, dotIsAlert, this.printed);
      else if (node.kind === 'if' || node.kind === 'with' || node.kind === 'range') {
        this.addPipe(node.pipe, dotIsAlert, node.kind === 'range' ? this.printed : this.asked);
        this.addList(node.list, dotIsAlert && node.kind === 'if');
        this.addList(node.otherwise ?? [], dotIsAlert);
      }
    }
  }

  private addPipe(pipe: Pipe, dotIsAlert: boolean, into: Set<string>): void {
    for (const { args } of pipe.commands)
      for (const operand of args) this.addOperand(operand, dotIsAlert, into);
  }

  private addOperand(operand: Operand, dotIsAlert: boolean, into: Set<string>): void {
    if (operand.kind === 'pipe') this.addPipe(operand, dotIsAlert, into);
    else if (operand.kind === 'chain') this.addOperand(operand.of, dotIsAlert, into);
    else if (operand.kind === 'variable' && operand.name === '$labels' && operand.names.length > 0) {
      into.add(operand.names[0]);
    } else if (
      operand.kind === 'field' &&
      dotIsAlert &&
      operand.names.length > 1 &&
      operand.names[0] === 'Labels'
    ) {
      into.add(operand.names[1]);
    }
  }
}
