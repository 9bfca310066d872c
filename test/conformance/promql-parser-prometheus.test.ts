/**
 * The parser beside a real Prometheus: the same verdict, the same message at the same place, the same pretty form and
 * the same tree for random queries and for damaged ones. TSMON_FUZZ sets how many, TSMON_SEED which.
 *
 * Prometheus 3.5 is older than the language here. What differs on purpose is listed below as `newer…`; everything
 * else must agree.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  DEFAULT_PARSER_OPTIONS,
  exprToJson,
  PromQLSyntaxError,
  parseQuery,
  prettyPrint,
} from '../../src/core/promql/parser/index.ts';
import { QueryGenerator } from '../core/promql/parser/query-generator.ts';
import { RealPrometheus } from '../interop/prometheus.ts';
import { describeWith, peer } from '../peers.ts';

const count = Number(process.env['TSMON_FUZZ'] ?? 1000);
const seed = Number(process.env['TSMON_SEED'] ?? 1);

interface Answer {
  /** The message, as Prometheus 3.14 would word it. */
  error?: string;
  pretty?: string;
  /** The tree as JSON. */
  tree?: string;
}

describeWith('the parser beside Prometheus', { prometheus: peer('prometheus') }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-parser-'));
  let prometheus: RealPrometheus;

  beforeAll(async () => {
    const features = '--enable-feature=promql-experimental-functions,promql-duration-expr';
    prometheus = await RealPrometheus.start(peer('prometheus')!, dir, '', [features]);
  });

  afterAll(async () => {
    await prometheus.stop();
    rmSync(dir, { recursive: true });
  });

  async function askPrometheus(query: string): Promise<Answer> {
    const [pretty, tree] = await Promise.all(
      ['format_query', 'parse_query'].map(async (path) => {
        const body = new URLSearchParams({ query });
        const response = await fetch(`${prometheus.url}/api/v1/${path}`, { method: 'POST', body });
        return (await response.json()) as { status: string; error: string; data: unknown };
      }),
    );
    if (pretty.status === 'error') return { error: newerWording(pretty.error) };
    return { pretty: pretty.data as string, tree: JSON.stringify(tree.data) };
  }

  async function expectAgreement(queries: readonly string[]): Promise<void> {
    await Promise.all(
      queries.filter(isOldLanguage).map(async (query) => {
        const theirs = await askPrometheus(query);
        const ours = askOurs(query);
        if (theirs.error === 'unexpected error') expect(ours.error, query).toBeDefined();
        else if (isNewerMessage(theirs.error, ours.error)) return;
        else expect(ours, query).toEqual(theirs);
      }),
    );
  }

  it('agrees on queries', async () => {
    const generator = new QueryGenerator(seed, { newest: false, labels: LABELS, depth: 3 });
    for (let i = 0; i < count; i += 8) {
      await expectAgreement(Array.from({ length: 8 }, () => generator.query()));
    }
  });

  it('agrees on what is no query', async () => {
    const generator = new QueryGenerator(seed + 1, { newest: false, labels: LABELS, depth: 3 });
    for (let i = 0; i < 2 * count; i += 8) {
      await expectAgreement(Array.from({ length: 8 }, () => generator.mutate(generator.query())));
    }
  });
});

/** Labels of all kinds, except that Prometheus 3.5 prints those of `on (…)` without the quotes they need. */
const LABELS = {
  job: ['api', 'node'],
  le: ['0.1', '+Inf'],
  instance: ['a:9100', 'b"c', 'd\\e', ''],
  offset: ['1'],
  _a1: ['ü', '日本\n'],
};

const OPTIONS = { ...DEFAULT_PARSER_OPTIONS, experimentalFunctions: true };

function askOurs(query: string): Answer {
  try {
    const expr = parseQuery(query, OPTIONS);
    return { pretty: prettyPrint(expr), tree: JSON.stringify(oldTree(exprToJson(expr))) };
  } catch (error) {
    if (!(error instanceof PromQLSyntaxError)) throw error;
    return { error: error.message };
  }
}

/** Without what trees have had since 3.5. */
function oldTree(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(oldTree);
  if (typeof value !== 'object' || value === null) return value;
  const newer = ['anchored', 'smoothed', 'offsetExpr', 'rangeExpr', 'stepExpr', 'fillValues'];
  const old = Object.entries(value).filter(([key]) => !newer.includes(key));
  return Object.fromEntries(old.map(([key, inner]) => [key, oldTree(inner)]));
}

function newerWording(message: string): string {
  return message
    .replace('invalid parameter "query": ', '')
    .replace(
      /in subquery selector, expected number or duration$/,
      `in subquery or range selector, ${EXPECTED}`,
    )
    .replace(
      'in subquery selector, expected number or duration or "]"',
      `in subquery selector, ${EXPECTED_OR_END}`,
    )
    .replace('in offset, expected number or duration', `in offset, ${EXPECTED}`)
    .replace(/"<Item \d+>" <op:@>/, '<op:@>');
}

const EXPECTED = 'expected number, duration, step(), or range()';
const EXPECTED_OR_END = 'expected number, duration, step(), range(), or "]"';

/**
 * Where Prometheus 3.5 reads or prints something else. A comment may stand wherever a space may.
 */
const NEWER: readonly RegExp[] = [
  // Names that have become keywords, trimming, and the functions start() and end(), which are not those behind an @.
  /\b(step|range|min_of|max_of|fill|fill_left|fill_right|anchored|smoothed)\b|<\/|>\//i,
  /(?<!@\s*)\b(start|end)\s*\(/i,
  // Labels of on (…) that need quotes, and grouping without labels, which 3.5 does not print.
  /\b(on|ignoring|group_left|group_right)\b[^)]*["'`]/i,
  /\bignoring\s*\(\s*\)\s*group_/i,
  // Where an offset with a sign and parentheses ends, and what is printed first where an @ follows.
  /\boffset\s*[-+]\s*\(/i,
  /\boffset\s*\(.*\)\s*@/is,
  // Offsets and @ before a range, milliseconds cut off, and the empty selector of info.
  /@\s*(start|end)\s*\(\s*\)\s*\[|\boffset\s*\(.*\)\s*\[/is,
  /1001ms/,
  /\binfo\b[^{]*\{\s*\}/i,
];

function isOldLanguage(query: string): boolean {
  const bare = query.replaceAll(/#[^\n]*/g, ' ');
  return !NEWER.some((pattern) => pattern.test(query) || pattern.test(bare));
}

/** Faults between brackets are worded differently, as other things may stand there now. */
function isNewerMessage(theirs: string | undefined, ours: string | undefined): boolean {
  if (theirs === undefined || ours === undefined) return false;
  return /unexpected colon|in duration expression|, expected ':'|in subquery/.test(theirs + ours);
}
