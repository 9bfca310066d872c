/**
 * In which order rules of several groups can be evaluated over a stretch of time: who writes before who reads. A rule
 * whose reading needs nothing that is written later is evaluated for all times at once; rules that read each other (or
 * themselves, or one that comes after them in their group) are evaluated together, one time after the other.
 */
import { METRIC_NAME } from '../model/labels.ts';
import { childrenOf, type Expr, walk } from '../promql/parser/index.ts';
import { mayReturn, selectorsOf, templatesQuery } from './dependencies.ts';
import { labelsOf, type RuleConfig, type RuleFile, type RuleGroupConfig } from './rule-file.ts';

/** A rule and where it stands. */
export interface PlacedRule {
  readonly config: RuleConfig;
  readonly group: RuleGroupConfig;
  readonly file: string;
  /** Its place in the group, from 0. */
  readonly index: number;
}

export interface RuleUnit {
  readonly rules: readonly PlacedRule[];
  /** To be evaluated one time after the other. */
  readonly stepwise: boolean;
}

export interface RuleOrder {
  /** Who writes comes before who reads. */
  readonly units: readonly RuleUnit[];
  /** The rules whose output another rule reads. */
  readonly read: ReadonlySet<PlacedRule>;
}

/** Why two rules can have an order at all: what reads what. `reads[i]` are the numbers of the rules that rule i reads. */
export function readers(rules: readonly PlacedRule[]): number[][] {
  const byName = new Map<string, number[]>();
  const all = rules.map((_, i) => i);
  const alerts: number[] = [];
  for (const [i, { config }] of rules.entries()) {
    if (config.kind === 'alert') alerts.push(i);
    else byName.set(config.name, [...(byName.get(config.name) ?? []), i]);
  }
  for (const name of ['ALERTS', 'ALERTS_FOR_STATE'])
    byName.set(name, [...(byName.get(name) ?? []), ...alerts]);
  return rules.map((reader) => {
    if (reader.config.kind === 'alert' && templatesQuery(labelsOf(reader.group, reader.config))) return all;
    const found = new Set<number>();
    for (const selector of selectorsOf(reader.config.parsed)) {
      const name = selector.matchers.find((matcher) => matcher.name === METRIC_NAME && matcher.type === '=');
      const candidates = name === undefined ? all : (byName.get(name.value) ?? []);
      for (const i of candidates) if (mayReturn(selector, rules[i].config)) found.add(i);
    }
    return [...found].sort((a, b) => a - b);
  });
}

export function placeRules(files: readonly RuleFile[]): PlacedRule[] {
  return files.flatMap(({ file, groups }) =>
    groups.flatMap((group) => group.rules.map((config, index) => ({ config, group, file, index }))),
  );
}

export function orderRules(rules: readonly PlacedRule[]): RuleOrder {
  const reads = readers(rules);
  const needs = reads.map((list) => new Set(list));
  for (const [i, list] of reads.entries()) {
    // What a rule reads of one that comes later in its group is what that one wrote the time before.
    for (const j of list) if (rules[j].group === rules[i].group && j > i) needs[j].add(i);
  }
  const units = components(needs).map((numbers): RuleUnit => {
    const members = numbers.sort((a, b) => a - b).map((i) => rules[i]);
    const own = numbers.length === 1 && reads[numbers[0]].includes(numbers[0]);
    return {
      rules: members,
      stepwise: numbers.length > 1 || own || members.some(({ config }) => knowsItsRange(config.parsed)),
    };
  });
  return { units, read: new Set(reads.flat().map((i) => rules[i])) };
}

/** Functions and modifiers whose value depends on the range of the query and not on the time alone. */
function knowsItsRange(expr: Expr): boolean {
  let knows = false;
  walk(expr, (node) => {
    if (node.kind === 'call' && RANGE_FUNCTIONS.has(node.func.name)) knows = true;
    if (node.kind === 'vectorSelector' && (typeof node.offset !== 'number' || isEdge(node.at))) knows = true;
    if (node.kind === 'matrixSelector' && typeof node.window !== 'number') knows = true;
    if (node.kind === 'subquery') {
      if (isEdge(node.at) || typeof node.window !== 'number' || typeof node.offset !== 'number') knows = true;
      if (node.step !== null && typeof node.step !== 'number') knows = true;
    }
  });
  return knows;
}

const RANGE_FUNCTIONS = new Set(['start', 'end', 'range', 'step']);

function isEdge(at: unknown): boolean {
  return at === 'start' || at === 'end';
}

/** How far back from its time (ms) an expression may look, Infinity where that is not known. An upper bound. */
export function reachOf(expr: Expr, lookbackMs: number): number {
  switch (expr.kind) {
    case 'vectorSelector':
      return expr.at === null ? lookbackMs + msBack(expr.offset) : Number.POSITIVE_INFINITY;
    case 'matrixSelector': {
      const { at, offset, anchored, smoothed } = expr.selector;
      if (at !== null) return Number.POSITIVE_INFINITY;
      return msBack(expr.window) + msBack(offset) + (anchored || smoothed ? lookbackMs : 0);
    }
    case 'subquery':
      if (expr.at !== null) return Number.POSITIVE_INFINITY;
      return msBack(expr.window) + msBack(expr.offset) + reachOf(expr.expr, lookbackMs);
    default: {
      // What info() looks for beside its arguments is as old as the lookback at most.
      let reach = expr.kind === 'call' && expr.func.name === 'info' ? lookbackMs : 0;
      for (const child of childrenOf(expr)) reach = Math.max(reach, reachOf(child, lookbackMs));
      return reach;
    }
  }
}

/** Expressions of durations have no value yet. */
function msBack(duration: unknown): number {
  return typeof duration === 'number' ? Math.max(0, duration) : Number.POSITIVE_INFINITY;
}

/** The strongly connected components of a graph, after Tarjan; each comes after those that it needs. */
function components(needs: readonly ReadonlySet<number>[]): number[][] {
  const found: number[][] = [];
  const number = new Int32Array(needs.length).fill(-1);
  const low = new Int32Array(needs.length);
  const onStack = new Uint8Array(needs.length);
  const stack: number[] = [];
  let next = 0;
  const enter = (i: number) => {
    number[i] = low[i] = next++;
    stack.push(i);
    onStack[i] = 1;
    return { i, rest: needs[i].values() };
  };
  for (let root = 0; root < needs.length; root++) {
    if (number[root] >= 0) continue;
    // A stack of our own: chains of rules may be longer than what the language's holds.
    const path = [enter(root)];
    while (path.length > 0) {
      const { i, rest } = path[path.length - 1];
      const { value: j, done } = rest.next();
      if (done !== true) {
        if (number[j] < 0) path.push(enter(j));
        else if (onStack[j] === 1) low[i] = Math.min(low[i], number[j]);
        continue;
      }
      path.pop();
      if (path.length > 0) {
        const { i: parent } = path[path.length - 1];
        low[parent] = Math.min(low[parent], low[i]);
      }
      if (low[i] !== number[i]) continue;
      const members = stack.splice(stack.indexOf(i));
      for (const member of members) onStack[member] = 0;
      found.push(members);
    }
  }
  return found;
}
