/** What is scraped, and how it goes. */
import { ask, type LabelSet } from '../api.ts';
import { badge, h, labelBadges, table } from '../dom.ts';
import { ago, seconds } from '../time.ts';

interface Target {
  scrapePool: string;
  scrapeUrl: string;
  labels: LabelSet;
  discoveredLabels: LabelSet;
  health: 'up' | 'down' | 'unknown';
  lastError: string;
  lastScrape: string;
  lastScrapeDuration: number;
}

export async function targetsPage(main: HTMLElement): Promise<void> {
  const { data } = await ask<{ activeTargets: Target[]; droppedTargetCounts?: Record<string, number> }>(
    'targets',
  );
  const pools = new Map<string, Target[]>();
  for (const target of data.activeTargets) {
    const pool = pools.get(target.scrapePool);
    if (pool === undefined) pools.set(target.scrapePool, [target]);
    else pool.push(target);
  }
  if (pools.size === 0) main.append(h('p', {}, 'Nothing is scraped.'));
  for (const [name, targets] of [...pools].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const up = targets.filter(({ health }) => health === 'up').length;
    const dropped = data.droppedTargetCounts?.[name] ?? 0;
    main.append(
      h(
        'section',
        {},
        h(
          'h2',
          {},
          name,
          ' ',
          badge(`${up} of ${targets.length} up`, up === targets.length ? 'good' : 'bad'),
          dropped > 0 && badge(`${dropped} dropped`, 'plain'),
        ),
        table(['Target', 'State', 'Labels', 'Last scrape', 'Took', 'Error'], targets.map(row)),
      ),
    );
  }
}

function row(target: Target) {
  const kind = target.health === 'up' ? 'good' : target.health === 'down' ? 'bad' : 'plain';
  return [
    h('a', { href: target.scrapeUrl, target: '_blank', rel: 'noreferrer' }, target.scrapeUrl),
    badge(target.health, kind),
    h(
      'span',
      {
        title: Object.entries(target.discoveredLabels)
          .map(([n, v]) => `${n}="${v}"`)
          .join('\n'),
      },
      labelBadges(target.labels),
    ),
    ago(target.lastScrape),
    seconds(target.lastScrapeDuration),
    target.lastError === '' ? '' : h('span', { class: 'problem' }, target.lastError),
  ];
}
