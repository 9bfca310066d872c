/**
 * Reads prometheus.yml as a whole: the file, those that `scrape_config_files` names, defaults and inheritance. All
 * faults are told at once, each with its place.
 */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { InputError } from '../errors.ts';
import { NATIVE_HISTOGRAM_SCRAPE_PROTOCOLS } from '../exposition/negotiation.ts';
import { goQuote } from '../model/quote.ts';
import { YamlDocument } from '../yaml/index.ts';
import type { Config } from './config.ts';
import { expand } from './expand.ts';
import { filesMatching } from './glob.ts';
import { type Origins, Reader } from './reader.ts';
import { completeGlobal, completeRuntime } from './sections/global.ts';
import { checkNames } from './sections/remote.ts';
import { included, root } from './sections/root.ts';
import { inheritGlobal } from './sections/scrape.ts';

export interface LoadOptions {
  /** For `$NAME` in external labels. Default: no variable is set. */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Expand variables in every text, not only where Prometheus does. */
  expandEnv?: boolean | undefined;
  /** Refuse what an agent, which only forwards, has no use for. */
  agent?: boolean | undefined;
  /** Leave out the files that `scrape_config_files` names. */
  syntaxOnly?: boolean | undefined;
  /**
   * Settings of `global` that are on where the file does not say otherwise, by their keys; `scrape_protocols` are on
   * when protobuf comes first.
   */
  on?: readonly GlobalSwitch[] | undefined;
}

export type GlobalSwitch = 'scrape_native_histograms' | 'extra_scrape_metrics' | 'scrape_protocols';

export interface LoadedConfig {
  config: Config;
  /** Where each value comes from, by key path. */
  origins: Origins;
  warnings: InputError[];
}

/** Everything that is wrong with a configuration; its message is the first fault's. */
export class ConfigError extends InputError {
  readonly errors: readonly InputError[];

  constructor(errors: readonly InputError[]) {
    super('bad_config', errors[0].reason, errors[0].place);
    this.name = 'ConfigError';
    this.errors = errors;
  }
}

/** Reads a file. Throws ConfigError, or what reading a file throws. */
export function loadConfig(path: string, options: LoadOptions = {}): LoadedConfig {
  return parseConfig(readFileSync(path, 'utf8'), { ...options, file: path });
}

/** As `loadConfig`, for a text. `file` is what messages call it; names of files are relative to its folder. */
export function parseConfig(
  text: string,
  { file = 'prometheus.yml', ...options }: LoadOptions & { file?: string },
): LoadedConfig {
  const origins: Origins = new Map();
  const env = options.expandEnv ? (options.env ?? {}) : undefined;
  const reader = new Reader(new YamlDocument(text, file), dirname(file), origins, env);
  if (reader.document.failed) throw new ConfigError(reader.errors());
  const { document } = reader;
  const config = document.isNull(document.root) ? root.initial() : root.read(reader, document.root!, '');
  complete(config, reader, options);
  const readers = [reader];
  config.includedJobs = 0;
  if (!options.syntaxOnly) readers.push(...include(config, reader, options));
  const errors = readers.flatMap((each) => each.errors());
  if (errors.length > 0) throw new ConfigError(errors);
  return { config, origins, warnings: readers.flatMap(({ warnings }) => warnings) };
}

function complete(config: Config, reader: Reader, options: LoadOptions): void {
  const { env = {}, agent } = options;
  const sound = reader.faultCount === 0;
  switchOn(config, reader, options.on ?? []);
  completeGlobal(config.global, sound && !hasGlobal(reader));
  completeRuntime(config.runtime, env['GOGC']);
  if (!options.expandEnv) expandLabels(config, reader, env);
  const jobs = new Map<string, string>();
  for (const [i, job] of config.scrapeConfigs.entries()) {
    const path = `scrape_configs[${i}]`;
    if (sound) inheritGlobal(job, config.global, inheritance(reader), path);
    checkJobName(jobs, job.jobName, reader, path);
  }
  checkNames('write', config.remoteWrite, (i, message) => reader.faultAt(`remote_write[${i}].name`, message));
  checkNames('read', config.remoteRead, (i, message) => reader.faultAt(`remote_read[${i}].name`, message));
  const strategy = config.otlp.translationStrategy;
  if (/^No/.test(strategy) && config.global.metricNameValidationScheme === 'legacy') {
    reader.faultAt(
      'otlp.translation_strategy',
      `OTLP translation strategy ${goQuote(strategy)} is not allowed when UTF8 is disabled`,
    );
  }
  if (agent) checkAgent(config, reader);
}

function switchOn({ global }: Config, { origins }: Reader, on: readonly GlobalSwitch[]): void {
  const asked = (key: GlobalSwitch) => on.includes(key) && !origins.has(`global.${key}`);
  if (asked('scrape_native_histograms')) global.scrapeNativeHistograms = true;
  if (asked('extra_scrape_metrics')) global.extraScrapeMetrics = true;
  if (asked('scrape_protocols')) global.scrapeProtocols = NATIVE_HISTOGRAM_SCRAPE_PROTOCOLS;
}

/** An empty section is none. */
function hasGlobal({ document }: Reader): boolean {
  const pairs = document.isNull(document.root) ? [] : (document.pairs(document.root, 'config.plain') ?? []);
  return pairs.some(({ key, value }) => key === 'global' && !document.isNull(value));
}

function inheritance(reader: Reader) {
  return {
    origins: reader.origins,
    faultAt: (path: string, message: string) => reader.faultAt(path, message),
  };
}

function checkJobName(seen: Map<string, string>, name: string, reader: Reader, path: string): void {
  const before = seen.get(name);
  if (name === '') return;
  if (before !== undefined) {
    const where = before === reader.document.file ? '' : `, first found in ${before}`;
    reader.faultAt(
      `${path}.job_name`,
      `found multiple scrape configs with job name ${goQuote(name)}${where}`,
    );
  } else seen.set(name, reader.document.file);
}

function checkAgent(config: Config, reader: Reader): void {
  const { alertmanagers, alertRelabelConfigs } = config.alerting;
  if (alertmanagers.length + alertRelabelConfigs.length > 0)
    reader.faultAt('alerting', 'field alerting is not allowed in agent mode');
  if (config.ruleFiles.length > 0)
    reader.faultAt('rule_files', 'field rule_files is not allowed in agent mode');
  if (config.remoteRead.length > 0)
    reader.faultAt('remote_read', 'field remote_read is not allowed in agent mode');
}

function expandLabels(
  config: Config,
  reader: Reader,
  env: Readonly<Record<string, string | undefined>>,
): void {
  const labels: Record<string, string> = {};
  for (const [name, value] of Object.entries(config.global.externalLabels)) {
    const { text, unset } = expand(value, env);
    labels[name] = text;
    for (const variable of unset)
      reader.warnAt(`global.external_labels.${name}`, `the environment variable ${variable} is empty`);
  }
  config.global.externalLabels = labels;
}

/** Appends the jobs of other files to those of the file itself. */
function include(config: Config, main: Reader, options: LoadOptions): Reader[] {
  const readers: Reader[] = [];
  const jobs = [...config.scrapeConfigs];
  const own = jobs.length;
  const names = new Map(jobs.map(({ jobName }) => [jobName, main.document.file]));
  for (const file of config.scrapeConfigFiles.flatMap(filesMatching)) {
    const document = new YamlDocument(readFileSync(file, 'utf8'), file);
    const reader = new Reader(
      document,
      dirname(file),
      new Map(),
      options.expandEnv ? options.env : undefined,
    );
    readers.push(reader);
    if (document.failed || document.isNull(document.root)) continue;
    reader.nameScheme = config.global.metricNameValidationScheme;
    for (const [i, job] of included.read(reader, document.root!, '').scrapeConfigs.entries()) {
      const path = `scrape_configs[${i}]`;
      if (reader.faultCount === 0 && main.faultCount === 0)
        inheritGlobal(job, config.global, { ...inheritance(reader), origins: reader.origins }, path);
      checkJobName(names, job.jobName, reader, path);
      for (const [at, origin] of reader.origins) {
        if (at.startsWith(path))
          main.origins.set(`scrape_configs[${jobs.length}]${at.slice(path.length)}`, origin);
      }
      jobs.push(job);
    }
  }
  config.scrapeConfigs = jobs;
  config.includedJobs = jobs.length - own;
  return readers;
}
