/**
 * Where the tests find what is not ours and not in this repository: the real programs, and upstream's test data.
 * Either may be absent on a contributor's machine, and then the tests that need it are skipped by name; in CI
 * (CI=true) absence is a failure, because there they must run.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, type SuiteFactory } from 'vitest';

const shared = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'shared');

let programs: string | undefined | null = null;

/** The path of a real program (`prometheus`, `promtool`, …), or undefined where the peers are not at hand. */
export function peer(name: string): string | undefined {
  if (programs === null) programs = findPrograms();
  const path = programs && join(programs, name);
  return path && existsSync(path) ? path : undefined;
}

/** A folder of upstream's test data (`textparse`, `openmetrics`, …), or undefined where it is not at hand. */
export function conformanceDir(name: string): string | undefined {
  const path = join(shared, 'conformance', name);
  return existsSync(path) ? path : undefined;
}

/** A folder of files that people run (`rules`, `dashboards`). */
export function realworldDir(name: string): string | undefined {
  const path = join(shared, 'realworld', name);
  return existsSync(path) ? path : undefined;
}

/**
 * A suite that needs the named things (results of the functions above). Where one is absent the suite is skipped
 * with the reason in its name, or, in CI, fails.
 */
export function describeWith(
  title: string,
  needs: Record<string, string | undefined>,
  suite: SuiteFactory<object>,
): void {
  const absent = Object.keys(needs).filter((name) => needs[name] === undefined);
  if (absent.length === 0) describe(title, suite);
  else if (process.env['CI'] === 'true')
    throw new Error(`${title}: needs ${absent.join(', ')}, and CI must have it`);
  else describe.skip(`${title} (skipped: ${absent.join(', ')} not found)`, suite);
}

function findPrograms(): string | undefined {
  const given = process.env['TSMON_PEERS'];
  if (given) return given;
  const unpack = join(shared, 'tools', 'peers');
  if (!existsSync(unpack)) return undefined;
  try {
    return execFileSync(unpack, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}
