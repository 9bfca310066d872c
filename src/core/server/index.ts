/** The HTTP side of the daemon: Prometheus' API over views of the parts behind it. */
export type { Pieces } from './http/reply.ts';
export type { Handler, RouteOptions, Router } from './http/router.ts';
export { type LogFields, type Logger, silentLogger } from './logger.ts';
export { Notifications } from './notifications.ts';
export {
  DEFAULT_SERVER_LIMITS,
  PrometheusServer,
  type ServerParts,
  type ServerSettings,
} from './prometheus-server.ts';
export { type JournalEntry, QueryJournal, type QueryOrigin } from './query-journal.ts';
export { QueryLog, QueryLogFile } from './query-log.ts';
export {
  type Evaluated,
  evaluateTask,
  InlineRunner,
  type QueryRunner,
  type QueryTask,
  type QueryTimes,
} from './query-runner.ts';
export * from './views.ts';
export { PLAIN_WEB, WebSecurity, type WebSecurityOptions } from './web/web-security.ts';
export { WorkerRunner, type WorkerRunnerOptions } from './workers/worker-runner.ts';
