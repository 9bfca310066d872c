/**
 * Upstream's rule files and unit tests, and what people run: promtool's verdict on each, from the manifest and, where
 * the program is at hand, from itself.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { ALL_PARSER_FEATURES } from '../../src/core/promql/parser/index.ts';
import {
  formatRuleFile,
  parseRuleFile,
  parseUnitTestFile,
  type RuleFile,
  sameMeaning,
  UnitTestSuite,
} from '../../src/core/rules/index.ts';
import { conformanceDir, describeWith, realworldDir } from '../peers.ts';

interface Case {
  file: string;
  kind: string;
  promtool_3_5_3_exit: number;
}

/** Where 3.14, whose language we speak, decides otherwise than the 3.5 that the manifest was made with. */
const PASSES_SINCE = new Set(['start-time-test.yml']);

const promtool = conformanceDir('promtool');
const rulefmt = conformanceDir('rulefmt');
const realworld = realworldDir('rules');

function casesIn(dir: string | undefined, kind: string): Case[] {
  if (dir === undefined) return [];
  const manifest = JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8')) as { cases: Case[] };
  return manifest.cases.filter((one) => one.kind === kind);
}

const rulesOf = (path: string) => parseRuleFile(readFileSync(path, 'utf8'), path);

describeWith('upstream’s rule files', { 'conformance data': promtool && rulefmt }, () => {
  it.each([
    ...casesIn(promtool, 'rules').map((one) => ({ ...one, dir: promtool! })),
    ...casesIn(rulefmt, 'rules').map((one) => ({ ...one, dir: rulefmt! })),
  ])('$file', ({ dir, file, promtool_3_5_3_exit }) => {
    expect(rulesOf(join(dir, file)).errors.length > 0).toBe(promtool_3_5_3_exit !== 0);
  });
});

describeWith('upstream’s unit tests of rules', { 'conformance data': promtool }, () => {
  it.each(casesIn(promtool, 'test'))('$file', async ({ file, promtool_3_5_3_exit }) => {
    const path = join(promtool!, file);
    const { tests, errors } = parseUnitTestFile(readFileSync(path, 'utf8'), path);
    const rules: RuleFile[] = tests.ruleFiles.map((name) => rulesOf(join(dirname(path), name)));
    let failed = errors.length + rules.flatMap((read) => read.errors).length;
    const suite = new UnitTestSuite(tests, rules);
    for (const test of tests.tests) failed += (await suite.run(test)).failures.length;
    expect(failed === 0).toBe(promtool_3_5_3_exit === 0 || PASSES_SINCE.has(file));
  });
});

describeWith('rule files that people run', { 'real-world rules': realworld }, () => {
  const files = realworld === undefined ? [] : readdirSync(realworld, { recursive: true, encoding: 'utf8' });
  it.each(
    files.filter((name) => name.endsWith('.yml')).map((name) => ({ name: basename(name), path: name })),
  )('$name checks, and is formatted without a change of meaning', ({ path }) => {
    const text = readFileSync(join(realworld!, path), 'utf8');
    const before = parseRuleFile(text, path);
    expect(before.errors).toEqual([]);
    const formatted = formatRuleFile(text, path, ALL_PARSER_FEATURES);
    expect(formatRuleFile(formatted, path, ALL_PARSER_FEATURES)).toBe(formatted);
    const after = parseRuleFile(formatted, path);
    expect(said(after)).toEqual(said(before));
    const exprs = after.groups.flatMap(({ rules }) => rules);
    for (const [i, rule] of before.groups.flatMap(({ rules }) => rules).entries()) {
      expect(sameMeaning(rule.parsed, exprs[i].parsed)).toBe(true);
    }
    expect(formatted.split('#')).toHaveLength(text.split('#').length);
  });
});

/** Everything but places and the layout of expressions. */
function said({ groups }: RuleFile) {
  return groups.map(({ place: _, rules, ...group }) => ({
    ...group,
    rules: rules.map(({ place: __, exprPlace, expr, parsed, ...rule }) => rule),
  }));
}
