/** Runs promtool's unit tests of rules for a command, and reports each as it finishes. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { systemClock } from '../core/clock.ts';
import type { InputError } from '../core/errors.ts';
import { formatDuration } from '../core/model/duration.ts';
import type { EngineOptions } from '../core/promql/index.ts';
import type { ParserOptions } from '../core/promql/parser/index.ts';
import { compileRegex } from '../core/regex/index.ts';
import {
  type CoverageObserver,
  parseRuleFile,
  parseUnitTestFile,
  type RuleFile,
  type UnitTest,
  type UnitTestFailure,
  type UnitTestFile,
  UnitTestSuite,
} from '../core/rules/index.ts';
import type { TestReport } from './test-report/test-case.ts';

export interface UnitTestRunOptions {
  engine: EngineOptions;
  ignoreUnknownFields: boolean;
  /** Only tests whose name this accepts. */
  selects(name: string): boolean;
  complain(line: string): void;
  /** Gets, after each test, everything that was stored; undefined where nobody asked. */
  debug: ((test: string, lines: readonly string[]) => void) | undefined;
  coverage?: Coverage | undefined;
}

/** What gathers the coverage of several files of tests. */
export interface Coverage extends CoverageObserver {
  addFiles(files: readonly RuleFile[]): void;
}

export interface UnitTestTally {
  ran: number;
  failed: number;
}

/** A file of unit tests and the rule files that it names; where there are faults, nothing can be run. */
export interface OpenedUnitTests {
  tests: UnitTestFile;
  rules: RuleFile[];
  faults: InputError[];
}

export interface OpenOptions {
  parser?: Partial<ParserOptions> | undefined;
  ignoreUnknownFields: boolean;
  /** Only tests whose name this accepts matter; all by default. */
  selects?: ((name: string) => boolean) | undefined;
  /** Told of patterns that no file matches. */
  onNoMatch(pattern: string): void;
}

/** `text` is what `file` holds; rule files are looked for beside it. */
export function openUnitTests(text: string, file: string, options: OpenOptions): OpenedUnitTests {
  const { tests, errors } = parseUnitTestFile(text, file, options);
  const rules = errors.length > 0 ? [] : ruleFilesOf(tests.ruleFiles, file, options);
  // promtool looks at the rules for each test that it runs: without one, whatever they are is well.
  const { selects = () => true } = options;
  const isRun = tests.tests.some(({ name }) => selects(name));
  return { tests, rules, faults: [...errors, ...(isRun ? rules.flatMap((read) => read.errors) : [])] };
}

/** Opens as openUnitTests does, runs, and reports. */
export async function runUnitTestFile(
  text: string,
  file: string,
  report: TestReport,
  options: UnitTestRunOptions,
): Promise<UnitTestTally> {
  const tally: UnitTestTally = { ran: 0, failed: 0 };
  const { tests, rules, faults } = openUnitTests(text, file, {
    parser: options.engine.parser,
    ignoreUnknownFields: options.ignoreUnknownFields,
    selects: options.selects,
    onNoMatch: (pattern) => options.complain(`${file}: no file matches ${pattern}`),
  });
  if (faults.length > 0) {
    for (const { message, place } of faults) {
      // A fault of a rule file says where it is; the line is of the test file.
      const line = place.file === file ? (place.line ?? 1) : 1;
      report.add({
        file,
        line,
        name: 'the file itself',
        failure: { message, expected: [], got: [] },
        durationMs: 0,
      });
    }
    return { ran: faults.length, failed: faults.length };
  }
  if (tests.tests.length === 0) options.complain(`${file}: there is no test in it`);
  const suite = new UnitTestSuite(tests, rules, {
    engine: options.engine,
    dump: options.debug !== undefined,
    ...(options.coverage !== undefined && { coverage: options.coverage }),
  });
  options.coverage?.addFiles(rules);
  for (const test of tests.tests) {
    if (!options.selects(test.name)) continue;
    const before = systemClock.monotonic();
    const { failures, dump } = await suite.run(test);
    const durationMs = systemClock.monotonic() - before;
    const name = nameOf(test);
    options.debug?.(name, dump);
    tally.ran++;
    if (failures.length > 0) tally.failed++;
    else report.add({ file, line: test.place.line ?? 1, name, failure: null, durationMs });
    for (const failure of failures) {
      report.add({ file, ...caseOf(failure, test, name), durationMs: durationMs / failures.length });
    }
  }
  return tally;
}

function nameOf(test: UnitTest): string {
  return test.name === '' ? `test at line ${test.place.line}` : test.name;
}

/** A failure as reports have it: where it stands, and what it says. */
function caseOf(failure: UnitTestFailure, test: UnitTest, name: string) {
  const line = failure.kind === 'rule' ? (test.place.line ?? 1) : (failure.line ?? 1);
  const { expected, got } =
    failure.kind === 'alert' || failure.kind === 'expr' ? failure : { expected: [], got: [] };
  return { line, name, failure: { message: messageOf(failure), expected, got } };
}

function messageOf(failure: UnitTestFailure): string {
  const time = formatDuration(failure.timeMs);
  switch (failure.kind) {
    case 'rule':
      return `rule ${failure.rule} of group ${failure.group} (${failure.file}:${failure.line}), time ${time}: ${failure.error}`;
    case 'error':
      return `expr ${failure.expr}, time ${time}: ${failure.error}`;
    case 'alert': {
      const where =
        failure.groups.length === 0
          ? ', which no group has'
          : ` of ${failure.groups.length === 1 ? 'group' : 'groups'} ${failure.groups.join(', ')}`;
      return `alert ${failure.alert}${where}, time ${time}`;
    }
    case 'expr':
      return `expr ${failure.expr}, time ${time}`;
  }
}

function ruleFilesOf(patterns: readonly string[], file: string, options: OpenOptions): RuleFile[] {
  const folder = dirname(file);
  const found = new Map<string, RuleFile>();
  for (const pattern of patterns) {
    const matches = expandPattern(isAbsolute(pattern) ? pattern : join(folder, pattern));
    if (matches.length === 0) options.onNoMatch(pattern);
    for (const match of matches) {
      if (found.has(match)) continue;
      const read = parseRuleFile(readFileSync(match, 'utf8'), match, {
        parser: options.parser ?? {},
        ignoreUnknownFields: options.ignoreUnknownFields,
      });
      found.set(match, read);
    }
  }
  return [...found.values()];
}

/** Paths that a pattern of Go's `filepath.Glob` stands for, sorted. */
function expandPattern(pattern: string): string[] {
  if (!/[*?[]/.test(pattern)) return existsSync(pattern) ? [pattern] : [];
  let paths = [pattern.startsWith('/') ? '/' : ''];
  for (const segment of pattern.split('/').filter((part) => part !== '')) {
    paths = paths.flatMap((path) => matchesIn(path, segment));
  }
  return paths.filter((path) => existsSync(path)).sort();
}

function matchesIn(folder: string, segment: string): string[] {
  if (!/[*?[]/.test(segment)) return [folder === '' ? segment : join(folder, segment)];
  const regex = segment
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  const matcher = compileRegex(regex);
  try {
    return readdirSync(folder === '' ? '.' : folder)
      .filter((name) => matcher.matches(name))
      .map((name) => (folder === '' ? name : join(folder, name)));
  } catch {
    // As in Go, a folder that cannot be read has no matches.
    return [];
  }
}
