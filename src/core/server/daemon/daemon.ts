/**
 * `tsmon serve`: scraping, storage, rules, alerts and the HTTP API in one process, and their common life. From the first
 * moment it listens and scrapes; when the log of the data directory has been read it answers and evaluates rules; a
 * reload exchanges the configuration whole or not at all; on the way out what is under way is brought to its end.
 */
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../clock.ts';
import { discoveryMetrics } from '../../discovery/index.ts';
import { InputError } from '../../errors.ts';
import type { FetchClient } from '../../http/fetch.ts';
import type { HttpClientConfig } from '../../http/http-config.ts';
import { processFamilies, Registry, RuntimeWatch } from '../../instrument/index.ts';
import type { QueryValue } from '../../promql/index.ts';
import type { Expr } from '../../promql/parser/index.ts';
import { RuleManager, ruleFamilies } from '../../rules/index.ts';
import { ScrapeManager } from '../../scrape/index.ts';
import type { Database, TaskRunner } from '../../tsdb/db/index.ts';
import type { Logger } from '../logger.ts';
import { Notifications } from '../notifications.ts';
import { DEFAULT_SERVER_LIMITS, PrometheusServer } from '../prometheus-server.ts';
import { QueryJournal } from '../query-journal.ts';
import { QueryLog, QueryLogFile } from '../query-log.ts';
import type { Evaluated, QueryRunner } from '../query-runner.ts';
import type { OtlpReceiver } from '../remote/otlp.ts';
import type { WebSecurity } from '../web/web-security.ts';
import { addWebRoutes } from '../web-routes.ts';
import { adminView } from './admin-view.ts';
import { Alerting } from './alerting.ts';
import { autoReload } from './auto-reload.ts';
import { type Configuration, readConfiguration } from './configuration.ts';
import { globalUrlFor } from './global-url.ts';
import { addHostRoute } from './host-route.ts';
import { serverMetrics } from './metrics.ts';
import { ReloadStatus } from './reload-status.ts';
import { rulesView } from './rules-view.ts';
import type { DaemonSettings } from './settings.ts';
import { spokenVersion } from './spoken-version.ts';
import { statusView } from './status-view.ts';
import { limitsOf, openDatabase, retentionOf } from './storage.ts';
import { targetsView } from './targets-view.ts';
import { unheededSettings } from './unheeded.ts';

/** What the daemon is given rather than makes: threads, clients and time. */
export interface DaemonHost {
  clock: Clock;
  logger: Logger;
  security: WebSecurity;
  /** Where blocks are cut and compacted. */
  tasks: TaskRunner;
  /** Where queries run; closed before the database. */
  openRunner: (db: Database) => ThreadedRunner;
  openClient: (config: HttpClientConfig, compression: boolean) => FetchClient;
}

/** Rules are evaluated by it, too. */
interface ThreadedRunner extends QueryRunner {
  value(query: string, expr: Expr, t: number): Promise<Evaluated<QueryValue>>;
  close(): Promise<void>;
}

const RELOAD_FAILED = 'Configuration reload has failed.';
const STARTING = 'Prometheus is starting and replaying the write-ahead log (WAL).';
const STOPPING = 'Prometheus is shutting down and gracefully stopping all operations.';

export class Daemon {
  /**
   * Resolves when the log has been read and all is served, or with false where the server is stopped before; rejects
   * where the directory cannot be used.
   */
  readonly ready: Promise<boolean>;
  /** Resolves when somebody asked over HTTP that the server ends. */
  readonly quitRequested: Promise<void>;
  private readonly host: DaemonHost;
  private readonly settings: DaemonSettings;
  private readonly registry = new Registry();
  private readonly runtime = new RuntimeWatch();
  private readonly db: Database;
  private readonly runner: ThreadedRunner;
  private readonly queryLog = new QueryLog();
  private readonly journal: QueryJournal;
  private readonly scrapes: ScrapeManager;
  private readonly rules: RuleManager;
  private readonly alerting: Alerting;
  private readonly http: PrometheusServer;
  private readonly notifications: Notifications;
  private readonly reloads: ReloadStatus;
  private readonly stopping = new AbortController();
  private readonly quit: () => void;
  private current: Configuration;
  private state: 'starting' | 'ready' | 'stopping' = 'starting';
  private maintenance: Promise<void> = Promise.resolve();
  /** The last of the reloads, which wait for one another; never rejects. */
  private reloading: Promise<unknown> = Promise.resolve();

  /** Throws InputError where the configuration is no good, or somebody else has the directory. */
  constructor(settings: DaemonSettings, host: DaemonHost) {
    const { clock, logger, tasks, openClient } = host;
    this.settings = settings;
    this.host = host;
    this.current = this.readConfiguration();
    this.queryLog.use(QueryLogFile.open(this.current.config.global.queryLogFile));
    this.db = openDatabase(settings, this.current.config, { clock, logger, tasks });
    this.runner = host.openRunner(this.db);
    this.journal = new QueryJournal(this.registry, clock, this.queryLog);
    this.reloads = new ReloadStatus(this.registry, clock);
    this.notifications = new Notifications(clock, settings.maxNotificationsSubscribers);
    this.notifications.register(this.registry);
    this.notifications.add(STARTING);
    let quit = () => {};
    this.quitRequested = new Promise((resolve) => {
      quit = resolve;
    });
    this.quit = quit;
    const discovery = discoveryMetrics(this.registry);
    this.scrapes = new ScrapeManager({
      clock,
      store: { appender: () => this.db.appender() },
      openClient: ({ http, enableCompression }) => openClient(http, enableCompression),
      registry: this.registry,
      discovery: { openClient: (config) => openClient(config, true), env: settings.env },
      discoveryMetrics: discovery,
      externalLabels: this.current.externalLabels,
      createdAsStart: settings.createdAsStart,
      onTrouble: (message) => logger.warn(message, { component: 'scrape manager' }),
    });
    this.alerting = new Alerting({
      clock,
      registry: this.registry,
      discovery,
      logger,
      capacity: settings.notificationCapacity,
      batch: settings.notificationBatch,
      openClient: (config) => openClient(config, true),
      env: settings.env,
    });
    this.rules = new RuleManager({
      clock,
      source: () => this.db.reader(),
      appender: () => this.db.appender(),
      engine: settings.engine,
      evaluate: async (query, expr, t, ruleGroup) => {
        const entry = { query, times: { kind: 'instant' as const, t }, origin: { ruleGroup }, queuedMs: 0 };
        return (await this.journal.noting(entry, () => this.runner.value(query, expr, t))).result;
      },
      send: (alerts) => this.alerting.notifier.send(alerts),
      resendDelayMs: settings.resendDelayMs,
      restore: settings.restore,
      concurrency: settings.ruleConcurrency,
      onWarning: (message) => logger.warn(message, { component: 'rule manager' }),
    });
    this.registry.source(() => [
      ...processFamilies(),
      ...this.runtime.families(),
      ...this.db.families(),
      ...ruleFamilies(this.rules),
    ]);
    serverMetrics(this.registry, {
      version: spokenVersion(settings.version),
      isReady: () => this.state === 'ready',
    });
    this.http = this.makeServer();
    addWebRoutes(this.http.router, settings);
    if (settings.ownConfig) addHostRoute(this.http.router, logger);
    this.ready = this.becomeReady();
  }

  /** Listens, and begins to scrape. Resolves with the addresses, rejects with InputError where one is not to be had. */
  async start(): Promise<AddressInfo[]> {
    const addresses: AddressInfo[] = [];
    for (const { host, port } of this.settings.listen) {
      try {
        addresses.push(await this.http.listen(port, host === '' ? undefined : host));
      } catch (error) {
        throw cannotListen(`${host}:${port}`, error as NodeJS.ErrnoException);
      }
    }
    if (this.settings.roles.scrape) this.scrapes.apply(this.current.config.scrapeConfigs);
    this.alerting.apply(this.current.config, this.current.externalLabels);
    const { autoReloadMs: intervalMs, configFile } = this.settings;
    if (intervalMs > 0) {
      const { clock } = this.host;
      const watch = {
        clock,
        intervalMs,
        configFile,
        current: () => this.current,
        reload: () => this.reload(),
      };
      void autoReload(watch, this.stopping.signal);
    }
    return addresses;
  }

  /** Reads the configuration again. Rejects, and goes on with the one before, where it is no good. */
  reload(): Promise<void> {
    const done = this.reloading.then(() => this.exchange());
    this.reloading = done.catch(() => {});
    return done;
  }

  /** Brings everything to its end: what is being answered, evaluated and sent, for as long as the settings allow. */
  async stop(): Promise<void> {
    if (this.state === 'stopping') return;
    this.state = 'stopping';
    const { shutdownMs, drainNotifications } = this.settings;
    this.notifications.add(STOPPING);
    this.stopping.abort();
    await this.reloading;
    await Promise.all([
      this.scrapes.stop(),
      this.rules.stop().then(() => this.alerting.stop(drainNotifications ? shutdownMs : 0)),
      this.http.close(shutdownMs),
    ]);
    await this.maintenance;
    this.runtime.close();
    await this.runner.close();
    await this.queryLog.close();
    await this.db.close();
  }

  private async becomeReady(): Promise<boolean> {
    const { signal } = this.stopping;
    try {
      await this.db.ready;
    } catch (error) {
      // Who stops the server ends the reading of the log.
      if (signal.aborted) return false;
      throw error;
    }
    if (signal.aborted) return false;
    await this.loadRules(this.current);
    this.state = 'ready';
    this.notifications.remove(STARTING);
    if (this.settings.roles.rules) this.rules.start();
    this.maintenance = this.db.run(signal);
    return true;
  }

  private async exchange(): Promise<void> {
    const { logger } = this.host;
    try {
      const next = this.readConfiguration();
      const queryLog = QueryLogFile.open(next.config.global.queryLogFile);
      try {
        if (this.state === 'ready') await this.loadRules(next);
      } catch (error) {
        queryLog?.close();
        throw error;
      }
      this.queryLog.use(queryLog);
      this.db.setLimits(limitsOf(this.settings, next.config));
      this.current = next;
      if (this.settings.roles.scrape) this.scrapes.apply(next.config.scrapeConfigs);
      this.alerting.apply(next.config, next.externalLabels);
    } catch (error) {
      this.reloads.failed();
      this.notifications.add(RELOAD_FAILED);
      logger.error('Error reloading config, the one before stays', { err: (error as Error).message });
      throw error;
    }
    this.reloads.succeeded();
    this.notifications.remove(RELOAD_FAILED);
    logger.info('Completed loading of configuration file', { filename: this.settings.configFile });
  }

  private async loadRules({ ruleFiles, config, externalLabels }: Configuration): Promise<void> {
    await this.rules.load(ruleFiles, {
      intervalMs: config.global.evaluationIntervalMs,
      queryOffsetMs: config.global.ruleQueryOffsetMs,
      externalLabels,
      externalUrl: this.settings.externalUrl.href.replace(/\/$/, ''),
    });
  }

  private readConfiguration(): Configuration {
    const { configFile, engine, env, expandEnv, configOn: on } = this.settings;
    const read = readConfiguration(configFile, engine.parser, { env, expandEnv, on });
    const notices = [...read.warnings.map(({ message }) => message), ...unheededSettings(read.config)];
    for (const notice of notices) this.host.logger.warn(notice, { component: 'config' });
    return read;
  }

  private otlpReceiver(): OtlpReceiver {
    const { settings, db } = this;
    const { lookbackMs, typeAndUnitLabels = false } = settings.engine;
    return {
      appender: () => db.appender(),
      settings: () => ({
        config: this.current.config.otlp,
        lookbackMs,
        typeAndUnitLabels,
        nativeDelta: settings.otlpNativeDelta,
        createdAsStart: settings.createdAsStart,
      }),
    };
  }

  private makeServer(): PrometheusServer {
    const { settings, db, registry } = this;
    const { clock, logger, security } = this.host;
    return new PrometheusServer(
      {
        source: () => db.reader(),
        appender: settings.remoteWriteReceiver ? () => db.appender() : undefined,
        acceptedWrites: settings.acceptedWrites,
        otlp: settings.otlpReceiver ? this.otlpReceiver() : undefined,
        runner: this.runner,
        journal: this.journal,
        targets: targetsView(this.scrapes, globalUrlFor(this.settings.externalUrl, settings.listen[0].port)),
        rules: rulesView(this.rules),
        alertmanagers: this.alerting.view(),
        status: statusView({
          settings,
          db,
          startedAt: clock.now(),
          yaml: () => this.current.yaml,
          lastReload: () => this.reloads,
          retention: () => retentionOf(settings, this.current.config),
          now: () => clock.now(),
        }),
        notifications: this.notifications,
        lifecycle: { reload: () => this.reload(), quit: this.quit },
        admin: settings.admin ? adminView(db, clock) : undefined,
        externalLabels: () => this.current.externalLabels,
        state: () => this.state,
      },
      {
        ...DEFAULT_SERVER_LIMITS,
        clock,
        registry,
        logger,
        security,
        parser: settings.engine.parser,
        lookbackMs: settings.engine.lookbackMs,
        queryTimeoutMs: settings.engine.timeoutMs,
        queryMaxConcurrency: settings.queryMaxConcurrency,
        maxConnections: settings.maxConnections,
        readTimeoutMs: settings.readTimeoutMs,
        routePrefix: settings.routePrefix,
        corsOrigin: settings.corsOrigin,
        enableLifecycle: settings.lifecycle,
        enableSearch: settings.enableSearch,
        remoteReadSampleLimit: settings.remoteReadSampleLimit,
        remoteReadConcurrency: settings.remoteReadConcurrency,
      },
    );
  }
}

function cannotListen(address: string, { code, message }: NodeJS.ErrnoException): InputError {
  const reason = code === 'EADDRINUSE' ? 'somebody else listens there' : message;
  return new InputError('listen', `cannot listen on ${address}: ${reason}`);
}
