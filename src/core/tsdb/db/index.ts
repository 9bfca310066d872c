export { Database, type DatabaseOptions, type DatabaseStats } from './database.ts';
export { DatabaseReader } from './reader.ts';
export { expiredBlocks, type Retention } from './retention.ts';
export { inlineTasks, startTask, type TaskKind, type TaskRunner, type TaskTypes } from './tasks.ts';
