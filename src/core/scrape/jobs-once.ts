/** Scrapers for all targets of jobs, as discovery finds them at this moment. */
import type { Clock } from '../clock.ts';
import { type DiscoveryResources, discoverOnce, discoverySetups } from '../discovery/index.ts';
import type { FetchClient } from '../http/fetch.ts';
import { ScrapeBuffers } from './buffers.ts';
import { listTargets } from './listing.ts';
import { inputFor, scraperOptions } from './loop-settings.ts';
import { overTargetLimit } from './pool.ts';
import type { ScrapeConfig } from './scrape-config.ts';
import { Scraper } from './scraper.ts';

export interface OpenJobs {
  scrapers: Scraper[];
  /** The job of each scraper. */
  jobNames: string[];
  /** How often each scraper's target is to be scraped. */
  intervalsMs: number[];
  /** Jobs of which targets may be missing, because a discoverer failed. */
  incomplete: ReadonlySet<string>;
  /** What is wrong: discoverers that failed, targets that cannot be scraped. */
  troubles: string[];
  close(): void;
}

export interface OpenJobsOptions {
  clock: Clock;
  openClient: (config: ScrapeConfig) => FetchClient;
  discovery: DiscoveryResources;
  /** For discovery. */
  timeoutMs: number;
  /** `_created` samples are start timestamps of the others. */
  createdAsStart?: boolean | undefined;
}

export async function openJobs(
  configs: readonly ScrapeConfig[],
  { clock, openClient, discovery: resources, timeoutMs, createdAsStart }: OpenJobsOptions,
): Promise<OpenJobs> {
  const found = await discoverOnce(
    configs.map(({ discovery }) => discoverySetups(discovery, resources)),
    clock,
    timeoutMs,
  );
  const clients = new Set<FetchClient>();
  const scrapers: Scraper[] = [];
  const jobNames: string[] = [];
  const intervalsMs: number[] = [];
  const incomplete = new Set<string>();
  const troubles: string[] = [];
  for (const [i, config] of configs.entries()) {
    const { jobName, targetLimit } = config;
    for (const { mechanism, reason } of found[i].failures) {
      incomplete.add(jobName);
      troubles.push(`${jobName}: discovery (${mechanism}) failed: ${reason}`);
    }
    const listed = listTargets(config, found[i].groups);
    for (const { state, discovered, reason } of listed) {
      if (state === 'faulty') troubles.push(`${jobName}: target ${discovered} cannot be scraped: ${reason}`);
    }
    const targets = listed.filter(({ state }) => state === 'active').map(({ target }) => target!);
    if (targets.length === 0) continue;
    const client = openClient(config);
    clients.add(client);
    const limit = overTargetLimit(targets.length, targetLimit);
    for (const target of targets) {
      const input =
        limit === undefined ? inputFor(target, config, client) : { read: () => Promise.reject(limit) };
      // Results are delivered in order and wait for each other, each with its own memory.
      const parts = { clock, client, buffers: new ScrapeBuffers(), createdAsStart };
      const options = scraperOptions(target, config, parts);
      scrapers.push(new Scraper(target, input, options));
      jobNames.push(jobName);
      intervalsMs.push(target.intervalMs);
    }
  }
  const close = () => {
    for (const client of clients) client.close();
  };
  return { scrapers, jobNames, intervalsMs, incomplete, troubles, close };
}
