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
  let seen = look(configFile, current());
  while (!signal.aborted) {
    await clock.sleep(intervalMs, signal).catch(() => {});
    if (signal.aborted) return;
    const now = look(configFile, current());
    if (now.size === seen.size && [...now].every(([file, digest]) => seen.get(file) === digest)) continue;
    // One that was refused is tried again when it changes, not at every look.
    await reload().catch(() => {});
    // What is in effect may name other files than before. Of the others counts what was seen before it was read: one that
    // changed since is for the next look.
    seen = new Map([...look(configFile, current())].map(([file, digest]) => [file, now.get(file) ?? digest]));
  }
}

/** The files of the configuration, and what is in them now. */
function look(configFile: string, { config }: Configuration): Map<string, string> {
  const named = [...config.ruleFiles, ...config.scrapeConfigFiles].flatMap(filesMatching);
  return new Map([configFile, ...named].map((file) => [file, digestOf(file)]));
}

function digestOf(file: string): string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  } catch {
    // Gone for the moment, or for good: different from what was there.
    return '';
  }
}
