/** What rules and dashboards read and write. */
export { type Dashboard, parseDashboard } from './dashboard.ts';
export { type PanelNode, type ReaderNode, RuleGraph, type RuleNode } from './graph.ts';
export { type DependencyProblem, dependencyProblems } from './problems.ts';
