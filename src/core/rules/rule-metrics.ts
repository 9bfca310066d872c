/** What the rules of a server say about themselves, with Prometheus' names. */
import { systemClock } from '../clock.ts';
import { RecentValues } from '../instrument/index.ts';
import type { FamilySample, MetricFamily } from '../model/family.ts';
import { labelsFromPairs, METRIC_NAME } from '../model/labels.ts';
import type { MetricType } from '../model/metadata.ts';
import type { GroupLoop, RuleDurations } from './group-loop.ts';
import type { RuleManager } from './manager.ts';

/** What there is before there are groups. */
const NOTHING_YET = {
  durations: { rules: new RecentValues(), groups: new RecentValues() },
  clock: systemClock,
};

/** For `Registry.source`. */
export function ruleFamilies(manager: RuleManager): MetricFamily[] {
  const groups = manager.groups();
  const { templates } = manager;
  const families: MetricFamily[] = [];
  const add = (
    type: MetricType,
    name: string,
    help: string,
    value: (loop: GroupLoop) => number | undefined,
  ) => {
    const samples: FamilySample[] = [];
    for (const loop of groups) {
      const v = value(loop);
      if (v !== undefined) samples.push({ labels: labelsOf(name, loop), v });
    }
    families.push({ name, type, help, unit: '', samples });
  };
  const summary = (name: string, help: string, of: keyof RuleDurations, quantiles: readonly number[]) => {
    const { durations, clock } = groups[0]?.options ?? NOTHING_YET;
    const samples = durations[of].samples(quantiles, clock.monotonic(), (suffix, ...more) =>
      labelsFromPairs([[METRIC_NAME, name + suffix], ...more]),
    );
    families.push({ name, type: 'summary', help, unit: '', samples });
  };
  const plain = (name: string, help: string, v: number) =>
    families.push({
      name,
      type: 'counter',
      help,
      unit: '',
      samples: [{ labels: labelsFromPairs([[METRIC_NAME, name]]), v }],
    });
  plain(
    'prometheus_template_text_expansions_total',
    'The total number of template text expansions.',
    templates.expanded,
  );
  plain(
    'prometheus_template_text_expansion_failures_total',
    'The total number of template text expansion failures.',
    templates.failed,
  );
  const evaluations = ({ group }: GroupLoop) =>
    group.statuses.reduce((n, status) => n + status.evaluations, 0);
  add('counter', 'prometheus_rule_evaluations_total', 'The total number of rule evaluations.', evaluations);
  add(
    'counter',
    'prometheus_rule_evaluation_failures_total',
    'The total number of rule evaluation failures.',
    ({ group }) => group.statuses.reduce((n, status) => n + status.failures, 0),
  );
  summary(
    'prometheus_rule_evaluation_duration_seconds',
    'The duration for a rule to execute.',
    'rules',
    [0.5, 0.9, 0.99],
  );
  summary(
    'prometheus_rule_group_duration_seconds',
    'The duration of rule group evaluations.',
    'groups',
    [0.01, 0.05, 0.5, 0.9, 0.99],
  );
  add(
    'counter',
    'prometheus_rule_group_iterations_total',
    'The total number of scheduled rule group evaluations, whether executed or missed.',
    ({ stats }) => stats.iterations,
  );
  add(
    'counter',
    'prometheus_rule_group_iterations_missed_total',
    'The total number of rule group evaluations missed due to slow rule group evaluation.',
    ({ stats }) => stats.missed,
  );
  add(
    'gauge',
    'prometheus_rule_group_interval_seconds',
    'The interval of a rule group.',
    ({ options }) => options.intervalMs / 1000,
  );
  add('gauge', 'prometheus_rule_group_rules', 'The number of rules.', ({ group }) => group.rules.length);
  add(
    'gauge',
    'prometheus_rule_group_last_duration_seconds',
    'The duration of the last rule group evaluation.',
    ({ stats }) => stats.lastDurationMs / 1000,
  );
  add(
    'gauge',
    'prometheus_rule_group_last_rule_duration_sum_seconds',
    'The sum of time in seconds it took to evaluate each rule in the group regardless of concurrency. This should be higher than the group duration if rules are evaluated concurrently.',
    ({ stats }) => stats.lastRuleDurationSumMs / 1000,
  );
  add(
    'gauge',
    'prometheus_rule_group_last_restore_duration_seconds',
    'The duration of the last alert rules alerts restoration using the `ALERTS_FOR_STATE` series.',
    ({ stats }) => (stats.lastRestoreMs === undefined ? undefined : stats.lastRestoreMs / 1000),
  );
  add(
    'gauge',
    'prometheus_rule_group_last_evaluation_timestamp_seconds',
    'The timestamp of the last rule group evaluation in seconds.',
    ({ stats }) => (stats.lastEvaluation ?? 0) / 1000,
  );
  add(
    'gauge',
    'prometheus_rule_group_last_evaluation_samples',
    'The number of samples returned during the last rule group evaluation.',
    ({ group }) => group.statuses.reduce((n, { samples }) => n + samples, 0),
  );
  return families;
}

function labelsOf(name: string, { group, options }: GroupLoop) {
  return labelsFromPairs([
    [METRIC_NAME, name],
    ['rule_group', `${options.file};${group.config.name}`],
  ]);
}
