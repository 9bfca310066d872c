/** What changes between two configurations: values, targets, rules, and where samples and alerts go. */
import { existsSync, readFileSync } from 'node:fs';
import { type Config, filesMatching, toYamlLines } from '../core/config/index.ts';
import type { DiscoveryConfig } from '../core/discovery/sd-config.ts';
import type { TargetGroup } from '../core/discovery/target-group.ts';
import { type ParserOptions, printExpr } from '../core/promql/parser/index.ts';
import { parseRuleFile, type RuleConfig } from '../core/rules/index.ts';
import { targetsOfGroup } from '../core/scrape/pool-target.ts';
import type { ScrapeConfig } from '../core/scrape/scrape-config.ts';
import { readTargetFile, staticGroups } from './config-check.ts';

/** A thing that is there before, after, or both and different. */
export interface Change {
  /** What changed: a key path, a job, a rule, a route. */
  what: string;
  before: string | undefined;
  after: string | undefined;
}

export interface ConfigChanges {
  values: Change[];
  targets: Change[];
  /** Jobs with targets that only the network knows. */
  undiscovered: string[];
  rules: Change[];
  /** Alertmanagers and remote storage. */
  routes: Change[];
}

export function configChanges(before: Config, after: Config, parser: ParserOptions): ConfigChanges {
  const jobs = [...before.scrapeConfigs, ...after.scrapeConfigs];
  return {
    values: changes(valuesOf(before, after), valuesOf(after, before)),
    targets: changes(targetsOf(before), targetsOf(after)),
    undiscovered: [...new Set(jobs.filter(needsNetwork).map(({ jobName }) => jobName))],
    rules: changes(rulesOf(before, parser), rulesOf(after, parser)),
    routes: changes(routesOf(before), routesOf(after)),
  };
}

export function isEmpty({ values, targets, rules, routes }: ConfigChanges): boolean {
  return values.length + targets.length + rules.length + routes.length === 0;
}

type Facts = ReadonlyMap<string, string>;

function changes(before: Facts, after: Facts): Change[] {
  const out: Change[] = [];
  for (const what of new Set([...before.keys(), ...after.keys()])) {
    const change = { what, before: before.get(what), after: after.get(what) };
    if (change.before !== change.after) out.push(change);
  }
  return out;
}

/** By key path, jobs by their name: one that moves in the file has not changed, and one that is new is one change. */
function valuesOf(config: Config, other: Config): Facts {
  const facts = new Map<string, string>();
  const others = new Set(other.scrapeConfigs.map(({ jobName }) => jobName));
  for (const { text, path, value } of toYamlLines(config, { included: true })) {
    if (!value) continue;
    const [index] = /(?<=^scrape_configs\[)\d+/.exec(path) ?? [];
    const job = index === undefined ? undefined : config.scrapeConfigs[Number(index)].jobName;
    if (job !== undefined && !others.has(job)) {
      facts.set(`scrape_configs[${job}]`, 'the whole job');
      continue;
    }
    const named = job === undefined ? path : path.replace(/\d+/, () => job);
    const flat = text.replace(/\n\s*/g, ' ').trim();
    facts.set(named, flat.replace(/^(?:- )*(?:[^\s:]+:(?: |$))?/, '') || flat);
  }
  return facts;
}

/** Each target that can be told without a network: its URL, and the labels that its series get. */
function targetsOf(config: Config): Facts {
  const facts = new Map<string, string>();
  for (const job of config.scrapeConfigs) {
    for (const group of job.discovery.flatMap(localGroups)) {
      for (const outcome of targetsOfGroup(group, job)) {
        if (outcome.kind !== 'active') continue;
        const { url, labels, intervalMs, timeoutMs } = outcome.target;
        const what = uniqueKey(facts, `${job.jobName} ${url}`);
        facts.set(what, `${labels} every ${intervalMs / 1000}s, timeout ${timeoutMs / 1000}s`);
      }
    }
  }
  return facts;
}

function uniqueKey(facts: Facts, key: string): string {
  let unique = key;
  for (let n = 2; facts.has(unique); n++) unique = `${key} (${n})`;
  return unique;
}

function localGroups(config: DiscoveryConfig): TargetGroup[] {
  if (config.mechanism === 'static') return staticGroups(config);
  return config.mechanism === 'file' ? config.files.flatMap(filesMatching).flatMap(readTargetFile) : [];
}

function needsNetwork({ discovery }: ScrapeConfig): boolean {
  return discovery.some(({ mechanism }) => mechanism !== 'static' && mechanism !== 'file');
}

/** Each rule by its group and name; a group's interval counts as part of its rules. */
function rulesOf(config: Config, parser: ParserOptions): Facts {
  const facts = new Map<string, string>();
  for (const file of config.ruleFiles.flatMap(filesMatching)) {
    if (!existsSync(file)) continue;
    for (const group of parseRuleFile(readFileSync(file, 'utf8'), file, { parser }).groups) {
      const interval = group.intervalMs ?? config.global.evaluationIntervalMs;
      for (const rule of group.rules) {
        facts.set(
          uniqueKey(facts, `${group.name}: ${rule.name}`),
          `${ruleText(rule)} every ${interval / 1000}s`,
        );
      }
    }
  }
  return facts;
}

function ruleText(rule: RuleConfig): string {
  const labels = rule.labels.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ');
  const text = `${printExpr(rule.parsed)} {${labels}}`;
  if (rule.kind === 'record') return text;
  const annotations = rule.annotations.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ');
  return `${text} for ${rule.forMs / 1000}s, keep firing for ${rule.keepFiringForMs / 1000}s, annotations {${annotations}}`;
}

function routesOf(config: Config): Facts {
  const facts = new Map<string, string>();
  for (const manager of config.alerting.alertmanagers) {
    for (const { targets } of manager.discovery.flatMap(localGroups)) {
      for (const target of targets) {
        const url = `${manager.scheme}://${target.get('__address__')}${manager.pathPrefix.replace(/\/$/, '')}`;
        facts.set(uniqueKey(facts, `alerts to ${url}`), `api ${manager.apiVersion}`);
      }
    }
  }
  for (const { url, name, writeRelabelConfigs } of config.remoteWrite)
    facts.set(
      uniqueKey(facts, `samples to ${shown(url)}`),
      `${name} (${writeRelabelConfigs.length} relabel rules)`,
    );
  for (const { url, name } of config.remoteRead)
    facts.set(uniqueKey(facts, `queries to ${shown(url)}`), name);
  return facts;
}

/** Without its password. */
function shown(url: string): string {
  return url.replace(/\/\/([^/@:]*):[^/@]*@/, '//$1:xxxxx@');
}
