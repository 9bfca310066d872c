/** Rewrites against a plain model, and what is there when they are cut short. */
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Labels, labelsFromObject, Matcher } from '../../../../src/core/model/index.ts';
import { parseRelabelRules, relabel } from '../../../../src/core/relabel/index.ts';
import {
  BlockReader,
  isUlid,
  readBlockMeta,
  Tombstones,
  verifyBlock,
  writeTombstones,
} from '../../../../src/core/tsdb/block/index.ts';
import { importSamples } from '../../../../src/core/tsdb/import/index.ts';
import {
  type BlockRewrite,
  countRewrites,
  type RewriteCounts,
  type RewriteOptions,
  type RewriteRules,
  rewriteBlock,
  rewriteDirectory,
} from '../../../../src/core/tsdb/rewrite/index.ts';
import { bytesInput, contents } from '../import/samples.ts';

const root = mkdtempSync(join(tmpdir(), 'tsmon-rewrite-'));
afterAll(() => rmSync(root, { recursive: true }));
const original = join(root, 'original');
let dir: string;
const HOUR = 3600_000;
const START = Date.UTC(2026, 0, 1);

interface Sample {
  labels: Labels;
  t: number;
  v: number;
}

/** Ten series in three blocks, a sample in ten minutes. */
const samples: Sample[] = [];
for (let series = 0; series < 10; series++) {
  const labels = labelsFromObject({
    __name__: series < 7 ? 'requests_total' : 'up',
    a: String(series % 3),
    b: String(Math.floor(series / 3)),
  });
  for (let i = 0; i < 36; i++) samples.push({ labels, t: START + i * 600_000, v: series * 100 + i });
}

beforeAll(async () => {
  const text = samples.map(({ labels, t, v }) => `${labels} ${v} ${t}\n`).join('');
  await importSamples(original, [bytesInput(text)], { csv: { parseSeries: () => labelsFromObject({}) } });
});
beforeEach(() => {
  dir = join(mkdtempSync(join(root, 'case-')), 'data');
  cpSync(original, dir, { recursive: true });
});

const lines = (of: readonly Sample[]) =>
  [...of]
    .sort((a, b) => a.labels.compare(b.labels) || a.t - b.t)
    .map(({ labels, t, v }) => `${labels} ${t} ${v}`);

/** What the rules leave of the samples; of several at one time the first in the order of the old labels. */
function applied(rules: RewriteRules, to: readonly Sample[] = samples): Sample[] {
  const out = new Map<string, Sample>();
  for (const { labels, t, v } of [...to].sort((a, b) => a.labels.compare(b.labels))) {
    const selected =
      rules.selectors.length === 0 ||
      rules.selectors.some((list) => list.every((m) => m.matches(labels.get(m.name))));
    let after: Labels | null = labels;
    if (selected) {
      const { deletion } = rules;
      if (deletion !== undefined && t >= deletion.mint && t <= deletion.maxt) continue;
      after = relabel(labels.without(...(rules.dropLabels ?? [])), rules.relabel ?? []);
    }
    if (after === null || after.size === 0) continue;
    const key = `${after} ${t}`;
    if (!out.has(key)) out.set(key, { labels: after, t, v });
  }
  return [...out.values()];
}

async function rewrite(rules: RewriteRules, options: RewriteOptions = {}): Promise<BlockRewrite[]> {
  const rewrites: BlockRewrite[] = [];
  await rewriteDirectory(dir, rules, { ...options, onRewrite: (one) => rewrites.push(one) });
  return rewrites;
}

const total = (rewrites: readonly BlockRewrite[], key: keyof RewriteCounts) =>
  rewrites.reduce((sum, { counts }) => sum + counts[key], 0);

const RELABELS = [
  '[{action: labeldrop, regex: b}]',
  '[{action: drop, source_labels: [a], regex: "1"}]',
  '[{source_labels: [a], target_label: a, regex: "0", replacement: "9"}]',
  '[{source_labels: [__name__], target_label: __name__, regex: up, replacement: alive}, {action: labeldrop, regex: a}]',
  '[{action: labeldrop, regex: ".*"}]',
];

describe('rules', () => {
  const selector = fc.constantFrom(
    [new Matcher('=', '__name__', 'up')],
    [new Matcher('=', 'a', '1')],
    [new Matcher('=~', 'b', '[12]'), new Matcher('!=', 'a', '0')],
    [new Matcher('=', 'a', 'x')],
  );
  const time = fc.integer({ min: -1, max: 37 }).map((n) => START + n * 600_000 - 300_000);
  const anyRules = fc.record(
    {
      selectors: fc.array(selector, { maxLength: 2 }),
      deletion: fc.record({ mint: time, maxt: time }),
      dropLabels: fc.subarray(['a', 'b']),
      relabel: fc.constantFrom(...RELABELS),
    },
    { requiredKeys: ['selectors'] },
  );

  test('leave what they say, and count it', async () => {
    const { parse } = await import('yaml');
    const property = fc.asyncProperty(anyRules, async ({ relabel: text, ...given }) => {
      const rules: RewriteRules = {
        ...given,
        ...(text !== undefined && { relabel: parseRelabelRules(parse(text)) }),
      };
      rmSync(dir, { recursive: true });
      cpSync(original, dir, { recursive: true });
      const planned = await rewrite(rules, { dryRun: true });
      expect(await contents(dir)).toEqual(lines(samples));
      const done = await rewrite(rules);
      expect(done.map(({ counts }) => counts)).toEqual(planned.map(({ counts }) => counts));
      const want = applied(rules);
      expect(await contents(dir)).toEqual(lines(want));
      const names = readdirSync(dir);
      expect(names.every(isUlid)).toBe(true);
      for (const name of names) expect(verifyBlock(join(dir, name))).toEqual([]);
      // What is left is not changed by being rewritten again, unless labels were mapped.
      if (text === undefined) expect((await rewrite(rules)).some(({ isChanged }) => isChanged)).toBe(false);
      if (total(done, 'joined') === 0) expect(total(done, 'samples')).toBe(samples.length - want.length);
    });
    await fc.assert(property, { numRuns: 15 });
  });

  test('what the log has is counted the same way', () => {
    const rules: RewriteRules = {
      selectors: [[new Matcher('=', 'a', '1')]],
      deletion: { mint: START, maxt: START + HOUR },
      dropLabels: ['b'],
    };
    const series = [...new Set(samples.map(({ labels }) => labels))].sort((a, b) => a.compare(b));
    const set = {
      length: series.length,
      labels: (i: number) => series[i],
      read: (i: number, out: { t: Float64Array; length: number; reserve: (rows: number) => void }) => {
        for (const { labels, t } of samples) {
          if (labels !== series[i]) continue;
          out.reserve(out.length + 1);
          out.t[out.length++] = t;
        }
      },
    };
    const steps = countRewrites(set, rules);
    let step = steps.next();
    while (!step.done) step = steps.next();
    expect(step.value).toEqual({ series: 10, dropped: 0, renamed: 3, joined: 1, samples: 3 * 7 });
  });
});

describe('a block', () => {
  test('in which nothing changes is left alone; one of which nothing is left goes', async () => {
    const before = readdirSync(dir);
    await rewrite({ selectors: [[new Matcher('=', 'a', 'x')]], dropLabels: ['a'] });
    expect(readdirSync(dir)).toEqual(before);
    const deletion = { mint: START, maxt: START + 2 * HOUR - 1 };
    const [first] = await rewrite({ selectors: [], deletion });
    expect(first.after).toBeUndefined();
    expect(readdirSync(dir)).toEqual(before.filter((name) => name !== first.before.ulid));
  });

  test('keeps its time, and says what it comes from', async () => {
    const before = readdirSync(dir).map((name) => readBlockMeta(join(dir, name)));
    const [done] = await rewrite({ selectors: [], dropLabels: ['b'] });
    const { minTime, maxTime, ulid } = done.before;
    expect(done.after).toMatchObject({
      minTime,
      maxTime,
      compaction: { level: 2, sources: [ulid], parents: [{ ulid, minTime, maxTime }] },
    });
    expect(before.some((meta) => meta.ulid === ulid)).toBe(true);
  });

  test('loses what was deleted before, when that is asked for', async () => {
    const name = readdirSync(dir)[0];
    const block = new BlockReader(join(dir, name));
    const tombstones = new Tombstones();
    tombstones.add(block.index.allPostings()[0], 0, START + 10 * HOUR);
    block.close();
    writeTombstones(join(dir, name), tombstones);
    const seen = await contents(dir);
    expect((await rewrite({ selectors: [] })).some(({ isChanged }) => isChanged)).toBe(false);
    const done = await rewrite({ selectors: [] }, { clean: true });
    expect(done.filter(({ isChanged }) => isChanged).map(({ before }) => before.ulid)).toEqual([name]);
    expect(await contents(dir)).toEqual(seen);
    expect(readBlockMeta(join(dir, done[0].after!.ulid)).stats!.numSamples).toBe(9 * 12);
  });

  test('stays as it is where the work ends early, at any step', () => {
    const name = readdirSync(dir)[0];
    const rules = { selectors: [], dropLabels: ['b'] };
    let steps = 0;
    for (const all = rewriteBlock(dir, name, rules, { dryRun: false }); ; steps++) if (all.next().done) break;
    rmSync(dir, { recursive: true });
    for (let until = 0; until < steps; until++) {
      cpSync(original, dir, { recursive: true });
      const work = rewriteBlock(dir, name, rules);
      for (let i = 0; i <= until; i++) work.next();
      work.return(undefined as never);
      expect(readdirSync(dir)).toEqual(readdirSync(original));
      expect(verifyBlock(join(dir, name))).toEqual([]);
      rmSync(dir, { recursive: true });
    }
    expect(steps).toBeGreaterThan(1);
  });

  test.each([true, false])('that is large tells how far it is (only counted: %s)', async (dryRun) => {
    const text = Array.from({ length: 3000 }, (_, n) => `m{a="${n}",b="${n % 2}"} ${n} ${START}\n`).join('');
    const large = join(dir, '..', 'large');
    await importSamples(large, [bytesInput(text)], { csv: { parseSeries: () => labelsFromObject({}) } });
    const parts: number[] = [];
    const progress = (_ulid: string, part: number) => parts.push(part);
    await rewriteDirectory(large, { selectors: [], dropLabels: ['b'] }, { dryRun, progress });
    expect(parts.length).toBeGreaterThan(1);
    expect(parts).toEqual([...parts].sort((a, b) => a - b));
    expect(parts.at(-1)).toBeLessThanOrEqual(1);
  });

  test('that is damaged is left, and the others are rewritten', async () => {
    const [name] = readdirSync(dir);
    writeFileSync(join(dir, name, 'chunks', '000001'), 'x'.repeat(5000));
    const damaged: string[] = [];
    await rewriteDirectory(
      dir,
      { selectors: [], dropLabels: ['b'] },
      { onDamage: (ulid) => damaged.push(ulid) },
    );
    expect(damaged).toEqual([name]);
    expect(readdirSync(dir)).toContain(name);
    expect(readdirSync(dir).length).toBe(3);
  });
});
