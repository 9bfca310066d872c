import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Output } from '../../src/cli/output.ts';
import { painter } from '../../src/cli/paint.ts';
import { changedLines } from '../../src/cli/test-report/diff.ts';
import { createReport, type ReportFormat } from '../../src/cli/test-report/report.ts';
import type { TestCase } from '../../src/cli/test-report/test-case.ts';

const dir = mkdtempSync(join(tmpdir(), 'tsmon-report-'));
afterAll(() => rmSync(dir, { recursive: true }));

function printed(format: ReportFormat, tests: readonly TestCase[]): string {
  const path = join(dir, format);
  const report = createReport(format, new Output(openSync(path, 'w')), painter('never', false));
  for (const test of tests) report.add(test);
  report.end();
  return readFileSync(path, 'utf8');
}

const passed = { file: 'f', line: 1, name: 'a', failure: null, durationMs: 1500 };

describe('what differs', () => {
  const changed = (expected: string[], got: string[]) =>
    changedLines({ message: '', expected, got }).map(({ sign, text }) => sign + text);

  it('is not the order', () => {
    expect(changed(['a', 'b'], ['b', 'a'])).toEqual([]);
  });

  it('is first what is missing, then what there is instead', () => {
    expect(changed(['a', 'b', 'c'], ['c', 'd', 'e'])).toEqual(['-a', '-b', '+d', '+e']);
  });

  it('counts lines that are there twice', () => {
    expect(changed(['a', 'a'], ['a'])).toEqual(['-a']);
    expect(changed(['a'], ['a', 'a'])).toEqual(['+a']);
  });
});

describe('a report of nothing', () => {
  it.each([
    ['text', ''],
    ['tap', 'TAP version 14\n1..0\n'],
    ['json', '{"passed":0,"failed":0,"tests":[]}\n'],
    ['github', ''],
    [
      'junit',
      '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites tests="0" failures="0" errors="0" time="0.000">\n</testsuites>\n',
    ],
  ] as const)('as %s', (format, text) => {
    expect(printed(format, [])).toBe(text);
  });
});

describe('what could be mistaken for syntax', () => {
  it('is escaped in TAP', () => {
    const text = printed('tap', [{ ...passed, name: 'a # SKIP \\ b\nc' }]);
    expect(text).toBe('TAP version 14\nok 1 - f:1 a \\# SKIP \\\\ b c\n1..1\n');
  });

  it('is escaped in XML, and what XML does not have is replaced', () => {
    const failure = { message: 'first "line"\nsecond', expected: ['\x1b[0m <a> & ]]>'], got: [] };
    const text = printed('junit', [{ ...passed, file: '<f>', failure }, passed]);
    expect(text).toContain('<testsuite name="&lt;f&gt;" tests="1" failures="1" errors="0" time="1.500">');
    expect(text).toContain(
      '<failure message="first &quot;line&quot;">second\n- \ufffd[0m &lt;a&gt; &amp; ]]&gt;</failure>',
    );
    expect(text).toContain('<testsuites tests="2" failures="1" errors="0" time="3.000">');
  });
});

describe('for programs and for GitHub', () => {
  const failed = {
    ...passed,
    line: 7,
    name: 'up',
    failure: { message: 'expr up, time 5m', expected: ['up 1'], got: ['up 0'] },
  };

  it('JSON has every test', () => {
    const { failure, ...test } = failed;
    const seconds = 1.5;
    expect(JSON.parse(printed('json', [passed, failed]))).toEqual({
      passed: 1,
      failed: 1,
      tests: [
        { file: 'f', line: 1, name: 'a', passed: true, seconds },
        { file: 'f', line: 7, name: test.name, passed: false, seconds, ...failure },
      ],
    });
  });

  it('annotations have the place and what differs', () => {
    expect(printed('github', [passed, failed, { ...failed, name: 'the test' }])).toBe(
      '::error file=f,line=7::expr up, time 5m%0A- up 1%0A+ up 0\n' +
        '::error file=f,line=7::the test: expr up, time 5m%0A- up 1%0A+ up 0\n',
    );
  });
});
