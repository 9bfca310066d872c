/** `/api/v1/rules`, `/alerts` and `/alertmanagers`: what is evaluated, what it found, and who is told. */
import { createHash } from 'node:crypto';
import type { Matcher } from '../../model/matcher.ts';
import { goQuote } from '../../model/quote.ts';
import type { FormValues } from '../http/form-values.ts';
import type { Reply } from '../http/reply.ts';
import type { Router } from '../http/router.ts';
import type {
  ActiveAlert,
  AlertingRuleView,
  AlertmanagersView,
  RuleGroupView,
  RulesView,
  RuleView,
} from '../views.ts';
import { answering, succeed } from './answer.ts';
import { ApiFault, badParameter } from './api-error.ts';
import { booleanOf, notANumber, parseSelectors, refuseEmptyMatchers, wholeNumber } from './parameters.ts';
import { exponentText, timeText } from './time-text.ts';

const CORS = { cors: true };

export function addRuleRoutes(router: Router, rules: RulesView, alertmanagers: AlertmanagersView): void {
  router.add(
    'GET',
    '/api/v1/rules',
    answering((request, reply) => listRules(request.query, reply, rules)),
    CORS,
  );
  router.add(
    'GET',
    '/api/v1/alerts',
    answering((_, reply) => {
      const alerting = rules
        .groups()
        .flatMap((group) => group.rules)
        .filter(isAlerting);
      succeed(reply, { alerts: alerting.flatMap((rule) => rule.alerts().map(alertJson)) });
    }),
    CORS,
  );
  router.add(
    'GET',
    '/api/v1/alertmanagers',
    answering((_, reply) => {
      succeed(reply, {
        activeAlertmanagers: alertmanagers.active().map((url) => ({ url })),
        droppedAlertmanagers: alertmanagers.dropped().map((url) => ({ url })),
      });
    }),
    CORS,
  );
}

interface RuleFilter {
  kind: 'alerting' | 'recording' | undefined;
  names: ReadonlySet<string>;
  matchers: readonly (readonly Matcher[])[];
}

function listRules(form: FormValues, reply: Reply, rules: RulesView): void {
  if (form.fault !== undefined) throw new ApiFault('bad_data', `error parsing form values: ${form.fault}`);
  const groupNames = new Set(form.all('rule_group[]'));
  const files = new Set(form.all('file[]'));
  const matchers = parseSelectors(form.all('match[]'));
  refuseEmptyMatchers(matchers);
  const filter: RuleFilter = {
    kind: kindOf(form.get('type').toLowerCase()),
    names: new Set(form.all('rule_name[]')),
    matchers,
  };
  const excludeAlerts = excludes(form);
  const page = pageOf(form);
  const groups = rules
    .groups()
    .filter(({ name }) => groupNames.size === 0 || groupNames.has(name))
    .filter(({ file }) => files.size === 0 || files.has(file));
  const found: object[] = [];
  let reached = page.token === '';
  let nextToken: string | undefined;
  for (const group of groups) {
    const token = tokenOf(group);
    reached ||= token === page.token;
    if (!reached) continue;
    const kept = group.rules.filter((rule) => keeps(filter, rule));
    // A group of which nothing is left is of no interest.
    if (kept.length === 0) continue;
    if (page.limit > 0 && found.length === page.limit) {
      nextToken = token;
      break;
    }
    found.push(groupJson(group, kept, excludeAlerts));
  }
  if (!reached) {
    const reason = `invalid group_next_token '${page.token}'. were rule groups changed?`;
    throw badParameter('group_next_token', reason);
  }
  succeed(reply, { groups: found, ...(nextToken === undefined ? {} : { groupNextToken: nextToken }) });
}

function kindOf(text: string): RuleFilter['kind'] {
  switch (text) {
    case '':
      return undefined;
    case 'alert':
      return 'alerting';
    case 'record':
      return 'recording';
    default:
      throw badParameter('type', `not supported value ${goQuote(text)}`);
  }
}

function excludes(form: FormValues): boolean {
  const text = form.get('exclude_alerts');
  if (text === '') return false;
  const value = booleanOf(text);
  if (value !== undefined) return value;
  throw badParameter('exclude_alerts', `error converting exclude_alerts: ${notANumber('ParseBool', text)}`);
}

/** `limit` 0 for all. */
function pageOf(form: FormValues): { limit: number; token: string } {
  const text = form.get('group_limit');
  const token = form.get('group_next_token');
  if (text === '' && token !== '') {
    const reason = 'group_limit needs to be present in order to paginate over the groups';
    throw badParameter('group_next_token', reason);
  }
  if (text === '') return { limit: 0, token };
  const limit = wholeNumber(text);
  // As many as 32 bits hold.
  if (limit === undefined || limit !== (limit | 0)) {
    const reason = `group_limit needs to be a valid number: ${notANumber('ParseInt', text)}`;
    throw badParameter('group_limit', reason);
  }
  if (limit <= 0) throw badParameter('group_limit', 'group_limit needs to be greater than 0');
  return { limit, token };
}

function tokenOf({ file, name }: RuleGroupView): string {
  return createHash('sha1').update(`${file};${name}`).digest('hex');
}

function keeps({ kind, names, matchers }: RuleFilter, rule: RuleView): boolean {
  if (kind !== undefined && rule.kind !== kind) return false;
  if (names.size > 0 && !names.has(rule.name)) return false;
  if (matchers.length === 0) return true;
  return matchers.some((set) => set.every((matcher) => matcher.matches(rule.labels.get(matcher.name))));
}

function groupJson(group: RuleGroupView, rules: readonly RuleView[], excludeAlerts: boolean): object {
  return {
    name: group.name,
    file: group.file,
    rules: rules.map((rule) => (isAlerting(rule) ? alertingJson(rule, excludeAlerts) : recordingJson(rule))),
    interval: group.intervalMs / 1000,
    limit: group.limit,
    evaluationTime: group.evaluationTimeMs / 1000,
    lastEvaluation: timeText(group.lastEvaluation),
  };
}

function recordingJson(rule: RuleView): object {
  const { name, query, labels } = rule;
  // Empty labels are left out here, and given with alerting rules.
  return {
    name,
    query,
    ...(labels.size > 0 ? { labels: labels.toObject() } : {}),
    ...evaluationJson(rule),
    type: 'recording',
  };
}

function alertingJson(rule: AlertingRuleView, excludeAlerts: boolean): object {
  return {
    state: rule.state,
    name: rule.name,
    query: rule.query,
    duration: rule.holdMs / 1000,
    keepFiringFor: rule.keepFiringForMs / 1000,
    labels: rule.labels.toObject(),
    annotations: rule.annotations,
    alerts: excludeAlerts ? null : rule.alerts().map(alertJson),
    ...evaluationJson(rule),
    type: 'alerting',
  };
}

function evaluationJson({ health, lastError, evaluationTimeMs, lastEvaluation }: RuleView): object {
  return {
    health,
    ...(lastError === '' ? {} : { lastError }),
    evaluationTime: evaluationTimeMs / 1000,
    lastEvaluation: timeText(lastEvaluation),
  };
}

function alertJson({ labels, annotations, state, activeAt, keepFiringSince, value }: ActiveAlert): object {
  return {
    labels: labels.toObject(),
    annotations,
    state,
    activeAt: timeText(activeAt),
    ...(keepFiringSince === 0 ? {} : { keepFiringSince: timeText(keepFiringSince) }),
    value: exponentText(value),
  };
}

function isAlerting(rule: RuleView): rule is AlertingRuleView {
  return rule.kind === 'alerting';
}
