/** Groups and alerts as the HTTP API has them (`/api/v1/rules`, `/api/v1/alerts`): plain objects for JSON. */
import { printExpr } from '../promql/parser/index.ts';
import type { Alert, AlertState } from './alert.ts';
import type { RuleStatus } from './group.ts';
import type { GroupLoop } from './group-loop.ts';
import { AlertingRule, type RecordingRule } from './rule.ts';

export interface GroupAnswer {
  name: string;
  file: string;
  rules: RuleAnswer[];
  /** Seconds. */
  interval: number;
  limit: number;
  evaluationTime: number;
  lastEvaluation: string;
}

interface CommonAnswer {
  name: string;
  query: string;
  labels?: Record<string, string>;
  health: RuleStatus['health'];
  lastError?: string;
  /** Seconds. */
  evaluationTime: number;
  lastEvaluation: string;
}

export type RuleAnswer =
  | (CommonAnswer & { type: 'recording' })
  | (CommonAnswer & {
      type: 'alerting';
      state: AlertState | 'unknown';
      /** Seconds. */
      duration: number;
      keepFiringFor: number;
      labels: Record<string, string>;
      annotations: Record<string, string>;
      alerts: AlertAnswer[];
    });

export interface AlertAnswer {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  state: AlertState;
  activeAt: string;
  keepFiringSince?: string;
  value: string;
}

/** Sorted by file, then name, as Prometheus does. */
export function rulesAnswer(groups: readonly GroupLoop[]): { groups: GroupAnswer[] } {
  const answers = groups.map(({ group, stats, options }): GroupAnswer => {
    const { name, limit } = group.config;
    return {
      name,
      file: options.file,
      rules: group.rules.map((rule, i) => ruleAnswer(rule, group.statuses[i])),
      interval: options.intervalMs / 1000,
      limit,
      evaluationTime: stats.lastDurationMs / 1000,
      lastEvaluation: timeText(stats.lastEvaluation),
    };
  });
  const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return { groups: answers.sort((a, b) => order(a.file, b.file) || order(a.name, b.name)) };
}

export function alertsAnswer(groups: readonly GroupLoop[]): { alerts: AlertAnswer[] } {
  return {
    alerts: groups.flatMap(({ group }) =>
      group.rules.flatMap((rule) => (rule instanceof AlertingRule ? activeAlerts(rule) : [])),
    ),
  };
}

function ruleAnswer(rule: RecordingRule | AlertingRule, status: RuleStatus): RuleAnswer {
  const common = {
    name: rule.config.name,
    query: printExpr(rule.config.parsed),
    health: status.health,
    ...(status.lastError !== '' && { lastError: status.lastError }),
    evaluationTime: status.durationMs / 1000,
    lastEvaluation: timeText(status.evaluatedAt),
  };
  const labels = Object.fromEntries(rule.labels);
  if (!(rule instanceof AlertingRule)) {
    return { ...common, ...(rule.labels.length > 0 && { labels }), type: 'recording' };
  }
  const { forMs, keepFiringForMs, annotations } = rule.config;
  const alerts = activeAlerts(rule);
  return {
    ...common,
    state: stateOf(alerts, status),
    duration: forMs / 1000,
    keepFiringFor: keepFiringForMs / 1000,
    labels,
    annotations: Object.fromEntries(annotations),
    alerts,
    type: 'alerting',
  };
}

function stateOf(alerts: readonly AlertAnswer[], { health }: RuleStatus): AlertState | 'unknown' {
  if (alerts.some(({ state }) => state === 'firing')) return 'firing';
  if (alerts.length > 0) return 'pending';
  return health === 'unknown' ? 'unknown' : 'inactive';
}

function activeAlerts(rule: AlertingRule): AlertAnswer[] {
  return rule
    .alerts()
    .filter(({ state }) => state !== 'inactive')
    .map(alertAnswer);
}

function alertAnswer({ labels, annotations, state, activeAt, keepFiringSince, value }: Alert): AlertAnswer {
  return {
    labels: Object.fromEntries(labels),
    annotations: Object.fromEntries(annotations),
    state,
    activeAt: timeText(activeAt),
    ...(keepFiringSince !== undefined && { keepFiringSince: timeText(keepFiringSince) }),
    value: exponentForm(value),
  };
}

/** `1e+00`, at least two digits of exponent. */
function exponentForm(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

/** RFC 3339; the year 1 stands for never. */
function timeText(ms: number | undefined): string {
  if (ms === undefined) return '0001-01-01T00:00:00Z';
  return new Date(ms).toISOString().replace(/\.?0*Z$/, 'Z');
}
