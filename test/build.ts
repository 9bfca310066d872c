/** Vitest's global set-up: the tests of commands run what users run, so it must be built from these sources. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './cli.ts';

export default function build(): void {
  execFileSync(process.execPath, [join(root, 'scripts', 'build.mjs'), '--if-stale'], { stdio: 'inherit' });
}
