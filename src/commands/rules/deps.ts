import { readFileSync } from 'node:fs';
import { Args, Flags } from '@oclif/core';
import { EXIT_FAILED, TsmonCommand } from '../../cli/command.ts';
import { Output } from '../../cli/output.ts';
import { readRuleFiles } from '../../cli/rule-files.ts';
import {
  graphDot,
  graphMermaid,
  graphTable,
  graphTrees,
  placeText,
  problemText,
  usageTrees,
} from '../../cli/rule-graph.ts';
import { terminalWidth } from '../../cli/terminal.ts';
import {
  type DependencyProblem,
  dependencyProblems,
  parseDashboard,
  type ReaderNode,
  RuleGraph,
} from '../../core/rules/deps/index.ts';
import { nearestName } from '../../core/spelling/index.ts';

export default class RulesDeps extends TsmonCommand {
  static override summary = 'Show how rules build on metrics and on each other, and who uses a metric';
  static override description =
    `Reads rule files, and with --dashboard Grafana dashboards as JSON, and prints what every rule and panel reads, down to metrics that no rule writes. With --metric it is the other way round: which rules and panels use a metric, directly or through recording rules.

Standard error tells what may go wrong: rules in a cycle, a rule that comes before one of its group whose output it reads, reading across groups (which are evaluated at their own times), and, where dashboards were given, recording rules that nothing reads.

Exit status: 0 done, 1 a file has faults, with --check where there are such problems, or with --metric where nothing uses one, 2 wrong usage or a file that cannot be read.`;

  static override examples = [
    { description: 'What rules are made of', command: '<%= config.bin %> rules deps rules/*.yml' },
    {
      description: 'Can a metric be dropped?',
      command:
        '<%= config.bin %> rules deps rules/*.yml --dashboard dashboards/*.json --metric node_cpu_guest_seconds_total',
    },
    {
      description: 'A picture',
      command: '<%= config.bin %> rules deps -o dot rules/*.yml | dot -Tsvg > rules.svg',
    },
    {
      description: 'All metrics that are used',
      command: '<%= config.bin %> rules deps -o json rules/*.yml | jq -r .metrics[]',
    },
  ];

  static override strict = false;
  static override args = {
    file: Args.string({ description: 'A rule file; standard input for -', ignoreStdin: true }),
  };

  static override flags = {
    dashboard: Flags.string({
      char: 'd',
      description: 'A Grafana dashboard, as JSON; repeat for several (all files up to the next flag)',
      helpValue: 'FILE',
      multiple: true,
    }),
    metric: Flags.string({
      char: 'm',
      description: 'Who uses this metric; repeat for several',
      helpValue: 'NAME',
      multiple: true,
      multipleNonGreedy: true,
    }),
    check: Flags.boolean({ description: 'Status 1 where there are problems' }),
    output: Flags.string({
      char: 'o',
      description: 'How to print: trees, a table, JSON, or a graph for Graphviz (dot) or Mermaid',
      options: ['tree', 'table', 'json', 'dot', 'mermaid'],
      default: 'tree',
    }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(RulesDeps);
    const files = argv.length === 0 && flags.dashboard !== undefined ? [] : readRuleFiles(argv as string[]);
    const dashboards = (flags.dashboard ?? []).map((file) =>
      parseDashboard(readFileSync(file, 'utf8'), file),
    );
    for (const { rules } of files) {
      for (const error of rules.errors) this.complain(error.message);
      if (rules.errors.length > 0) process.exitCode = EXIT_FAILED;
    }
    for (const { file, unreadable } of dashboards) {
      for (const { panel, reason } of unreadable) this.complain(`${file}: ${panel}: ${reason}`);
    }
    const graph = new RuleGraph(
      files.map(({ rules }) => rules),
      dashboards,
    );
    // Without the dashboards nobody knows what is not used.
    const problems = dependencyProblems(graph).filter(
      ({ kind }) => kind !== 'unused' || flags.dashboard !== undefined,
    );
    const metrics = flags.metric ?? [];
    this.print(graph, problems, metrics, flags.output);
    for (const metric of metrics) this.missUses(graph, metric);
    if (metrics.length > 0) return;
    for (const problem of problems) this.complain(problemText(problem));
    if (flags.check && problems.length > 0) process.exitCode = EXIT_FAILED;
  }

  private print(
    graph: RuleGraph,
    problems: readonly DependencyProblem[],
    metrics: readonly string[],
    output: string,
  ): void {
    const all = [...graph.rules, ...graph.panels];
    const nodes = metrics.length === 0 ? all : usersOf(graph, metrics);
    const out = new Output();
    const lines = () => {
      if (output === 'dot') return graphDot(graph, nodes);
      if (output === 'mermaid') return graphMermaid(graph, nodes);
      if (output === 'table')
        return graphTable(
          nodes,
          process.stdout.isTTY ? terminalWidth() : Number.POSITIVE_INFINITY,
          this.paintOut,
        );
      if (output === 'json') return [JSON.stringify(record(graph, nodes, problems, metrics))];
      return metrics.length === 0
        ? graphTrees(graph, this.paintOut)
        : usageTrees(graph, metrics, this.paintOut);
    };
    for (const line of lines()) out.line(line);
    out.flush();
  }

  private missUses(graph: RuleGraph, metric: string): void {
    if (graph.readersOf(metric).length > 0) return;
    const guesses = nearestName(metric, graph.metrics());
    this.complain(
      `nothing uses ${metric}${guesses.length === 0 ? '' : `: did you mean ${guesses.join(', ')}?`}`,
    );
    process.exitCode = EXIT_FAILED;
  }
}

/** Directly, or through what recording rules make of a metric. */
function usersOf(graph: RuleGraph, metrics: readonly string[]): ReaderNode[] {
  const found = new Set<ReaderNode>();
  const queue = [...metrics];
  for (let metric = queue.pop(); metric !== undefined; metric = queue.pop()) {
    for (const reader of graph.readersOf(metric)) {
      if (found.has(reader)) continue;
      found.add(reader);
      if (reader.kind === 'record') queue.push(reader.name);
    }
  }
  return [...found];
}

function record(
  graph: RuleGraph,
  nodes: readonly ReaderNode[],
  problems: readonly DependencyProblem[],
  metrics: readonly string[],
) {
  return {
    metrics: metrics.length === 0 ? graph.metrics() : metrics,
    nodes: nodes.map((node) => ({
      kind: node.kind,
      name: node.name,
      file: node.file,
      ...(node.kind === 'panel'
        ? { dashboard: node.dashboard }
        : { line: node.place.line, group: node.group.name }),
      reads: node.reads.map(({ metric }) => metric),
      readsRules: [...new Set(node.reads.flatMap((read) => graph.writersOf(read)))].map(placeText),
    })),
    problems: problems.map((problem) => ({ kind: problem.kind, message: problemText(problem) })),
  };
}
