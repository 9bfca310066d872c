/** rules test with test scripts of PromQL, as a user runs it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { tsmon } from '../../cli.ts';

const dir = mkdtempSync(join(tmpdir(), 'tsmon-scripts-'));
afterAll(() => rmSync(dir, { recursive: true }));

const GOOD = `load 1m
  up{job="a"} 1 0
  up{job="b"} 1 1

eval instant at 0 sum(up)
  {} 2
`;
const BAD = `${GOOD}
eval instant at 1m up
  up{job="a"} 1
  up{job="b"} 1
  up{job="c"} 1

eval instant at 1m label_replace(up, "job", "#1", "", "")
  expect fail msg: no
`;

writeFileSync(join(dir, 'good.test'), GOOD);
writeFileSync(join(dir, 'bad.test'), BAD);

const run = (args: string[], input?: string) =>
  tsmon(['rules', 'test', ...args], { cwd: dir, ...(input !== undefined && { input }) });

describe('rules test with scripts', () => {
  it('counts what has passed', () => {
    expect(run(['good.test'])).toEqual({ status: 0, stdout: '✓ good.test: 1 passed\n', stderr: '' });
  });

  it('says of failures what is missing and what is there instead', () => {
    const { status, stdout } = run(['good.test', 'bad.test']);
    expect(status).toBe(1);
    expect(stdout).toBe(`✗ bad.test:8 up
    up{job="a"}: expected 1, but got 0
    - up{job="a"} 1
    - up{job="c"} 1
    + up{job="a"} 0

✗ bad.test:13 label_replace(up, "job", "#1", "", "")
    the query was expected to fail in another way than: vector cannot contain metrics with the same labelset
    - expect fail msg: no
    + expect fail msg: vector cannot contain metrics with the same labelset

✓ good.test: 1 passed
✗ bad.test: 2 failed, 1 passed
2 failed, 2 passed in 2 files
`);
  });

  it('has colours where they are wanted', () => {
    expect(run(['--color', 'always', 'bad.test']).stdout).toContain('\x1b[32m    + up{job="a"} 0\x1b[39m\n');
  });

  it('prints TAP', () => {
    const { status, stdout } = run(['-o', 'tap', 'bad.test']);
    expect(status).toBe(1);
    expect(stdout).toBe(`TAP version 14
ok 1 - bad.test:5 sum(up)
not ok 2 - bad.test:8 up
  ---
  message: |
    up{job="a"}: expected 1, but got 0
  expected: |
    up{job="a"} 1
    up{job="b"} 1
    up{job="c"} 1
  got: |
    up{job="a"} 0
    up{job="b"} 1
  ...
not ok 3 - bad.test:13 label_replace(up, "job", "\\#1", "", "")
  ---
  message: |
    the query was expected to fail in another way than: vector cannot contain metrics with the same labelset
  expected: |
    expect fail msg: no
  got: |
    expect fail msg: vector cannot contain metrics with the same labelset
  ...
1..3
`);
  });

  it('prints JUnit', () => {
    const { status, stdout } = run(['-o', 'junit', 'bad.test']);
    expect(status).toBe(1);
    const at = 'classname="bad.test"';
    const where = (line: number) => `file="bad.test" line="${line}" time="0"`;
    expect(stdout.replace(/time="[\d.]+"/g, 'time="0"')).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="3" failures="2" errors="0" time="0">
  <testsuite name="bad.test" tests="3" failures="2" errors="0" time="0">
    <testcase ${at} name="5: sum(up)" ${where(5)}/>
    <testcase ${at} name="8: up" ${where(8)}>
      <failure message="up{job=&quot;a&quot;}: expected 1, but got 0">- up{job="a"} 1
- up{job="c"} 1
+ up{job="a"} 0</failure>
    </testcase>
    <testcase ${at} name="13: label_replace(up, &quot;job&quot;, &quot;#1&quot;, &quot;&quot;, &quot;&quot;)" ${where(13)}>
      <failure message="the query was expected to fail in another way than: vector cannot contain metrics with the same labelset">- expect fail msg: no
+ expect fail msg: vector cannot contain metrics with the same labelset</failure>
    </testcase>
  </testsuite>
</testsuites>
`);
  });

  it('runs what --run selects', () => {
    expect(run(['--run', 'sum', '--run', 'never', 'bad.test']).status).toBe(0);
    expect(run(['--run', 'bad.test:8 ', 'bad.test']).status).toBe(1);
    const none = run(['--run', 'never', 'bad.test']);
    expect(none).toMatchObject({ status: 1, stderr: 'error: --run never selects no test\n' });
    expect(run(['--run', '(', 'bad.test']).status).toBe(2);
  });

  it('runs the other evals where one cannot be read', () => {
    const { status, stdout } = run(['-'], 'eval instant at 0 1+\n  1\n\neval instant at 0 2\n  2\n');
    expect(status).toBe(2);
    expect(stdout).toBe(`✗ stdin:1 1+
    stdin:1:21: parse error: unexpected end of input

✗ stdin: 1 failed, 1 passed
`);
  });

  it('does not run a script of which another command cannot be read', () => {
    const { status, stdout } = run(['-'], `${GOOD}\nlaod 1m\n`);
    expect(status).toBe(2);
    expect(stdout).toBe(`✗ stdin:8 the script itself
    invalid command "laod 1m", expected load, clear or eval

✗ stdin: 1 failed, 0 passed
`);
  });

  it('refuses a file that there is not, before it runs any', () => {
    expect(run(['good.test', 'none.test'])).toEqual({
      status: 2,
      stdout: '',
      stderr: 'error: none.test: no such file or directory\n',
    });
  });
});
