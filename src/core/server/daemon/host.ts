/** What the daemon needs from outside: threads, HTTP clients, and what secures its own HTTP. */
import type { Clock } from '../../clock.ts';
import { loadWebConfig } from '../../config/load-web.ts';
import { openHttpClient } from '../../http/configured-client.ts';
import { WorkerTasks } from '../../tsdb/db/index.ts';
import type { Logger } from '../logger.ts';
import { InlineRunner } from '../query-runner.ts';
import { PLAIN_WEB, WebSecurity } from '../web/web-security.ts';
import type { DaemonHost } from './daemon.ts';
import type { DaemonSettings } from './settings.ts';

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
  const { webConfigFile: file } = settings;
  return {
    clock,
    logger,
    tasks,
    security: new WebSecurity({
      file,
      load: () => (file === '' ? PLAIN_WEB : loadWebConfig(file)),
      logger,
    }),
    openRunner: (db) => new InlineRunner({ source: () => db.reader(), engine: settings.engine, clock }),
    openClient: (config, compression) =>
      openHttpClient(config, {
        userAgent: `tsmon/${settings.version}`,
        compression,
        env: settings.env,
        clock,
      }),
    close: () => tasks.close(),
  };
}
