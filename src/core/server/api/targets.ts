/** What is scraped: `/api/v1/targets`, `/scrape_pools`, `/targets/metadata`, `/targets/relabel_steps`, `/metadata`. */
import type { Labels } from '../../model/labels.ts';
import { labelsFromObject } from '../../model/labels.ts';
import { type Metadata, sameMetadata } from '../../model/metadata.ts';
import { parseSelector } from '../../promql/parser/index.ts';
import { explainRelabel, type RelabelRule } from '../../relabel/index.ts';
import { reportFamilies } from '../../scrape/report.ts';
import type { Source } from '../../source/source.ts';
import type { FormValues } from '../http/form-values.ts';
import type { Reply } from '../http/reply.ts';
import type { Router } from '../http/router.ts';
import type { ActiveTarget, DroppedTarget, TargetsView } from '../views.ts';
import { answering, labelsJson, listParts, succeed, succeedWithList, succeedWithParts } from './answer.ts';
import { ApiFault, badParameter } from './api-error.ts';
import { reasonOf, wholeNumber } from './parameters.ts';
import { timeText } from './time-text.ts';

const CORS = { cors: true };

/** What scraping itself adds to what targets expose, and Prometheus says nothing of. */
const REPORTED = new Set(reportFamilies(true).map(({ name }) => name));

export function addTargetRoutes(router: Router, targets: TargetsView, source: () => Source): void {
  const add = (path: string, handler: (form: FormValues, reply: Reply) => Promise<void> | void) =>
    router.add(
      'GET',
      `/api/v1/${path}`,
      answering((request, reply) => handler(request.query, reply)),
      CORS,
    );
  add('scrape_pools', (_, reply) => succeed(reply, { scrapePools: targets.pools() }));
  add('targets', (form, reply) => listTargets(form, reply, targets));
  add('targets/metadata', (form, reply) => listTargetMetadata(form, reply, targets));
  add('targets/relabel_steps', (form, reply) => relabelSteps(form, reply, targets));
  add('metadata', (form, reply) => listMetadata(form, reply, targets, source));
}

async function listTargets(form: FormValues, reply: Reply, targets: TargetsView): Promise<void> {
  const state = form.get('state').toLowerCase();
  const pool = form.get('scrapePool');
  const wanted = (target: { pool: string }) => pool === '' || target.pool === pool;
  const shows = (what: string) => ['', 'any', what].includes(state);
  const showDropped = shows('dropped');
  const active = shows('active') ? targets.active().filter(wanted) : [];
  const dropped = showDropped ? targets.dropped().filter(wanted) : [];
  // Of all pools, whichever was asked for.
  const counts = showDropped ? Object.fromEntries(targets.droppedCounts()) : null;
  const parts = function* (): Generator<string, void> {
    yield '{"activeTargets":';
    yield* listParts(mapped(active, activeJson));
    yield ',"droppedTargets":';
    yield* listParts(mapped(dropped, droppedJson));
    yield `,"droppedTargetCounts":${JSON.stringify(counts)}}`;
  };
  await succeedWithParts(reply, parts());
}

function* mapped<T>(items: readonly T[], text: (item: T) => string): Generator<string, void> {
  for (const item of items) yield text(item);
}

function droppedJson({ discoveredLabels, pool }: DroppedTarget): string {
  return JSON.stringify({ discoveredLabels: discoveredLabels.toObject(), scrapePool: pool });
}

function activeJson(target: ActiveTarget): string {
  return JSON.stringify({
    discoveredLabels: target.discoveredLabels.toObject(),
    labels: target.labels.toObject(),
    scrapePool: target.pool,
    scrapeUrl: target.scrapeUrl,
    globalUrl: target.globalUrl,
    lastError: target.lastError,
    lastScrape: timeText(target.lastScrape),
    lastScrapeDuration: target.lastScrapeDurationMs / 1000,
    health: target.health,
    scrapeInterval: target.scrapeInterval,
    scrapeTimeout: target.scrapeTimeout,
  });
}

async function listTargetMetadata(form: FormValues, reply: Reply, targets: TargetsView): Promise<void> {
  const limit = numberOr(form, 'limit', -1);
  const selector = form.get('match_target');
  const metric = form.get('metric');
  const matchers = selector === '' ? [] : matchersOfTarget(selector);
  const items = function* (): Generator<string, void> {
    let count = 0;
    for (const target of targets.active()) {
      if (limit >= 0 && count >= limit) return;
      if (!matchers.every((matcher) => matcher.matches(target.labels.get(matcher.name)))) continue;
      const known = target.metadata();
      const entries = metric === '' ? known : oneOf(known, metric);
      for (const [name, metadata] of entries)
        yield metadataJson(target.labels, metric === '' ? name : '', metadata);
      if (entries.size > 0) count++;
    }
  };
  await succeedWithList(reply, items());
}

function oneOf(known: ReadonlyMap<string, Metadata>, metric: string): ReadonlyMap<string, Metadata> {
  const metadata = known.get(metric);
  return metadata === undefined ? new Map() : new Map([[metric, metadata]]);
}

function matchersOfTarget(selector: string) {
  try {
    return parseSelector(selector);
  } catch (error) {
    throw badParameter('match_target', reasonOf(error));
  }
}

function metadataJson(target: Labels, metric: string, { type, help, unit }: Metadata): string {
  const name = metric === '' ? '' : `"metric":${JSON.stringify(metric)},`;
  return `{"target":${labelsJson(target)},${name}${JSON.stringify({ type, help, unit }).slice(1)}`;
}

/** Of the targets, and of what the storage knows of others (remote writers). */
async function listMetadata(
  form: FormValues,
  reply: Reply,
  targets: TargetsView,
  source: () => Source,
): Promise<void> {
  const limit = numberOr(form, 'limit', -1);
  const limitPerMetric = numberOr(form, 'limit_per_metric', -1);
  const metric = form.get('metric');
  const byName = new Map<string, Metadata[]>();
  const note = (name: string, metadata: Metadata) => {
    let known = byName.get(name);
    if (known === undefined) byName.set(name, (known = []));
    if (limitPerMetric > 0 && known.length >= limitPerMetric) return;
    if (!known.some((other) => sameMetadata(other, metadata))) known.push(metadata);
  };
  for (const target of targets.active()) {
    const known = target.metadata();
    for (const [name, metadata] of metric === '' ? known : oneOf(known, metric)) note(name, metadata);
  }
  const reader = source();
  try {
    for (const wanted of metric === '' ? [undefined] : [...ENDINGS].map((ending) => metric + ending)) {
      for (const [name, entries] of await reader.metadata(wanted)) {
        if (REPORTED.has(name)) continue;
        for (const metadata of entries) {
          const family = familyOf(name, metadata, byName);
          if (metric === '' || family === metric) note(family, metadata);
        }
      }
    }
  } finally {
    await reader.close();
  }
  const entries = limit >= 0 ? [...byName].slice(0, limit) : [...byName];
  const data = Object.fromEntries(
    entries.map(([name, list]) => [name, list.map(({ type, unit, help }) => ({ type, unit, help }))]),
  );
  succeed(reply, data);
}

/** By metric type, what its series' names have beside the family's. */
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_count', '_sum'],
  gaugehistogram: ['_bucket', '_gcount', '_gsum'],
  summary: ['_count', '_sum'],
  counter: ['_total'],
  info: ['_info'],
};

/** What the name of a series may end with after its family's. */
const ENDINGS = new Set(['', ...Object.values(SUFFIXES).flat()]);

/** The storage has metadata by the names of series, targets have it by those of families. */
function familyOf(name: string, { type }: Metadata, known: ReadonlyMap<string, unknown>): string {
  const suffix = SUFFIXES[type]?.find((end) => name.endsWith(end));
  if (suffix === undefined) return name;
  const family = name.slice(0, -suffix.length);
  // Of counters and infos the family has its suffix, too, other than in OpenMetrics.
  return known.has(family) || SUFFIXES[type].length > 1 ? family : name;
}

function relabelSteps(form: FormValues, reply: Reply, targets: TargetsView): void {
  const pool = form.get('scrapePool');
  if (pool === '') throw new ApiFault('bad_data', 'no scrapePool parameter provided');
  const given = form.get('labels');
  if (given === '') throw new ApiFault('bad_data', 'no labels parameter provided');
  const labels = labelsOfJson(given);
  const rules = targets.relabelRules(pool);
  if (rules === undefined) throw new ApiFault('not_found', `scrape pool ${JSON.stringify(pool)} not found`);
  const { steps } = explainRelabel(labels, rules);
  succeed(reply, {
    steps: steps.map(({ rule, after }) => ({
      rule: ruleJson(rule),
      output: after?.toObject() ?? {},
      keep: after !== null,
    })),
  });
}

function labelsOfJson(text: string): Labels {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ApiFault('bad_data', `failed to parse labels parameter as JSON: ${(error as Error).message}`);
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject || !Object.values(value as object).every((entry) => typeof entry === 'string')) {
    throw new ApiFault('bad_data', 'failed to parse labels parameter as JSON: want an object of strings');
  }
  return labelsFromObject(value as Record<string, string>);
}

function ruleJson(rule: RelabelRule): object {
  const { action, sourceLabels, separator, regex, modulus, targetLabel, replacement } = rule;
  return {
    ...(sourceLabels.length > 0 ? { source_labels: sourceLabels } : {}),
    separator,
    regex: regex.pattern,
    ...(modulus > 0 ? { modulus } : {}),
    ...(targetLabel === '' ? {} : { target_label: targetLabel }),
    replacement,
    action,
  };
}

function numberOr(form: FormValues, name: string, otherwise: number): number {
  const text = form.get(name);
  if (text === '') return otherwise;
  const value = wholeNumber(text);
  if (value === undefined) throw new ApiFault('bad_data', `${name} must be a number`);
  return value;
}
