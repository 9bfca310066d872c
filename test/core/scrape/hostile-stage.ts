/** Scrapes targets over real sockets into a real database until each has shown what becomes of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { openHttpClient } from '../../../src/core/http/configured-client.ts';
import { type ScrapeConfig, ScrapeManager } from '../../../src/core/scrape/index.ts';
import { openJobClient } from '../../../src/core/scrape/job-client.ts';
import { Database } from '../../../src/core/tsdb/db/index.ts';
import { job, staticTargets } from './job.ts';

export interface Scraped {
  /** By name: why its scrapes fail, '' where they do not. */
  errors: Record<string, string>;
  /** How many were stored, the scrapes' own included. */
  series: number;
}

/**
 * `hosts` are the targets' addresses by their names; those in `slow` may run into the timeout, and the others, which
 * on a busy machine do so too now and then, are asked again. Ends when `enough` says so, too.
 */
export async function scrapeHostile(
  hosts: Record<string, string>,
  settings: Partial<ScrapeConfig>,
  slow: readonly string[],
  enough: () => boolean = () => true,
): Promise<Scraped> {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-hostile-'));
  const db = await Database.open(dir, { clock: systemClock });
  onTestFinished(async () => {
    await db.close();
    rmSync(dir, { recursive: true });
  });
  const manager = new ScrapeManager({
    clock: systemClock,
    store: { appender: () => db.appender() },
    openClient: (config) => openJobClient(config, { userAgent: 'tsmon/test' }),
    discovery: { openClient: (http) => openHttpClient(http, { userAgent: 'tsmon/test' }), env: {} },
    onTrouble: () => {},
  });
  manager.apply([
    job({
      scrapeIntervalMs: 1200,
      scrapeTimeoutMs: 1000,
      discovery: [staticTargets(...Object.values(hosts))],
      ...settings,
    }),
  ]);
  const errors: Record<string, string> = {};
  const isSettled = () => {
    for (const [name, host] of Object.entries(hosts)) {
      const target = manager.activeTargets().find(({ labels }) => labels.get('instance') === host);
      if (target === undefined || target.health === 'unknown') continue;
      if (errors[name] === undefined || errors[name].startsWith('timed out')) errors[name] = target.lastError;
    }
    const isDone = (name: string) => slow.includes(name) || !errors[name].startsWith('timed out');
    return Object.keys(hosts).every((name) => errors[name] !== undefined && isDone(name));
  };
  const end = Date.now() + 30_000;
  while (Date.now() < end && !(isSettled() && enough())) await new Promise((r) => setTimeout(r, 50));
  await manager.stop();
  return { errors, series: db.stats().series };
}
