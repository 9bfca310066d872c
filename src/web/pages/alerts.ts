/** Alerting rules with what is pending and firing, the worst first. */
import { ask } from '../api.ts';
import { badge, h, labelBadges, linked, short, table } from '../dom.ts';
import { expressionLink, type Group, type Rule } from '../rules.ts';
import { ago, formatDuration } from '../time.ts';

const ORDER = ['firing', 'pending', 'unknown', 'inactive'];
const KINDS = { firing: 'bad', pending: 'warn', inactive: 'good', unknown: 'plain' } as const;

export async function alertsPage(main: HTMLElement): Promise<void> {
  const { data } = await ask<{ groups: Group[] }>('rules', { type: 'alert' });
  const rules = data.groups.flatMap(({ rules, name, file }) => rules.map((rule) => ({ rule, name, file })));
  rules.sort((a, b) => ORDER.indexOf(a.rule.state ?? 'unknown') - ORDER.indexOf(b.rule.state ?? 'unknown'));
  const count = (state: string) => rules.filter(({ rule }) => rule.state === state).length;
  main.append(
    h(
      'p',
      { class: 'summary' },
      badge(`${count('firing')} firing`, count('firing') > 0 ? 'bad' : 'good'),
      badge(`${count('pending')} pending`, count('pending') > 0 ? 'warn' : 'good'),
      badge(`${count('inactive')} inactive`, 'plain'),
    ),
  );
  if (rules.length === 0) main.append(h('p', {}, 'There are no alerting rules.'));
  for (const { rule, name, file } of rules) main.append(card(rule, `${file} › ${name}`));
}

function card(rule: Rule, where: string): HTMLElement {
  const alerts = rule.alerts ?? [];
  const state = rule.state ?? 'unknown';
  return h(
    'details',
    { class: `card ${state}`, open: state === 'firing' || state === 'pending' },
    h(
      'summary',
      {},
      badge(state, KINDS[state]),
      ' ',
      h('strong', {}, rule.name),
      ' ',
      alerts.length > 0 && `(${alerts.length})`,
    ),
    h(
      'p',
      { class: 'where' },
      where,
      lasting('for', rule.duration),
      lasting('keep firing for', rule.keepFiringFor),
    ),
    expressionLink(rule),
    rule.lastError !== undefined && rule.lastError !== '' && h('p', { class: 'problem' }, rule.lastError),
    alerts.length > 0 &&
      table(
        ['State', 'Labels', 'Since', 'Value', 'Annotations'],
        alerts.map((alert) => [
          badge(alert.state, KINDS[alert.state]),
          labelBadges(alert.labels),
          short(ago(alert.activeAt), alert.activeAt),
          String(Number(alert.value)),
          annotations(alert.annotations),
        ]),
      ),
  );
}

function lasting(what: string, seconds = 0): string {
  return seconds > 0 ? `, ${what} ${formatDuration(seconds * 1000)}` : '';
}

/** Runbooks and dashboards are links as a rule. */
function annotations(texts: Record<string, string>): HTMLElement | '' {
  const lines = Object.entries(texts).map(([key, text]) => h('div', {}, h('em', {}, key), ' ', linked(text)));
  return lines.length === 0 ? '' : h('div', {}, ...lines);
}
