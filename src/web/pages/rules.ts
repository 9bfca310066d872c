/** Every rule group, and how its last evaluation went. */
import { ask } from '../api.ts';
import { badge, h, short, table } from '../dom.ts';
import { expressionLink, type Group } from '../rules.ts';
import { ago, formatDuration, seconds } from '../time.ts';

export async function rulesPage(main: HTMLElement): Promise<void> {
  const { data } = await ask<{ groups: Group[] }>('rules');
  if (data.groups.length === 0) main.append(h('p', {}, 'There are no rules.'));
  for (const group of data.groups) main.append(section(group));
}

function section(group: Group): HTMLElement {
  const faults = group.rules.filter(({ health }) => health === 'err').length;
  return h(
    'section',
    {},
    h('h2', {}, group.name, ' ', faults > 0 && badge(`${faults} with errors`, 'bad')),
    h(
      'p',
      { class: 'where' },
      `${group.file}, every ${formatDuration(group.interval * 1000)}, last ${ago(group.lastEvaluation)}, took ${seconds(group.evaluationTime)}`,
    ),
    table(
      ['Rule', 'Expression', 'State', 'Last', 'Took'],
      group.rules.map((rule) => [
        [badge(rule.type === 'alerting' ? 'alert' : 'record', 'plain'), ' ', h('strong', {}, rule.name)],
        expressionLink(rule),
        [
          badge(rule.health, rule.health === 'ok' ? 'good' : rule.health === 'err' ? 'bad' : 'plain'),
          rule.lastError ? h('div', { class: 'problem' }, rule.lastError) : '',
        ],
        short(ago(rule.lastEvaluation), rule.lastEvaluation),
        short(seconds(rule.evaluationTime)),
      ]),
    ),
  );
}
