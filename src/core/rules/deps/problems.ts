/** What is wrong with how rules build on each other. */
import type { RuleGraph, RuleNode } from './graph.ts';

export type DependencyProblem =
  /** Each reads what the next one writes, and the last what the first does. */
  | { kind: 'cycle'; rules: RuleNode[] }
  /** A rule reads what a later one of its group writes, and so always what that wrote an evaluation ago. */
  | { kind: 'order'; reader: RuleNode; writer: RuleNode }
  /** Groups are evaluated independently: what the other one writes is up to an interval of it old. */
  | { kind: 'between-groups'; reader: RuleNode; writer: RuleNode }
  /** A recording rule that nothing reads. */
  | { kind: 'unused'; rule: RuleNode };

/** In the order of the rules; cycles first. */
export function dependencyProblems(graph: RuleGraph): DependencyProblem[] {
  const problems: DependencyProblem[] = cycles(graph).map((rules) => ({ kind: 'cycle', rules }));
  for (const reader of graph.rules) {
    for (const writer of new Set(reader.reads.flatMap((read) => graph.writersOf(read)))) {
      // That alerts are seen an evaluation later harms nothing.
      if (writer === reader || writer.kind === 'alert') continue;
      if (writer.group !== reader.group) problems.push({ kind: 'between-groups', reader, writer });
      else if (writer.position > reader.position) problems.push({ kind: 'order', reader, writer });
    }
  }
  for (const rule of graph.rules) {
    if (rule.kind === 'record' && graph.readersOfRule(rule).every((reader) => reader === rule)) {
      problems.push({ kind: 'unused', rule });
    }
  }
  return problems;
}

/** Every cycle of recording rules that a walk in depth meets, each once. */
function cycles(graph: RuleGraph): RuleNode[][] {
  const found: RuleNode[][] = [];
  const done = new Set<RuleNode>();
  const path: RuleNode[] = [];
  const visit = (rule: RuleNode): void => {
    const at = path.indexOf(rule);
    if (at >= 0) {
      found.push(path.slice(at));
      return;
    }
    if (done.has(rule)) return;
    path.push(rule);
    for (const read of rule.reads)
      for (const writer of graph.writersOf(read)) if (writer.kind === 'record') visit(writer);
    path.pop();
    done.add(rule);
  };
  for (const rule of graph.rules) visit(rule);
  return found;
}
