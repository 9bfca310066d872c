/** Who reads and who writes which metrics: rules, and the panels of dashboards. */
import type { Place } from '../../errors.ts';
import { compareStrings, METRIC_NAME } from '../../model/labels.ts';
import type { Matcher } from '../../model/matcher.ts';
import { type Expr, walk } from '../../promql/parser/index.ts';
import type { RuleFile, RuleGroupConfig } from '../rule-file.ts';
import type { Dashboard } from './dashboard.ts';

export interface RuleNode {
  kind: 'record' | 'alert';
  name: string;
  file: string;
  group: RuleGroupConfig;
  /** Among the rules of its group. */
  position: number;
  place: Place;
  reads: Read[];
}

export interface PanelNode {
  kind: 'panel';
  name: string;
  dashboard: string;
  file: string;
  reads: Read[];
}

export type ReaderNode = RuleNode | PanelNode;

/** What a selector says of metric names. */
export interface Read {
  /** The name, or the matchers of a selector without one. */
  metric: string;
  /** Every matcher of the name, and of `alertname`. */
  matchers: readonly Matcher[];
}

/** The metrics that alerts write. */
const ALERT_METRICS = ['ALERTS', 'ALERTS_FOR_STATE'];

export class RuleGraph {
  readonly rules: readonly RuleNode[];
  readonly panels: readonly PanelNode[];
  private readonly byMetric = new Map<string, RuleNode[]>();

  constructor(files: readonly RuleFile[], dashboards: readonly Dashboard[]) {
    this.rules = files.flatMap(({ file, groups }) =>
      groups.flatMap((group) =>
        group.rules.map((rule, position) => ({
          kind: rule.kind,
          name: rule.name,
          file,
          group,
          position,
          place: rule.place,
          reads: readsOf(rule.parsed),
        })),
      ),
    );
    this.panels = dashboards.flatMap((dashboard) => panelsOf(dashboard));
    for (const rule of this.rules) {
      if (rule.kind !== 'record') continue;
      const same = this.byMetric.get(rule.name);
      if (same === undefined) this.byMetric.set(rule.name, [rule]);
      else same.push(rule);
    }
  }

  /** Names that are read or written, sorted; selectors without a name are as they are written. */
  metrics(): string[] {
    const names = new Set<string>(this.byMetric.keys());
    for (const { reads } of [...this.rules, ...this.panels])
      for (const { metric } of reads) names.add(metric);
    return [...names].sort(compareStrings);
  }

  /** The rules whose output a selector can find. */
  writersOf({ metric, matchers }: Read): RuleNode[] {
    const exact = this.byMetric.get(metric);
    if (exact !== undefined) return exact;
    const isExact = matchers.some(({ name, type }) => name === METRIC_NAME && type === '=');
    if (isExact && !ALERT_METRICS.includes(metric)) return [];
    return this.rules.filter((rule) => writes(rule, matchers));
  }

  /** Rules and panels that read a metric, which need not be known here. */
  readersOf(metric: string): ReaderNode[] {
    const reads = ({ metric: name, matchers }: Read) => {
      const ofName = matchers.filter((matcher) => matcher.name === METRIC_NAME);
      return name === metric || (ofName.length > 0 && ofName.every((matcher) => matcher.matches(metric)));
    };
    return [...this.rules, ...this.panels].filter((node) => node.reads.some(reads));
  }

  /** Rules and panels that read what a rule writes. */
  readersOfRule(rule: RuleNode): ReaderNode[] {
    return [...this.rules, ...this.panels].filter((node) =>
      node.reads.some((read) => this.writersOf(read).includes(rule)),
    );
  }
}

/** Each metric once. */
function readsOf(expr: Expr): Read[] {
  const found = new Map<string, Read>();
  walk(expr, (node) => {
    if (node.kind !== 'vectorSelector') return;
    const exact = node.matchers.find(({ name, type }) => name === METRIC_NAME && type === '=');
    const metric = exact?.value ?? `{${node.matchers.join(', ')}}`;
    const matchers = node.matchers.filter(({ name }) => name === METRIC_NAME || name === 'alertname');
    if (!found.has(metric)) found.set(metric, { metric, matchers });
  });
  return [...found.values()];
}

function writes(rule: RuleNode, matchers: readonly Matcher[]): boolean {
  if (!matchers.some(({ name }) => name === METRIC_NAME)) return false;
  const hasName = (metric: string) =>
    matchers.every((matcher) => matcher.name !== METRIC_NAME || matcher.matches(metric));
  if (rule.kind === 'record') return hasName(rule.name);
  return (
    ALERT_METRICS.some(hasName) &&
    matchers.every((matcher) => matcher.name !== 'alertname' || matcher.matches(rule.name))
  );
}

/** One node for each panel, however many queries it has. */
function panelsOf({ title, file, queries }: Dashboard): PanelNode[] {
  const byPanel = new Map<string, PanelNode>();
  for (const { panel, parsed } of queries) {
    let node = byPanel.get(panel);
    if (node === undefined)
      byPanel.set(panel, (node = { kind: 'panel', name: panel, dashboard: title, file, reads: [] }));
    for (const read of readsOf(parsed)) {
      if (!node.reads.some(({ metric }) => metric === read.metric)) node.reads.push(read);
    }
  }
  return [...byPanel.values()];
}
