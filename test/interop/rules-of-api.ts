/** The rules of a running Prometheus as our server would have them: what its own API says. */
import { labelsFromObject } from '../../src/core/model/labels.ts';
import type { RulesView, RuleView } from '../../src/core/server/index.ts';

interface ApiRule {
  type: string;
  name: string;
  query: string;
  labels?: Record<string, string>;
  health: 'ok' | 'err' | 'unknown';
  lastError?: string;
  state: 'inactive' | 'pending' | 'firing' | 'unknown';
  duration: number;
  keepFiringFor: number;
  annotations: Record<string, string>;
}

interface ApiGroup {
  name: string;
  file: string;
  rules: ApiRule[];
  interval: number;
  limit: number;
}

/** Groups have intervals of years, so that they stay as they are now. */
export async function rulesViewOf(url: string): Promise<RulesView> {
  const response = await fetch(`${url}/api/v1/rules`);
  const { data } = (await response.json()) as { data: { groups: ApiGroup[] } };
  const groups = data.groups.map(({ name, file, rules, interval, limit }) => ({
    name,
    file,
    limit,
    intervalMs: interval * 1000,
    evaluationTimeMs: 0,
    lastEvaluation: 0,
    rules: rules.map(ruleOf),
  }));
  return { groups: () => groups };
}

function ruleOf(rule: ApiRule): RuleView {
  const common = {
    name: rule.name,
    query: rule.query,
    labels: labelsFromObject(rule.labels ?? {}),
    health: rule.health,
    lastError: rule.lastError ?? '',
    evaluationTimeMs: 0,
    lastEvaluation: 0,
  };
  if (rule.type === 'recording') return { ...common, kind: 'recording' };
  return {
    ...common,
    kind: 'alerting',
    state: rule.state,
    holdMs: rule.duration * 1000,
    keepFiringForMs: rule.keepFiringFor * 1000,
    annotations: rule.annotations,
    alerts: () => [],
  };
}
