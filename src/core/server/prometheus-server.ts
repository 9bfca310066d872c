/**
 * The HTTP side of `tsmon serve`, put together: every endpoint of Prometheus' server, over views of the parts behind it.
 * Who owns those parts decides what is ready when, and listens.
 */
import type { AddressInfo } from 'node:net';
import type { Clock } from '../clock.ts';
import type { Registry } from '../instrument/index.ts';
import type { Labels } from '../model/labels.ts';
import type { ParserOptions } from '../promql/parser/index.ts';
import { compileRegex } from '../regex/index.ts';
import type { Appender, Source } from '../source/source.ts';
import { addAdminRoutes } from './api/admin.ts';
import { addQueryRoutes } from './api/query.ts';
import { addRuleRoutes } from './api/rules.ts';
import { addSearchRoutes } from './api/search.ts';
import { addSeriesRoutes } from './api/series.ts';
import { addStatusRoutes } from './api/status.ts';
import { addTargetRoutes } from './api/targets.ts';
import { featuresOf } from './features.ts';
import { addFederateRoute } from './federate.ts';
import { HttpServer } from './http/http-server.ts';
import { Router } from './http/router.ts';
import { addLifecycleRoutes } from './lifecycle-routes.ts';
import type { Logger } from './logger.ts';
import { QueryGate } from './query-gate.ts';
import type { QueryJournal } from './query-journal.ts';
import type { QueryRunner } from './query-runner.ts';
import { addOtlpRoute, type OtlpReceiver } from './remote/otlp.ts';
import { addRemoteReadRoute } from './remote/read.ts';
import { addRemoteWriteRoute } from './remote/write.ts';
import type {
  AdminView,
  AlertmanagersView,
  LifecycleView,
  NotificationsView,
  RulesView,
  StatusView,
  TargetsView,
} from './views.ts';
import type { WebSecurity } from './web/web-security.ts';

export interface ServerParts {
  /** A source for one request, which closes it. */
  source: () => Source;
  /** Undefined where nothing can be written (`--web.enable-remote-write-receiver`). */
  appender: (() => Appender) | undefined;
  /** Messages of remote write that are taken, by their full names; undefined for all. */
  acceptedWrites?: readonly string[] | undefined;
  /** Undefined where it is not asked for (`--web.enable-otlp-receiver`). */
  otlp?: OtlpReceiver | undefined;
  runner: QueryRunner;
  journal: QueryJournal;
  targets: TargetsView;
  rules: RulesView;
  alertmanagers: AlertmanagersView;
  status: StatusView;
  notifications: NotificationsView;
  lifecycle: LifecycleView;
  /** Undefined where it is not allowed (`--web.enable-admin-api`). */
  admin: AdminView | undefined;
  /** Of the configuration in effect. */
  externalLabels: () => Labels;
  state: () => 'starting' | 'ready' | 'stopping';
}

export interface ServerSettings {
  clock: Clock;
  registry: Registry;
  logger: Logger;
  security: WebSecurity;
  parser: ParserOptions;
  lookbackMs: number;
  queryTimeoutMs: number;
  queryMaxConcurrency: number;
  maxConnections: number;
  readTimeoutMs: number;
  /** '' or '/prometheus'. */
  routePrefix: string;
  /** A regular expression for the whole origin. */
  corsOrigin: string;
  enableLifecycle: boolean;
  /** Upstream's feature `search-api`. */
  enableSearch: boolean;
  remoteReadSampleLimit: number;
  remoteReadConcurrency: number;
}

/** Prometheus' defaults. */
export const DEFAULT_SERVER_LIMITS = {
  lookbackMs: 5 * 60_000,
  queryTimeoutMs: 2 * 60_000,
  queryMaxConcurrency: 20,
  maxConnections: 512,
  readTimeoutMs: 5 * 60_000,
  routePrefix: '',
  corsOrigin: '.*',
  enableLifecycle: false,
  enableSearch: false,
  remoteReadSampleLimit: 50_000_000,
  remoteReadConcurrency: 10,
} as const;

export class PrometheusServer {
  /** For those who add pages of their own before `listen`. */
  readonly router: Router = new Router();
  private readonly http: HttpServer;

  constructor(parts: ServerParts, settings: ServerSettings) {
    this.addRoutes(parts, settings);
    this.http = new HttpServer({
      router: this.router,
      security: settings.security,
      registry: settings.registry,
      logger: settings.logger,
      maxConnections: settings.maxConnections,
      readTimeoutMs: settings.readTimeoutMs,
      routePrefix: settings.routePrefix,
      corsOrigin: compileRegex(settings.corsOrigin),
      state: parts.state,
    });
  }

  /** Resolves with where it listens; `port` 0 takes any. */
  listen(port: number, host?: string): Promise<AddressInfo> {
    return this.http.listen(port, host);
  }

  /** Answers what was asked, for at most `deadlineMs`, and takes nothing new. */
  close(deadlineMs: number): Promise<void> {
    return this.http.close(deadlineMs);
  }

  private addRoutes(parts: ServerParts, settings: ServerSettings): void {
    const { router } = this;
    const { source, runner, externalLabels } = parts;
    const { clock, registry, logger, parser, lookbackMs } = settings;
    const gate = new QueryGate(settings.queryMaxConcurrency, clock);
    gate.register(registry);
    addQueryRoutes(router, {
      runner,
      gate,
      journal: parts.journal,
      source,
      clock,
      parser,
      timeoutMs: settings.queryTimeoutMs,
    });
    addSeriesRoutes(router, source);
    if (settings.enableSearch) addSearchRoutes(router, source);
    addTargetRoutes(router, parts.targets, source);
    addRuleRoutes(router, parts.rules, parts.alertmanagers);
    const features = () =>
      featuresOf({
        parser,
        admin: parts.admin !== undefined,
        remoteWriteReceiver: parts.appender !== undefined,
        otlpReceiver: parts.otlp !== undefined,
        lifecycle: settings.enableLifecycle,
      });
    addStatusRoutes(router, parts.status, parts.notifications, features);
    addAdminRoutes(router, parts.admin);
    const reads = new QueryGate(settings.remoteReadConcurrency, clock);
    registry.reading(
      'gauge',
      'prometheus_remote_read_handler_queries',
      'The current number of remote read queries that are either in execution or queued on the handler.',
      () => reads.length,
    );
    addRemoteReadRoute(router, {
      source,
      gate: reads,
      waitMs: settings.queryTimeoutMs,
      sampleLimit: settings.remoteReadSampleLimit,
      externalLabels,
    });
    addRemoteWriteRoute(router, {
      appender: parts.appender,
      accepted: parts.acceptedWrites,
      registry,
      logger,
    });
    addOtlpRoute(router, { receiver: parts.otlp, logger });
    addFederateRoute(router, { source, clock, lookbackMs, externalLabels, registry });
    addLifecycleRoutes(router, {
      lifecycle: parts.lifecycle,
      enabled: settings.enableLifecycle,
      registry,
      buildInfo: () => parts.status.buildInfo(),
    });
  }
}
