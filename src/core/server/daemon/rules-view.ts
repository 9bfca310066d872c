/** Rule groups as the API shows them. */
import { labelsFromPairs } from '../../model/labels.ts';
import { printExpr } from '../../promql/parser/index.ts';
import { AlertingRule, type GroupLoop, type RuleManager } from '../../rules/index.ts';
import type { ActiveAlert, AlertingRuleView, RuleGroupView, RulesView, RuleView } from '../views.ts';

export function rulesView(manager: RuleManager): RulesView {
  return { groups: () => manager.groups().map(groupView) };
}

function groupView({ group, options, stats }: GroupLoop): RuleGroupView {
  return {
    name: group.config.name,
    file: options.file,
    intervalMs: options.intervalMs,
    limit: group.config.limit,
    rules: group.rules.map((_, i) => ruleView(group, i)),
    evaluationTimeMs: stats.lastDurationMs,
    lastEvaluation: stats.lastEvaluation ?? 0,
  };
}

function ruleView(group: GroupLoop['group'], i: number): RuleView {
  const rule = group.rules[i];
  const { health, lastError, durationMs, evaluatedAt } = group.statuses[i];
  const common = {
    name: rule.config.name,
    query: printExpr(rule.config.parsed),
    labels: labelsFromPairs([...rule.labels].filter(([, value]) => value !== '')),
    health,
    lastError,
    evaluationTimeMs: durationMs,
    lastEvaluation: evaluatedAt ?? 0,
  };
  return rule instanceof AlertingRule
    ? { ...common, ...alertingView(rule) }
    : { ...common, kind: 'recording' };
}

function alertingView(rule: AlertingRule): Omit<AlertingRuleView, keyof RuleViewCommon> {
  const { forMs, keepFiringForMs, annotations } = rule.config;
  return {
    kind: 'alerting',
    state: stateOf(rule),
    holdMs: forMs,
    keepFiringForMs,
    annotations: Object.fromEntries(annotations),
    alerts: () => activeAlerts(rule),
  };
}

type RuleViewCommon = Pick<
  AlertingRuleView,
  'name' | 'query' | 'labels' | 'health' | 'lastError' | 'evaluationTimeMs' | 'lastEvaluation'
>;

function stateOf(rule: AlertingRule): AlertingRuleView['state'] {
  const states = rule.alerts().map(({ state }) => state);
  if (states.includes('firing')) return 'firing';
  return states.includes('pending') ? 'pending' : 'inactive';
}

/** Those that are resolved are kept only to be sent. */
function activeAlerts(rule: AlertingRule): ActiveAlert[] {
  return rule
    .alerts()
    .filter(({ resolvedAt }) => resolvedAt === undefined)
    .map((alert) => ({
      labels: alert.labels,
      annotations: Object.fromEntries(alert.annotations),
      state: alert.state,
      activeAt: alert.activeAt,
      keepFiringSince: alert.keepFiringSince ?? 0,
      value: alert.value,
    }));
}
