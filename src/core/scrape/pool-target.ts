/**
 * A target of a pool: what relabelling made of one that was discovered, as Prometheus makes it. Labels that begin with
 * two underscores say where and how often to scrape; the others go to every series.
 * See https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config
 */

import type { TargetGroup } from '../discovery/target-group.ts';
import { ADDRESS } from '../discovery/target-group.ts';
import { InputError } from '../errors.ts';
import {
  compareStrings,
  formatDuration,
  goQuote,
  isValidUtf8,
  type Labels,
  LabelsBuilder,
  parseDuration,
} from '../model/index.ts';
import { relabel } from '../relabel/index.ts';
import type { ScrapeConfig } from './scrape-config.ts';
import type { Origin, Target } from './target.ts';

const META_PREFIX = '__meta_';
const RESERVED_PREFIX = '__';
const PARAM_PREFIX = '__param_';
const SCHEME = '__scheme__';
const METRICS_PATH = '__metrics_path__';
const INTERVAL = '__scrape_interval__';
const TIMEOUT = '__scrape_timeout__';

/** In place of a URL that is none; never asked. */
const NOWHERE = new URL('http://unreachable.invalid/');

/** What relabelling may settle for one target, as 3.13 has it: by these labels, `true` or `false`. */
const HISTOGRAM_LABELS = {
  scrapeNativeHistograms: '__scrape_native_histograms__',
  alwaysScrapeClassicHistograms: '__always_scrape_classic_histograms__',
  convertClassicHistogramsToNhcb: '__convert_classic_histograms_to_nhcb__',
} as const;

export type HistogramSettings = Pick<ScrapeConfig, keyof typeof HISTOGRAM_LABELS>;

/** The part of a job that makes its targets. */
export type TargetSettings = Pick<
  ScrapeConfig,
  'jobName' | 'scrapeIntervalMs' | 'scrapeTimeoutMs' | 'metricsPath' | 'scheme' | 'params' | 'relabelConfigs'
>;

export interface PoolTarget extends Target {
  /** As found, with what the job adds, before relabelling. */
  discovered: Labels;
  url: string;
  intervalMs: number;
  timeoutMs: number;
  /** Why its URL leads nowhere: every scrape of it fails. */
  unreachable: InputError | undefined;
  /** Where relabelling wants it otherwise than the job. */
  histograms: Partial<HistogramSettings>;
  /** Two targets with equal keys are one: they have the same labels and URL. */
  key: string;
  /** What relabelling left, labels with two underscores included. */
  allLabels: Labels;
  origin: Extract<Origin, { kind: 'http' }>;
}

export type TargetOutcome =
  | { kind: 'active'; target: PoolTarget }
  | { kind: 'dropped'; discovered: Labels }
  /** It cannot be scraped; why not. */
  | { kind: 'faulty'; discovered: Labels; reason: string };

/** The labels of a discovered target as relabelling sees them first. */
export function discoveredLabels(target: Labels, group: Labels, settings: TargetSettings): Labels {
  const builder = new LabelsBuilder(target);
  const fill = (name: string, value: string) => {
    if (builder.get(name) === '') builder.set(name, value);
  };
  for (const [name, value] of group) if (!target.has(name)) builder.set(name, value);
  fill('job', settings.jobName);
  fill(INTERVAL, formatDuration(settings.scrapeIntervalMs));
  fill(TIMEOUT, formatDuration(settings.scrapeTimeoutMs));
  fill(METRICS_PATH, settings.metricsPath);
  fill(SCHEME, settings.scheme);
  for (const [name, values] of Object.entries(settings.params)) {
    if (values.length > 0) fill(PARAM_PREFIX + name, values[0]);
  }
  return builder.labels();
}

/** What becomes of every target of a group, in their order. */
export function targetsOfGroup(group: TargetGroup, settings: TargetSettings): TargetOutcome[] {
  return group.targets.map((target) =>
    targetFrom(discoveredLabels(target, group.labels, settings), settings),
  );
}

export function targetFrom(discovered: Labels, settings: TargetSettings): TargetOutcome {
  const relabelled = relabel(discovered, settings.relabelConfigs);
  if (relabelled === null) return { kind: 'dropped', discovered };
  try {
    return { kind: 'active', target: makeTarget(discovered, relabelled, settings) };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { kind: 'faulty', discovered, reason: error.reason };
  }
}

function makeTarget(discovered: Labels, relabelled: Labels, settings: TargetSettings): PoolTarget {
  const address = relabelled.get(ADDRESS);
  if (address === '') throw fault('no address');
  if (address.includes('/')) throw fault(`${goQuote(address)} is not a valid hostname`);
  const intervalMs = duration(relabelled, INTERVAL, 'scrape interval');
  const timeoutMs = duration(relabelled, TIMEOUT, 'scrape timeout');
  if (timeoutMs > intervalMs) {
    const both = `${goQuote(relabelled.get(TIMEOUT))} > ${goQuote(relabelled.get(INTERVAL))}`;
    throw fault(`scrape timeout cannot be greater than scrape interval (${both})`);
  }
  const all = withInstance(
    relabelled.filter((name) => !name.startsWith(META_PREFIX)),
    address,
  );
  for (const [name, value] of all) {
    if (!isValidUtf8(value)) throw fault(`invalid label value for ${goQuote(name)}: ${goQuote(value)}`);
  }
  const labels = all.filter((name) => !name.startsWith(RESERVED_PREFIX));
  const url = targetUrl(all, settings.params);
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return {
    name: url,
    origin: { kind: 'http', url: parsed ?? NOWHERE },
    unreachable: unreachable(url, parsed),
    labels,
    discovered,
    url,
    intervalMs,
    timeoutMs,
    histograms: histogramSettings(all),
    key: `${url}\xff${labels.names.join('\xff')}\xff${labels.values.join('\xff')}`,
    allLabels: all,
  };
}

function withInstance(labels: Labels, address: string): Labels {
  return labels.get('instance') === '' ? labels.with('instance', address) : labels;
}

function duration(labels: Labels, name: string, what: string): number {
  let ms: number;
  try {
    ms = parseDuration(labels.get(name));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw fault(`error parsing ${what}: ${error.reason}`);
  }
  if (ms === 0) throw fault(`${what} cannot be 0`);
  return ms;
}

/** Only what labels settle; for the rest the job's settings count. */
function histogramSettings(labels: Labels): Partial<HistogramSettings> {
  const settings: Partial<HistogramSettings> = {};
  for (const [setting, name] of Object.entries(HISTOGRAM_LABELS)) {
    const value = labels.get(name);
    if (value === '') continue;
    if (!/^(?:1|0|t|f|T|F|true|false|True|False|TRUE|FALSE)$/.test(value))
      throw fault(`error parsing ${name}: ${goQuote(value)} is neither true nor false`);
    settings[setting as keyof HistogramSettings] = /^[1tT]/.test(value);
  }
  return settings;
}

/** As text, and as Prometheus writes it: the hash of a target, and so its moment, depends on it. */
function targetUrl(labels: Labels, params: TargetSettings['params']): string {
  const scheme = labels.get(SCHEME);
  const path = pathEscaped(labels.get(METRICS_PATH));
  const slash = path === '' || path.startsWith('/') ? '' : '/';
  const query = queryOf(labels, params);
  return `${scheme}://${labels.get(ADDRESS)}${slash}${path}${query === '' ? '' : `?${query}`}`;
}

/** The job's parameters, with those in the target's labels in place of the first of each name. */
function queryOf(labels: Labels, jobParams: TargetSettings['params']): string {
  const params = new Map<string, string[]>();
  for (const [name, values] of Object.entries(jobParams)) params.set(name, [...values]);
  for (const [name, value] of labels) {
    if (!name.startsWith(PARAM_PREFIX)) continue;
    const param = name.slice(PARAM_PREFIX.length);
    params.set(param, [value, ...(params.get(param) ?? []).slice(1)]);
  }
  return [...params]
    .sort(([a], [b]) => compareStrings(a, b))
    .flatMap(([name, values]) => values.map((value) => `${queryEscaped(name)}=${queryEscaped(value)}`))
    .join('&');
}

/** As in Prometheus, such a target is down rather than left out. */
function unreachable(text: string, url: URL | undefined): InputError | undefined {
  if (url === undefined) return fault(`${goQuote(text)} is not a valid URL`);
  if (url.protocol === 'http:' || url.protocol === 'https:') return undefined;
  return fault(
    `scheme ${goQuote(url.protocol.slice(0, -1))} is not supported: only http and https can be scraped`,
  );
}

/** As Go writes paths. */
function pathEscaped(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, percent)
    .replace(/%(?:24|26|2B|2C|2F|3A|3B|3D|40)/g, decodeURIComponent);
}

/** As Go writes query strings. */
function queryEscaped(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, percent)
    .replace(/%20/g, '+');
}

function percent(c: string): string {
  return `%${c.charCodeAt(0).toString(16).toUpperCase()}`;
}

function fault(reason: string): InputError {
  return new InputError('bad_target', reason);
}
