/** What is scraped, and how it goes. */
import { ask, type LabelSet } from '../api.ts';
import { badge, h, labelBadges, linked, short, table } from '../dom.ts';
import { ago, seconds } from '../time.ts';

interface Dropped {
  scrapePool: string;
  discoveredLabels: LabelSet;
}

interface Targets {
  activeTargets: Target[];
  droppedTargets: Dropped[];
  droppedTargetCounts?: Record<string, number>;
}

interface Target extends Dropped {
  scrapeUrl: string;
  labels: LabelSet;
  health: 'up' | 'down' | 'unknown';
  lastError: string;
  lastScrape: string;
  lastScrapeDuration: number;
}

export async function targetsPage(main: HTMLElement): Promise<void> {
  const { data } = await ask<Targets>('targets');
  const params = new URLSearchParams(location.search);
  const only = params.get('pool') ?? params.get('scrapePool') ?? '';
  const pools = new Map<string, Target[]>();
  for (const name of Object.keys(data.droppedTargetCounts ?? {})) pools.set(name, []);
  for (const target of data.activeTargets) {
    const pool = pools.get(target.scrapePool);
    if (pool === undefined) pools.set(target.scrapePool, [target]);
    else pool.push(target);
  }
  if (pools.size === 0) main.append(h('p', {}, 'Nothing is scraped.'));
  if (only !== '') {
    const all = h('a', { href: 'targets' }, 'All are here');
    main.append(h('p', {}, `Targets of ${only} alone. `, all, '.'));
  }
  for (const [name, targets] of [...pools].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (only !== '' && name !== only) continue;
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
        targets.length > 0 &&
          table(['Target', 'State', 'Labels', 'Last scrape', 'Took', 'Error'], targets.map(row)),
        discovered(
          targets,
          data.droppedTargets.filter(({ scrapePool }) => scrapePool === name),
        ),
      ),
    );
  }
}

function row(target: Target) {
  const kind = target.health === 'up' ? 'good' : target.health === 'down' ? 'bad' : 'plain';
  return [
    linked(target.scrapeUrl),
    badge(target.health, kind),
    labelBadges(target.labels),
    short(ago(target.lastScrape), target.lastScrape),
    short(seconds(target.lastScrapeDuration)),
    target.lastError === '' ? '' : h('span', { class: 'problem' }, target.lastError),
  ];
}

/** What discovery found, before and after relabelling. */
function discovered(targets: readonly Target[], dropped: readonly Dropped[]): HTMLElement {
  return h(
    'details',
    { open: location.pathname.endsWith('/service-discovery') },
    h('summary', {}, 'As discovered'),
    table(
      ['Discovered', 'Target'],
      [
        ...targets.map(({ discoveredLabels, labels }) => [
          labelBadges(discoveredLabels),
          labelBadges(labels),
        ]),
        ...dropped.map(({ discoveredLabels }) => [labelBadges(discoveredLabels), badge('dropped', 'plain')]),
      ],
    ),
  );
}
