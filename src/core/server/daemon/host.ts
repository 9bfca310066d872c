/** What the daemon needs from outside: threads, HTTP clients, and what secures its own HTTP. */
import { availableParallelism } from 'node:os';
import type { Clock } from '../../clock.ts';
import { loadWebConfig } from '../../config/load-web.ts';
import { openHttpClient } from '../../http/configured-client.ts';
import { WorkerTasks } from '../../tsdb/db/index.ts';
import type { Logger } from '../logger.ts';
import { PasswordThread } from '../web/password-thread.ts';
import { PLAIN_WEB, WebSecurity } from '../web/web-security.ts';
import { WorkerRunner } from '../workers/worker-runner.ts';
import type { DaemonHost } from './daemon.ts';
import type { DaemonSettings } from './settings.ts';

/** A thread does one query after another, and a long one is not to keep all others waiting, however few cores there are. */
const LEAST_THREADS = 4;
/** More than these have little to gain: what they read comes from one thread, and each has caches of its own. */
const MOST_THREADS = 8;

export interface HostOptions {
  clock: Clock;
  logger: Logger;
  /** Folder of the bundles that run in threads. */
  workers: URL;
}

export function openDaemonHost(
  settings: DaemonSettings,
  { clock, logger, workers }: HostOptions,
): DaemonHost & { close(): Promise<void> } {
  const tasks = new WorkerTasks(new URL('database-tasks.cjs', workers));
  const passwords = new PasswordThread(new URL('passwords.cjs', workers));
  const { webConfigFile: file } = settings;
  return {
    clock,
    logger,
    tasks,
    security: new WebSecurity({
      file,
      load: () => (file === '' ? PLAIN_WEB : loadWebConfig(file)),
      logger,
      compare: passwords.compare,
    }),
    openRunner: (database) =>
      new WorkerRunner({
        database,
        worker: new URL('queries.cjs', workers),
        threads: Math.min(MOST_THREADS, Math.max(LEAST_THREADS, availableParallelism())),
        engine: settings.engine,
        clock,
        onDamage: (message) => logger.warn(message, { component: 'tsdb' }),
      }),
    openClient: (config, compression) =>
      openHttpClient(config, {
        userAgent: `tsmon/${settings.version}`,
        compression,
        env: settings.env,
        clock,
      }),
    async close() {
      await Promise.all([tasks.close(), passwords.close()]);
    },
  };
}
