export type { HeadCardinality, NamedCount, ReplayProgress } from '../head/index.ts';
export { Database, type DatabaseLimits, type DatabaseOptions, type DatabaseStats } from './database.ts';
export type { DatabaseAppender } from './early-appender.ts';
export { DatabaseReader } from './reader.ts';
export { expiredBlocks, type Retention } from './retention.ts';
export {
  inlineTasks,
  startTask,
  type TaskKind,
  type TaskRunner,
  type TaskTypes,
  WORKER_ENDED,
} from './tasks.ts';
export { WorkerTasks } from './worker-tasks.ts';
