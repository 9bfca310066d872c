/** The task worker as a file that Node can run. */
import { join } from 'node:path';
import { buildSync } from 'esbuild';

/** Bundles src/core/tsdb/db/task-worker.ts into `dir`; returns its path. */
export function buildTaskWorker(dir: string): string {
  const outfile = join(dir, 'task-worker.cjs');
  buildSync({
    entryPoints: [join(import.meta.dirname, '../../../../src/core/tsdb/db/task-worker.ts')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    outfile,
    logLevel: 'warning',
  });
  return outfile;
}
