/** The jobs of a prometheus.yml, for the commands that scrape them or list their targets. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Clock } from '../core/clock.ts';
import type { GlobalSwitch } from '../core/config/index.ts';
import type { DiscoveryResources } from '../core/discovery/index.ts';
import { InputError } from '../core/errors.ts';
import { openHttpClient } from '../core/http/configured-client.ts';
import {
  openJobs,
  type ScrapeConfig,
  ScrapeManager,
  ScrapeState,
  scrapeOnce,
  scrapeRepeatedly,
} from '../core/scrape/index.ts';
import { openJobClient } from '../core/scrape/job-client.ts';
import { nearestName } from '../core/spelling/index.ts';
import { DEFAULT_CONFIG } from './scrape-job-flags.ts';
import type { ScrapePrinter } from './scrape-printer.ts';

/** How long discovery may take, for what is done once. */
export const DISCOVERY_TIMEOUT_MS = 30_000;

/**
 * The jobs of a configuration, all of them or those named; `on` are settings of `global` that are on by default. Throws ConfigError,
 * InputError or the system's error.
 */
export async function loadJobs(
  file: string | undefined,
  names: readonly string[] | undefined,
  complain: (line: string) => void,
  on: readonly GlobalSwitch[] = [],
): Promise<ScrapeConfig[]> {
  const { ConfigError, loadConfig } = await import('../core/config/index.ts');
  const path = file ?? process.env['TSMON_CONFIG'] ?? DEFAULT_CONFIG;
  try {
    const { config, warnings } = loadConfig(path, { env: process.env, on });
    for (const warning of warnings) complain(warning.message);
    if (config.scrapeConfigs.length === 0)
      complain(`${path} has no scrape_configs: there is nothing to scrape`);
    return chosen(config.scrapeConfigs, names, path);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    // All of them, in their order.
    throw new InputError(error.code, error.errors.map(({ message }) => message).join('\nerror: '));
  }
}

function chosen(
  configs: readonly ScrapeConfig[],
  names: readonly string[] | undefined,
  path: string,
): ScrapeConfig[] {
  if (names === undefined) return [...configs];
  return names.map((name) => {
    const found = configs.find(({ jobName }) => jobName === name);
    if (found !== undefined) return found;
    const near = nearestName(
      name,
      configs.map(({ jobName }) => jobName),
    );
    const hint = near.length === 0 ? '' : ` (did you mean ${near.join(' or ')}?)`;
    throw new InputError('no_such_job', `there is no job "${name}"${hint}`, { file: path });
  });
}

export interface JobRun {
  clock: Clock;
  /** Of tsmon, for the User-Agent header. */
  version: string;
  /** `_created` samples are start timestamps of the others. */
  createdAsStart: boolean;
  printer: ScrapePrinter;
  complain: (line: string) => void;
  signal: AbortSignal;
}

/** What discovery uses of this process. */
export function discoveryResources(version: string): DiscoveryResources {
  return {
    openClient: (config) => openHttpClient(config, { userAgent: `tsmon/${version}`, env: process.env }),
    env: process.env,
  };
}

export interface OneRound {
  concurrency: number;
  /** The jobs that were named; undefined for all. */
  only: readonly string[] | undefined;
  /** Where a round leaves for the next one which series there were. */
  stateFile: string | undefined;
  /** So many scrapes of each target, as far apart as its job says. */
  count: number;
}

/** Scrapes every target that the jobs have now, once or several times. Returns whether all was found and up. */
export async function scrapeJobsOnce(
  configs: readonly ScrapeConfig[],
  { concurrency, only, stateFile, count }: OneRound,
  { clock, version, createdAsStart, printer, complain, signal }: JobRun,
): Promise<boolean> {
  const state = stateFile === undefined ? undefined : new ScrapeState(textOf(stateFile), stateFile);
  const open = await openJobs(configs, {
    clock,
    openClient: (config) => openJobClient(config, { userAgent: `tsmon/${version}`, env: process.env }),
    discovery: discoveryResources(version),
    timeoutMs: DISCOVERY_TIMEOUT_MS,
    createdAsStart,
  });
  try {
    for (const trouble of open.troubles) complain(trouble);
    state?.begin(open, only, clock, printer);
    const options = { clock, concurrency, signal };
    if (count === 1) await scrapeOnce(open.scrapers, options, printer);
    else
      await Promise.all(
        [...new Set(open.intervalsMs)].map((intervalMs) => {
          const scrapers = open.scrapers.filter((_, i) => open.intervalsMs[i] === intervalMs);
          return scrapeRepeatedly(scrapers, { ...options, intervalMs, count, align: false }, printer);
        }),
      );
    state?.finish(open);
    if (stateFile !== undefined) replaceFile(stateFile, String(state));
  } finally {
    open.close();
  }
  return open.troubles.length === 0 && !printer.failed;
}

/** '' where there is no such file yet. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** Not in pieces: a run that is cut off leaves what was there. */
function replaceFile(file: string, text: string): void {
  const made = `${file}.${process.pid}.tmp`;
  writeFileSync(made, text);
  renameSync(made, file);
}

/**
 * Scrapes the jobs, each at its own pace and with what discovery finds meanwhile, until the signal aborts. A SIGHUP has
 * `load` called again; where that fails, all stays as it is.
 */
export async function scrapeJobs(
  load: () => Promise<readonly ScrapeConfig[]>,
  { clock, version, createdAsStart, printer, complain, signal }: JobRun,
): Promise<void> {
  let fail = (_error: unknown) => {};
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  const manager = new ScrapeManager({
    clock,
    openClient: (config) => openJobClient(config, { userAgent: `tsmon/${version}`, env: process.env }),
    discovery: discoveryResources(version),
    createdAsStart,
    onTrouble: complain,
    store: {
      receive: (result) => {
        // Whatever ends the command, such as a closed pipe, must not be taken for a fault of the target.
        try {
          printer.result(result);
        } catch (error) {
          fail(error);
        }
      },
    },
  });
  const reload = () => {
    load().then(
      (configs) => manager.apply(configs),
      (error: unknown) => {
        if (!(error instanceof InputError) && !('code' in (error as object))) return fail(error);
        complain(`the configuration stays as it was: ${(error as Error).message}`);
      },
    );
  };
  manager.apply(await load());
  process.on('SIGHUP', reload);
  try {
    await Promise.race([failed, aborted(signal)]);
  } finally {
    process.off('SIGHUP', reload);
    await manager.stop();
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** The jobs with another interval, and no timeout that is longer. */
export function withInterval(configs: readonly ScrapeConfig[], intervalMs: number): ScrapeConfig[] {
  return configs.map((config) => ({
    ...config,
    scrapeIntervalMs: intervalMs,
    scrapeTimeoutMs: Math.min(config.scrapeTimeoutMs, intervalMs),
  }));
}
