/** Vitest's global set-up: the tests of commands run what users run, so it must be built from these sources. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './cli.ts';

export default function build(): void {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs'), '--if-stale'], {
    stdio: 'inherit',
  });
  // `npm test` has built before and stops there; whoever runs a single file may not need the commands at all.
  if (status !== 0) console.warn('the build failed: tests of commands run what was built last');
}
