/** What promtool looks at in a configuration beyond its syntax: the files that it names, and its fixed targets. */
import { existsSync, readFileSync } from 'node:fs';
import { type Config, filesMatching } from '../core/config/index.ts';
import { parseTargetGroups, staticGroups, type TargetGroup } from '../core/discovery/index.ts';
import { InputError } from '../core/errors.ts';
import { formatDuration } from '../core/model/duration.ts';
import type { ScrapeConfig } from '../core/scrape/index.ts';
import { targetsOfGroup } from '../core/scrape/pool-target.ts';
import { parse } from '../core/yaml/index.ts';
import { RULE_LINTS } from './promtool-rules.ts';

export const CONFIG_LINTS = [...RULE_LINTS, 'too-long-scrape-interval'];

/** The finding of the lint too-long-scrape-interval, where there is one; the server looks back for `lookbackMs`. */
export function tooLongInterval({ scrapeConfigs }: Config, lookbackMs: number): string | undefined {
  const job = scrapeConfigs.find(({ scrapeIntervalMs }) => scrapeIntervalMs > lookbackMs);
  if (job === undefined) return undefined;
  return `too long scrape interval found, data point will be marked as stale - job: ${job.jobName}, interval: ${formatDuration(job.scrapeIntervalMs)}`;
}

/** The rule files that there are. Throws InputError for the first fault, in promtool's words. */
export function checkConfigFiles(config: Config, warn: (line: string) => void): string[] {
  const rules = config.ruleFiles.flatMap((pattern) => {
    const found = filesMatching(pattern);
    if (found.length === 0 && !pattern.includes('*'))
      throw fault(`"${pattern}" does not point to an existing file`);
    return found;
  });
  for (const job of config.scrapeConfigs) checkJob(job, warn);
  checkClientFiles(config);
  return rules;
}

/** What each setting of an HTTP client names, for the message. */
const CLIENT_FILES: Readonly<Record<string, string>> = {
  credentialsFile: 'authorization credentials or bearer token file',
  certFile: 'client cert file',
  keyFile: 'client key file',
};

/** Looks for files that clients are to prove themselves with, wherever in `section` they are named. */
function checkClientFiles(section: unknown): void {
  if (typeof section !== 'object' || section === null) return;
  for (const [name, value] of Object.entries(section)) {
    if (typeof value !== 'string') checkClientFiles(value);
    else if (name in CLIENT_FILES && value !== '' && !existsSync(value))
      throw fault(
        `error checking ${CLIENT_FILES[name]} "${value}": stat ${value}: no such file or directory`,
      );
  }
}

function checkJob(job: ScrapeConfig, warn: (line: string) => void): void {
  checkClientFiles(job.http);
  for (const discovery of job.discovery) {
    if (discovery.mechanism === 'static') checkTargets(staticGroups(discovery), job, true);
    if (discovery.mechanism !== 'file') continue;
    for (const pattern of discovery.files) {
      const files = filesMatching(pattern);
      if (files.length === 0 && !pattern.includes('*'))
        warn(`  WARNING: file "${pattern}" for file_sd in scrape job "${job.jobName}" does not exist`);
      for (const file of files) checkTargets(groupsOf(file), job, false);
    }
  }
}

function groupsOf(file: string): TargetGroup[] {
  try {
    const text = readFileSync(file, 'utf8');
    const document = file.endsWith('.json') ? JSON.parse(text) : parse(text, { schema: 'failsafe' });
    return parseTargetGroups(document, file);
  } catch (error) {
    throw fault(`checking SD file "${file}": ${(error as Error).message}`);
  }
}

/** `numbered`: groups of a file have no number in promtool's messages. */
function checkTargets(groups: readonly TargetGroup[], job: ScrapeConfig, numbered: boolean): void {
  for (const [g, group] of groups.entries()) {
    for (const [i, outcome] of targetsOfGroup(group, job).entries()) {
      if (outcome.kind === 'faulty')
        throw fault(`instance ${i} in group ${numbered ? g : ''}: ${outcome.reason}`);
    }
  }
}

function fault(reason: string): InputError {
  return new InputError('bad_config', reason);
}
