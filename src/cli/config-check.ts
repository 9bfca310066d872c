/** What `promtool check config` looks at beyond the file itself: the files it names, its targets, its rules. */
import { existsSync, readFileSync } from 'node:fs';
import { type Config, ConfigError, filesMatching, loadConfig, loadWebConfig } from '../core/config/index.ts';
import type { DiscoveryConfig } from '../core/discovery/sd-config.ts';
import { addressLabels, parseTargetGroups, type TargetGroup } from '../core/discovery/target-group.ts';
import { InputError, type Place } from '../core/errors.ts';
import type { HttpClientConfig } from '../core/http/http-config.ts';
import { formatDuration } from '../core/model/duration.ts';
import { goQuote, LabelsBuilder, labelsFromObject } from '../core/model/index.ts';
import type { AlertmanagerConfig } from '../core/notifier/alertmanager-config.ts';
import type { ParserOptions } from '../core/promql/parser/index.ts';
import { relabel } from '../core/relabel/index.ts';
import { duplicateRules, parseRuleFile } from '../core/rules/index.ts';
import { targetsOfGroup } from '../core/scrape/pool-target.ts';
import type { ScrapeConfig } from '../core/scrape/scrape-config.ts';
import { parse as parseYaml } from '../core/yaml/index.ts';
import type { CheckedRules } from './rule-report.ts';

export interface CheckOptions {
  /** Look at the file alone. */
  syntaxOnly: boolean;
  agent: boolean;
  lints: ReadonlySet<Lint>;
  lookbackMs: number;
  ignoreUnknownFields: boolean;
  parser: ParserOptions;
  env: Readonly<Record<string, string | undefined>>;
  expandEnv: boolean;
}

export type Lint = 'duplicate-rules' | 'too-long-scrape-interval';

export const LINTS: readonly Lint[] = ['duplicate-rules', 'too-long-scrape-interval'];

export interface CheckedConfig {
  file: string;
  /** What the file is. */
  kind: 'prometheus config' | 'web config';
  errors: readonly InputError[];
  warnings: readonly InputError[];
  /** Findings of lints on the configuration itself. */
  lints: readonly InputError[];
  ruleFiles: readonly CheckedRules[];
}

export function checkConfig(file: string, options: CheckOptions): CheckedConfig {
  let loaded: ReturnType<typeof loadConfig>;
  try {
    const { agent, syntaxOnly, env, expandEnv } = options;
    loaded = loadConfig(file, { agent, syntaxOnly, env, expandEnv });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return faulty(file, 'prometheus config', error);
  }
  const { config, origins } = loaded;
  const findings = new Findings(file, (path) => {
    const origin = origins.get(path);
    return origin?.kind === 'file' ? origin.place : { file };
  });
  findings.warnings.push(...loaded.warnings);
  const ruleFiles = options.syntaxOnly ? [] : existingRuleFiles(config, findings);
  for (const [i, job] of config.scrapeConfigs.entries())
    checkJob(job, `scrape_configs[${i}]`, options, findings);
  for (const [i, manager] of config.alerting.alertmanagers.entries()) {
    const { discovery } = manager;
    checkAlertmanagers(manager, `alerting.alertmanagers[${i}]`, findings);
    checkFiles(discovery, `alerting.alertmanagers[${i}]`, 'alertmanager config', options, findings);
  }
  return {
    file,
    kind: 'prometheus config',
    errors: findings.errors,
    warnings: findings.warnings,
    lints: findings.lints,
    ruleFiles: findings.errors.length > 0 ? [] : ruleFiles.map((path) => checkRules(path, options)),
  };
}

export function checkWebConfig(file: string): CheckedConfig {
  try {
    const { tls } = loadWebConfig(file);
    const missing = [tls?.certFile, tls?.keyFile, tls?.clientCaFile].filter(
      (name) => name && !existsSync(name),
    );
    const errors = missing.map(
      (name) =>
        new InputError('bad_config', `${JSON.stringify(name)} does not point to an existing file`, { file }),
    );
    return { file, kind: 'web config', errors, warnings: [], lints: [], ruleFiles: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return faulty(file, 'web config', error);
  }
}

function faulty(file: string, kind: CheckedConfig['kind'], { errors }: ConfigError): CheckedConfig {
  return { file, kind, errors, warnings: [], lints: [], ruleFiles: [] };
}

/** Anything but lints. */
export function isFaulty({ errors, ruleFiles }: CheckedConfig): boolean {
  return errors.length > 0 || ruleFiles.some((rules) => rules.errors.length > 0);
}

export function hasLints({ lints, ruleFiles }: CheckedConfig): boolean {
  return lints.length > 0 || ruleFiles.some(({ duplicates }) => duplicates.length > 0);
}

class Findings {
  readonly errors: InputError[] = [];
  readonly warnings: InputError[] = [];
  readonly lints: InputError[] = [];
  private readonly file: string;
  private readonly placeOf: (path: string) => Place;

  constructor(file: string, placeOf: (path: string) => Place) {
    this.file = file;
    this.placeOf = placeOf;
  }

  error(path: string, reason: string): void {
    this.errors.push(new InputError('bad_config', reason, this.place(path)));
  }

  warn(path: string, reason: string): void {
    this.warnings.push(new InputError('config_warning', reason, this.place(path)));
  }

  lint(path: string, reason: string): void {
    this.lints.push(new InputError('config_lint', reason, this.place(path)));
  }

  private place(path: string): Place {
    return { file: this.file, ...this.placeOf(path) };
  }
}

function existingRuleFiles(config: Config, findings: Findings): string[] {
  return config.ruleFiles.flatMap((pattern, i) => {
    const found = filesMatching(pattern);
    if (found.length === 0 && !pattern.includes('*'))
      findings.error(`rule_files[${i}]`, `${JSON.stringify(pattern)} does not point to an existing file`);
    return found;
  });
}

/** Rules may make addresses of URLs; what they leave must be one. */
function checkAlertmanagers(
  { discovery, relabelConfigs }: AlertmanagerConfig,
  path: string,
  findings: Findings,
): void {
  for (const config of discovery) {
    if (config.mechanism !== 'static') continue;
    for (const [i, { targets, labels }] of staticGroups(config).entries()) {
      for (const [j, target] of targets.entries()) {
        const address = relabel(
          new LabelsBuilder(labels).set('__address__', target.get('__address__')).labels(),
          relabelConfigs,
        )?.get('__address__');
        if (address?.includes('/'))
          findings.error(
            `${path}.static_configs[${i}].targets[${j}]`,
            `${goQuote(address)} is not a valid hostname`,
          );
      }
    }
  }
}

function checkJob(job: ScrapeConfig, path: string, options: CheckOptions, findings: Findings): void {
  if (!options.syntaxOnly) checkHttpFiles(job.http, path, findings);
  checkTlsPair(job.http, path, findings);
  checkFiles(job.discovery, path, `scrape job ${JSON.stringify(job.jobName)}`, options, findings, job);
  for (const config of job.discovery) {
    if (config.mechanism === 'static')
      checkTargets(staticGroups(config), job, `${path}.static_configs`, findings);
    else if (config.mechanism === 'kubernetes') {
      const at = `${path}.kubernetes_sd_configs`;
      if (!options.syntaxOnly) checkTlsFiles(config.http, at, findings);
      checkTlsPair(config.http, at, findings);
    }
  }
  if (options.lints.has('too-long-scrape-interval') && job.scrapeIntervalMs >= options.lookbackMs) {
    findings.lint(
      `${path}.scrape_interval`,
      `too long scrape interval found, data point will be marked as stale - job: ${job.jobName}, interval: ${formatDuration(job.scrapeIntervalMs)}`,
    );
  }
}

function checkHttpFiles(http: HttpClientConfig, path: string, findings: Findings): void {
  const credentials = http.authorization?.credentialsFile ?? '';
  if (credentials !== '' && !existsSync(credentials)) {
    findings.error(
      `${path}.authorization`,
      `error checking authorization credentials or bearer token file ${JSON.stringify(credentials)}: no such file`,
    );
  }
  checkTlsFiles(http, path, findings);
  const others = [
    ['basic_auth.username_file', http.basicAuth?.usernameFile],
    ['basic_auth.password_file', http.basicAuth?.passwordFile],
    ['oauth2.client_secret_file', http.oauth2?.clientSecretFile],
    ['tls_config.ca_file', http.tlsConfig.caFile],
  ] as const;
  for (const [key, file] of others) {
    if (file && !existsSync(file))
      findings.warn(`${path}.${key}`, `file ${JSON.stringify(file)} for ${key} does not exist`);
  }
}

/** A file needs the other one; a certificate or a key in the configuration itself does not count. */
function checkTlsPair(
  { tlsConfig: { certFile, keyFile } }: HttpClientConfig,
  path: string,
  findings: Findings,
): void {
  if (certFile !== '' && keyFile === '')
    findings.error(
      `${path}.tls_config.cert_file`,
      `client cert file ${JSON.stringify(certFile)} specified without client key file`,
    );
  if (keyFile !== '' && certFile === '')
    findings.error(
      `${path}.tls_config.key_file`,
      `client key file ${JSON.stringify(keyFile)} specified without client cert file`,
    );
}

function checkTlsFiles({ tlsConfig }: HttpClientConfig, path: string, findings: Findings): void {
  for (const [key, file] of [
    ['cert_file', tlsConfig.certFile],
    ['key_file', tlsConfig.keyFile],
  ] as const) {
    if (file !== '' && !existsSync(file)) {
      const what = key === 'cert_file' ? 'client cert' : 'client key';
      findings.error(
        `${path}.tls_config.${key}`,
        `error checking ${what} file ${JSON.stringify(file)}: no such file`,
      );
    }
  }
}

/** Files of `file_sd_configs`: that they are there, and, for a job, that they hold targets it can scrape. */
function checkFiles(
  discovery: readonly DiscoveryConfig[],
  path: string,
  whose: string,
  { syntaxOnly }: CheckOptions,
  findings: Findings,
  job?: ScrapeConfig,
): void {
  if (syntaxOnly) return;
  const configs = discovery.filter((config) => config.mechanism === 'file');
  for (const [i, { files }] of configs.entries()) {
    for (const [j, pattern] of files.entries()) {
      const at = `${path}.file_sd_configs[${i}].files[${j}]`;
      const found = filesMatching(pattern);
      if (found.length === 0)
        findings.warn(at, `file ${JSON.stringify(pattern)} for file_sd in ${whose} does not exist`);
      for (const file of found) checkTargetFile(file, job, at, findings);
    }
  }
}

function checkTargetFile(
  file: string,
  job: ScrapeConfig | undefined,
  path: string,
  findings: Findings,
): void {
  try {
    const groups = readTargetFile(file);
    if (job !== undefined) checkTargets(groups, job, path, findings);
  } catch (error) {
    findings.error(path, `checking SD file ${JSON.stringify(file)}: ${(error as Error).message}`);
  }
}

function checkTargets(
  groups: readonly TargetGroup[],
  job: ScrapeConfig,
  path: string,
  findings: Findings,
): void {
  for (const [i, group] of groups.entries()) {
    for (const [j, outcome] of targetsOfGroup(group, job).entries()) {
      if (outcome.kind === 'faulty') findings.error(path, `instance ${j} in group ${i}: ${outcome.reason}`);
    }
  }
}

/** The groups of a file in the format of `file_sd_configs`. */
export function readTargetFile(file: string): TargetGroup[] {
  const text = readFileSync(file, 'utf8');
  return parseTargetGroups(
    file.endsWith('.json') ? JSON.parse(text) : parseYaml(text, { schema: 'failsafe' }),
    file,
  );
}

export function staticGroups(config: Extract<DiscoveryConfig, { mechanism: 'static' }>): TargetGroup[] {
  return config.groups.map(({ targets, labels }, i) => ({
    source: String(i),
    targets: targets.map(addressLabels),
    labels: labelsFromObject(labels),
  }));
}

function checkRules(file: string, options: CheckOptions): CheckedRules {
  const { parser, ignoreUnknownFields, lints } = options;
  const read = parseRuleFile(readFileSync(file, 'utf8'), file, { parser, ignoreUnknownFields });
  const sound = read.errors.length === 0;
  return {
    file,
    rules: read.groups.reduce((sum, { rules }) => sum + rules.length, 0),
    errors: read.errors,
    duplicates: sound && lints.has('duplicate-rules') ? duplicateRules(read) : [],
  };
}
