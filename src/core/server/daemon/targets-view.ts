/** Scrape pools as the API shows them. */

import { formatDuration } from '../../model/duration.ts';
import type { Metadata } from '../../model/metadata.ts';
import type { ScrapeManager } from '../../scrape/index.ts';
import type { TargetsView } from '../views.ts';
import type { GlobalUrl } from './global-url.ts';

export function targetsView(manager: ScrapeManager, globalUrl: GlobalUrl): TargetsView {
  return {
    pools: () => manager.pools,
    active: () =>
      manager.activeTargets().map((target) => ({
        pool: target.scrapePool,
        discoveredLabels: target.discoveredLabels,
        labels: target.labels,
        scrapeUrl: target.scrapeUrl,
        globalUrl: globalUrl(target.scrapeUrl),
        lastError: target.lastError,
        lastScrape: target.lastScrape,
        lastScrapeDurationMs: target.lastDurationSeconds * 1000,
        health: target.health,
        scrapeInterval: formatDuration(target.intervalMs),
        scrapeTimeout: formatDuration(target.timeoutMs),
        metadata: () => metadataOf(manager, target),
      })),
    dropped: () =>
      manager
        .droppedTargets()
        .map(({ discoveredLabels, scrapePool }) => ({ pool: scrapePool, discoveredLabels })),
    droppedCounts: () => manager.droppedCounts(),
    relabelRules: (pool) => manager.settingsOf(pool)?.relabelConfigs,
  };
}

function metadataOf(
  manager: ScrapeManager,
  { labels }: ReturnType<ScrapeManager['activeTargets']>[number],
): Map<string, Metadata> {
  const found = new Map<string, Metadata>();
  for (const { metric, type, help, unit } of manager.targetMetadata((other) => other === labels))
    found.set(metric, { type, help, unit });
  return found;
}
