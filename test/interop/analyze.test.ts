/** The same numbers as promtool tsdb analyze. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Matcher } from '../../src/core/model/index.ts';
import { type Analysis, analyzeBlock, type Ranked } from '../../src/core/tsdb/analyze/index.ts';
import { runSteps } from '../../src/core/tsdb/compaction/index.ts';
import { someSeries, writeBlock } from '../core/tsdb/analyze/blocks.ts';
import { describeWith, peer } from '../peers.ts';

const promtool = peer('promtool');
const root = mkdtempSync(join(tmpdir(), 'tsmon-interop-analyze-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Titles and the lists below them; values of `Title: value` lines. */
function report(...args: string[]): { lists: Map<string, Ranked[]>; values: Map<string, string> } {
  const text = execFileSync(promtool!, ['tsdb', 'analyze', '--limit=1000', ...args, root], {
    encoding: 'utf8',
  });
  const lists = new Map<string, Ranked[]>();
  const values = new Map<string, string>();
  let list: Ranked[] = [];
  for (const line of text.split('\n')) {
    const entry = /^(\d+) (.*)$/.exec(line);
    const value = /^([^:]+): (.+)$/.exec(line);
    if (entry !== null) list.push({ name: entry[2], count: Number(entry[1]) });
    else if (/:$/.test(line)) lists.set(line.slice(0, -1), (list = []));
    else if (value !== null) values.set(value[1], value[2]);
  }
  return { lists, values };
}

const byName = (list: readonly Ranked[]) => [...list].sort((a, b) => (a.name < b.name ? -1 : 1));

describeWith('beside promtool tsdb analyze', { promtool }, () => {
  let block: string;
  beforeAll(() => {
    mkdirSync(join(root, 'wal'));
    block = join(root, writeBlock(root, someSeries(40)));
  });

  function expectSame(analysis: Analysis, { lists, values }: ReturnType<typeof report>): void {
    const churn = (list: Ranked[]) =>
      list.map(({ name, count }) => ({ name, count: Math.floor(count / 7_200_000) }));
    const same = (title: string, ours: Ranked[]) => expect(byName(lists.get(title)!)).toEqual(byName(ours));
    same('Label pairs most involved in churning', churn(analysis.topPairs('uncoveredMs', 0)));
    same('Label names most involved in churning', churn(analysis.topNames('uncoveredMs', 0)));
    same('Most common label pairs', analysis.topPairs('series', 0));
    same('Label names with highest cumulative label value length', analysis.topNames('valueBytes', 0));
    same('Highest cardinality labels', analysis.topNames('values', 0));
    same('Highest cardinality metric names', analysis.topValues('series', 0));
    const { totals } = analysis;
    expect(values.get('Total Series')).toBe(String(totals.allSeries));
    expect(values.get('Postings (unique label pairs)')).toBe(String(totals.labelPairs));
    expect(values.get('Postings entries (total label pairs)')).toBe(String(totals.labelPairEntries));
  }

  test('of a block', () => {
    const { analysis } = runSteps(analyzeBlock(block));
    expectSame(analysis, report());
    analysis.close();
  });

  test('of some series', () => {
    const { analysis } = runSteps(analyzeBlock(block, { matchers: [new Matcher('=', 'job', 'api')] }));
    const theirs = report('--match={job="api"}');
    expectSame(analysis, theirs);
    expect(theirs.values.get('Matched series')).toBe(String(analysis.totals.series));
    analysis.close();
  });

  test('of chunks', () => {
    const { analysis, shapes } = runSteps(analyzeBlock(block, { chunks: true }));
    const { values } = report('--extended');
    const same = (title: string, spread: { min: number; avg: number; max: number }) =>
      expect(values.get(`${title} (min/avg/max)`)).toBe(`${spread.min}/${spread.avg}/${spread.max}`);
    same('samples per float chunk', shapes!.float!.samples);
    same('bytes per float chunk', shapes!.float!.bytes);
    same('samples per histogram chunk', shapes!.histogram!.samples);
    same('bytes per histogram chunk', shapes!.histogram!.bytes);
    same('buckets per histogram chunk', shapes!.histogram!.buckets);
    analysis.close();
  });
});
