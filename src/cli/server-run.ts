/** The life of `tsmon serve` as a process: its log, its signals, and what it tells the one who started it. */
import { systemClock } from '../core/clock.ts';
import { Daemon, type DaemonSettings, openDaemonHost } from '../core/server/daemon/index.ts';
import { EXIT_FAILED } from './command.ts';
import { beginLongRun } from './long-run.ts';
import { serverLog } from './server-log.ts';
import { notifySystemd } from './systemd.ts';

/** After it is ready, until nobody waits for the first answers and scrapes any more, ms. */
const SETTLING_MS = 1000;

export interface ServerRunOptions {
  /** Lines for people, before anything else. */
  notices: readonly string[];
  level: string;
  format: string;
  /** Folder of the bundles that run in threads, with a slash at its end. */
  workers: URL;
}

/** Resolves when the server has ended. Rejects with InputError where it cannot start. */
export async function runServer(settings: DaemonSettings, options: ServerRunOptions): Promise<void> {
  const run = beginLongRun();
  const log = serverLog({
    ...options,
    write: (line) => process.stderr.write(`${line}\n`),
    now: () => systemClock.now(),
  });
  for (const notice of options.notices) log.warn(notice);
  log.info('Starting tsmon', { version: settings.version, node: process.version });
  const host = openDaemonHost(settings, { clock: systemClock, logger: log, workers: options.workers });
  const daemon = new Daemon(settings, host);
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  let failure: Error | undefined;
  const reload = () => {
    void notifySystemd('RELOADING=1');
    // What is wrong has been logged, and is shown by the API.
    daemon.reload().then(
      () => notifySystemd('READY=1'),
      () => notifySystemd('READY=1'),
    );
  };
  const stop = (reason: string) => {
    log.info('Stopping', { reason });
    void notifySystemd('STOPPING=1');
    end();
  };
  process.on('SIGHUP', reload);
  process.once('SIGTERM', () => stop('SIGTERM'));
  process.once('SIGINT', () => stop('SIGINT'));
  daemon.quitRequested.then(() => stop('/-/quit'));
  daemon.ready.then(
    (isReady) => {
      if (!isReady) return;
      log.info('Server is ready to receive web requests.');
      void notifySystemd('READY=1');
      setTimeout(run.settled, SETTLING_MS).unref();
    },
    (error: Error) => {
      failure = error;
      stop('the data directory cannot be used');
    },
  );
  try {
    for (const { address, port, family } of await daemon.start()) {
      log.info('Start listening for connections', {
        address: family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`,
      });
    }
    await ended;
  } finally {
    // A second signal does not wait.
    process.once('SIGTERM', () => process.exit(EXIT_FAILED));
    process.once('SIGINT', () => process.exit(EXIT_FAILED));
    await daemon.stop();
    await host.close();
    run.settled();
  }
  if (failure !== undefined) throw failure;
  log.info('See you next time!');
}
