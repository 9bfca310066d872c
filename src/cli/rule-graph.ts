/** Draws the graph of rules: as trees for people, as a table, and in the languages of Graphviz and Mermaid. */
import type { DependencyProblem, ReaderNode, RuleGraph, RuleNode } from '../core/rules/deps/index.ts';
import type { Painter } from './paint.ts';
import { type Column, tableLines } from './text-table.ts';

interface Branch {
  text: string;
  branches: Branch[];
}

/** Every rule and panel that nothing else builds on, with what it is made of. */
export function graphTrees(graph: RuleGraph, paint: Painter): string[] {
  const roots = [...graph.rules, ...graph.panels].filter(
    (node) => node.kind === 'panel' || graph.readersOfRule(node).every((reader) => reader === node),
  );
  return roots.flatMap((root) =>
    treeLines({ text: nodeText(root, paint), branches: inputs(graph, root, [root], paint) }),
  );
}

/** For each metric who uses it, and who uses that in turn. */
export function usageTrees(graph: RuleGraph, metrics: readonly string[], paint: Painter): string[] {
  return metrics.flatMap((metric) => {
    const writers = graph.rules.filter((rule) => rule.kind === 'record' && rule.name === metric);
    const by = writers.map((rule) => `recorded by ${placeText(rule)}`).join(', ');
    const text = `${paint.bold(metric)}${by === '' ? '' : paint.dim(` (${by})`)}`;
    return treeLines({ text, branches: users(graph, metric, [], paint) });
  });
}

const COLUMNS: readonly Column[] = [
  { title: 'KIND', align: 'left', shrinks: false },
  { title: 'NAME', align: 'left', shrinks: true },
  { title: 'WHERE', align: 'left', shrinks: true },
  { title: 'READS', align: 'left', shrinks: true },
];

export function graphTable(nodes: readonly ReaderNode[], width: number, paint: Painter): string[] {
  const rows = nodes.map((node) => [
    node.kind,
    node.name,
    placeText(node),
    node.reads.map(({ metric }) => metric).join(', '),
  ]);
  return tableLines(COLUMNS, rows, width, (title) => paint.bold(title));
}

export function graphDot(graph: RuleGraph, nodes: readonly ReaderNode[]): string[] {
  const shapes = { record: 'box', alert: 'octagon', panel: 'note', metric: 'ellipse' };
  const lines = edgesOf(graph, nodes);
  return [
    'digraph rules {',
    '  rankdir=LR;',
    ...lines.nodes.map(
      ({ id, kind, label }) => `  ${id} [shape=${shapes[kind]}, label=${JSON.stringify(label)}];`,
    ),
    ...lines.edges.map(([from, to]) => `  ${from} -> ${to};`),
    '}',
  ];
}

export function graphMermaid(graph: RuleGraph, nodes: readonly ReaderNode[]): string[] {
  const braces = {
    record: ['[', ']'],
    alert: ['{{', '}}'],
    panel: ['[/', '/]'],
    metric: ['(', ')'],
  } as const;
  const lines = edgesOf(graph, nodes);
  return [
    'graph LR',
    ...lines.nodes.map(
      ({ id, kind, label }) =>
        `  ${id}${braces[kind][0]}"${label.replaceAll('"', '#quot;')}"${braces[kind][1]}`,
    ),
    ...lines.edges.map(([from, to]) => `  ${from} --> ${to}`),
  ];
}

export function problemText(problem: DependencyProblem): string {
  switch (problem.kind) {
    case 'cycle':
      return problem.rules.length === 1
        ? `${placeText(problem.rules[0])}: ${problem.rules[0].name} reads what it writes itself`
        : `${placeText(problem.rules[0])}: a cycle: ${[...problem.rules, problem.rules[0]].map(({ name }) => name).join(' reads ')}`;
    case 'order':
      return `${placeText(problem.reader)}: ${problem.reader.name} comes before ${problem.writer.name} in its group, and reads what that wrote an evaluation ago`;
    case 'between-groups':
      return `${placeText(problem.reader)}: ${problem.reader.name} reads ${problem.writer.name} of group ${problem.writer.group.name}, which is evaluated at its own times`;
    case 'unused':
      return `${placeText(problem.rule)}: nothing reads ${problem.rule.name}`;
  }
}

export function placeText(node: ReaderNode): string {
  return node.kind === 'panel' ? node.dashboard : `${node.file}:${node.place.line}`;
}

function nodeText(node: ReaderNode, paint: Painter): string {
  return `${node.kind} ${paint.bold(node.name)} ${paint.dim(`(${placeText(node)})`)}`;
}

function inputs(graph: RuleGraph, node: ReaderNode, path: readonly ReaderNode[], paint: Painter): Branch[] {
  return node.reads.flatMap((read): Branch[] => {
    const writers = graph.writersOf(read);
    if (writers.length === 0) return [{ text: read.metric, branches: [] }];
    return writers.map((writer) => {
      const again = path.includes(writer);
      return {
        text: nodeText(writer, paint) + (again ? ' …' : ''),
        branches: again ? [] : inputs(graph, writer, [...path, writer], paint),
      };
    });
  });
}

function users(graph: RuleGraph, metric: string, path: readonly ReaderNode[], paint: Painter): Branch[] {
  return graph.readersOf(metric).map((reader) => {
    const again = path.includes(reader);
    const more =
      reader.kind === 'record' && !again ? users(graph, reader.name, [...path, reader], paint) : [];
    return { text: nodeText(reader, paint) + (again ? ' …' : ''), branches: more };
  });
}

function treeLines({ text, branches }: Branch, first = '', rest = ''): string[] {
  return [
    first + text,
    ...branches.flatMap((branch, i) =>
      i === branches.length - 1
        ? treeLines(branch, `${rest}└─ `, `${rest}   `)
        : treeLines(branch, `${rest}├─ `, `${rest}│  `),
    ),
  ];
}

interface Drawn {
  id: string;
  kind: ReaderNode['kind'] | 'metric';
  label: string;
}

/** Edges go from what is read to who reads it. */
function edgesOf(
  graph: RuleGraph,
  nodes: readonly ReaderNode[],
): { nodes: Drawn[]; edges: [string, string][] } {
  const drawn = new Map<ReaderNode | string, Drawn>();
  const draw = (key: ReaderNode | string): string => {
    let known = drawn.get(key);
    if (known === undefined) {
      const [kind, label] =
        typeof key === 'string' ? (['metric', key] as const) : ([key.kind, key.name] as const);
      drawn.set(key, (known = { id: `n${drawn.size}`, kind, label }));
    }
    return known.id;
  };
  const edges: [string, string][] = [];
  for (const node of nodes) {
    const to = draw(node);
    for (const read of node.reads) {
      const writers: (RuleNode | string)[] = graph.writersOf(read);
      for (const from of writers.length === 0 ? [read.metric] : writers) edges.push([draw(from), to]);
    }
  }
  return { nodes: [...drawn.values()], edges };
}
