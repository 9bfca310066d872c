/**
 * Reloads when the configuration has changed on disk (feature `auto-reload-config`): the file, the rule files and the
 * scrape configurations that it names, by their contents, so that a file that is only touched changes nothing.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Clock } from '../../clock.ts';
import { filesMatching } from '../../config/index.ts';
import type { Configuration } from './configuration.ts';

export interface AutoReloadOptions {
  clock: Clock;
  intervalMs: number;
  configFile: string;
  /** The configuration in effect. */
  current: () => Configuration;
  /** Tells of its own failures. */
  reload: () => Promise<void>;
}

/** Looks until the signal aborts. */
export async function autoReload(options: AutoReloadOptions, signal: AbortSignal): Promise<void> {
  const { clock, intervalMs, configFile, current, reload } = options;
  let seen = digest(configFile, current());
  while (!signal.aborted) {
    await clock.sleep(intervalMs, signal).catch(() => {});
    if (signal.aborted) return;
    const now = digest(configFile, current());
    if (now === seen) continue;
    // One that was refused is tried again when it changes, not at every look.
    await reload().catch(() => {});
    // What is in effect may name other files than before.
    seen = digest(configFile, current());
  }
}

function digest(configFile: string, { config }: Configuration): string {
  const hash = createHash('sha256');
  const named = [...config.ruleFiles, ...config.scrapeConfigFiles].flatMap(filesMatching);
  for (const file of [configFile, ...named]) {
    hash.update(`${file}\0`);
    try {
      hash.update(readFileSync(file));
    } catch {
      // Gone for the moment, or for good: different from what was there.
    }
  }
  return hash.digest('hex');
}
