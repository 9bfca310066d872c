import { expect, it } from 'vitest';
import { tsmon } from '../cli.ts';

it('a value that a flag refuses is told in one line', () => {
  // As a user has it: oclif warns developers of more.
  const env = { NODE_ENV: 'production' };
  expect(tsmon(['rules', 'check', '--lint', 'nope', 'x.yml'], { env })).toEqual({
    status: 2,
    stdout: '',
    stderr: 'error: --lint nope: no such check (one of all, duplicate-rules, none)\n',
  });
});

it('names the flag where its check does not', () => {
  const { status, stderr } = tsmon(['scrape', 'x.prom', '--count', '0']);
  expect(stderr).toMatch(/^error: --count: Expected an integer greater than or equal to 1/);
  expect(status).toBe(2);
});

it.each([
  [['query', 'values'], 'error: NAME is missing (The name of a label)\n'],
  [['query', 'analyze'], 'error: --match is missing\n'],
])('says what is missing: %j', (args, stderr) => {
  const result = tsmon(args);
  expect(result.stderr).toMatch(stderr);
  expect(result.stderr).not.toMatch('allow multiple values');
  expect(result.status).toBe(2);
});

it.each([
  [['tsdb', 'compact', '--from', 'x'], '--from; did you mean --to?'],
  [['tsdb', 'compact', '--dryrun'], '--dryrun; did you mean --dry-run?'],
  [['tsdb', 'dump', '--form', 'x'], '--form; did you mean --from?'],
  [['tsdb', 'ls', '--unheard-of'], '--unheard-of'],
])('guesses which flag was meant: %j', (args, text) => {
  const { status, stderr } = tsmon(args);
  expect(stderr.split('\n')[0]).toBe(`error: Nonexistent flag: ${text}`);
  expect(status).toBe(2);
});
