/** Runs our scrape pool into our database, as the daemon does. */
import { mkdirSync } from 'node:fs';
import { systemClock } from '../../src/core/clock.ts';
import { openHttpClient } from '../../src/core/http/configured-client.ts';
import { type ScrapeConfig, ScrapeManager, type ScrapeManagerOptions } from '../../src/core/scrape/index.ts';
import { openJobClient } from '../../src/core/scrape/job-client.ts';
import { Database } from '../../src/core/tsdb/db/index.ts';

/** Scrapes the jobs into the directory `data` until `enough` resolves. */
export async function runOwnPool(
  data: string,
  configs: readonly ScrapeConfig[],
  enough: () => Promise<unknown>,
  options: Partial<ScrapeManagerOptions> = {},
): Promise<void> {
  mkdirSync(data, { recursive: true });
  const db = await Database.open(data, { clock: systemClock });
  const manager = new ScrapeManager({
    clock: systemClock,
    store: { appender: () => db.appender() },
    openClient: (job) => openJobClient(job, { userAgent: 'tsmon/test' }),
    discovery: { openClient: (http) => openHttpClient(http, { userAgent: 'tsmon/test' }), env: {} },
    onTrouble: () => {},
    ...options,
  });
  manager.apply(configs);
  await enough();
  await manager.stop();
  await db.close();
}
