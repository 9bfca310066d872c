import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseTestScript } from '../../../../src/core/promql/test-language/index.ts';
import { type EvalFailure, runTestScript } from '../../../../src/core/promql/test-runner/index.ts';
import { root } from '../../../cli.ts';

async function failures(text: string): Promise<(EvalFailure | null)[]> {
  const found: (EvalFailure | null)[] = [];
  for await (const { failure } of runTestScript(parseTestScript(text))) found.push(failure);
  return found;
}

async function failure(text: string): Promise<EvalFailure | null> {
  const all = await failures(text);
  expect(all).toHaveLength(1);
  return all[0];
}

const LOAD = `load 1m
  a{x="1"} 0 1 2 3
  a{x="2"} 0 2 4 6
  h {{sum:4 count:3 buckets:[1 2]}}x3

`;

describe('our own scripts', () => {
  const dir = join(root, 'test', 'testdata', 'promql');
  const files = readdirSync(dir).filter((file) => file.endsWith('.test'));

  it.each(files)('%s', async (file) => {
    const failed: string[] = [];
    const script = parseTestScript(readFileSync(join(dir, file), 'utf8'), { file });
    for await (const { command, failure } of runTestScript(script)) {
      if (failure === null) continue;
      const { reason, variant = '', got } = failure;
      failed.push(`${file}:${command.line} ${command.expr}: ${reason} ${variant}\n  ${got.join('\n  ')}`);
    }
    expect(failed.join('\n')).toBe('');
  });
});

describe('running a script', () => {
  it('goes through its commands in order, and clears what was loaded', async () => {
    const text = `${LOAD}eval instant at 1m sum(a)\n  {} 3\n\nclear\n\neval instant at 1m sum(a)\n\nload 1m\n  a 7\n\neval instant at 0 a\n  a 7\n`;
    expect(await failures(text)).toEqual([null, null, null]);
  });

  it('adds what is loaded later to what is there', async () => {
    expect(
      await failure(
        `load 1m\n  a 1 2\n\nload 1m\n  a _ _ 3\n\neval range from 0 to 2m step 1m a\n  a 1 2 3\n`,
      ),
    ).toBe(null);
  });

  it('runs only what is asked for', async () => {
    const script = parseTestScript(
      `${LOAD}eval instant at 1m sum(a)\n  {} 3\n\neval instant at 1m count(a)\n  {} 1\n`,
    );
    const ran: string[] = [];
    for await (const { command } of runTestScript(script, { only: ({ expr }) => expr.startsWith('sum') })) {
      ran.push(command.expr);
    }
    expect(ran).toEqual(['sum(a)']);
  });

  it('takes a difference of less than a millionth for none', async () => {
    expect(await failure(`${LOAD}eval instant at 3m a{x="1"} / 7\n  {x="1"} 0.4285713\n`)).toBe(null);
    expect(await failure(`${LOAD}eval instant at 3m a{x="1"} / 7\n  {x="1"} 0.428573\n`)).not.toBe(null);
  });

  it.each([
    ['a value', 'instant at 1m a{x="1"}\n  a{x="1"} 2', 'a{x="1"}: expected 2, but got 1'],
    ['a series too many', 'instant at 1m a\n  a{x="1"} 1', 'unexpected series a{x="2"} with 2'],
    [
      'a series too few',
      'instant at 1m a{x="1"}\n  a{x="1"} 1\n  a{x="3"} 3',
      'expected a{x="3"} with 3, but it is not in the result',
    ],
    ['a kind of sample', 'instant at 1m h\n  h 3', 'h: expected 3, but got {{count:3 sum:4'],
    ['a bucket', 'instant at 1m h\n  h {{sum:4 count:3 buckets:[2 1]}}', 'but got {{count:3 sum:4'],
    [
      'a counter reset hint, where one is given',
      'instant at 1m h\n  h {{sum:4 count:3 counter_reset_hint:gauge buckets:[1 2]}}',
      'but got {{count:3 sum:4 counter_reset_hint:not_reset buckets:[1 2]}}',
    ],
    ['a type', 'instant at 1m a\n  5', 'expected a scalar, but the result is a vector'],
    ['another type', 'instant at 1m 5', 'expected an instant vector, but the result is a scalar'],
    ['a string', 'instant at 1m "x"\n  expect string "y"', 'expected "y", but got "x"'],
    [
      'the order',
      'instant at 1m sort_desc(a)\n  expect ordered\n  {x="1"} 1\n  {x="2"} 2',
      'unexpected series a{x="2"}',
    ],
    [
      'the order',
      'instant at 1m sort_desc(-a)\n  expect ordered\n  {x="2"} -2\n  {x="1"} -1',
      'expected {x="1"} at position 2, but it is at position 1',
    ],
    ['a point', 'range from 0 to 2m step 1m a{x="1"}\n  a{x="1"} 0 1 3', 'at 120s: expected 3, but got 2'],
    [
      'a missing point',
      'range from 0 to 2m step 1m a{x="1"} > 0\n  a{x="1"} 0 1 2',
      'expected 0 at 0s, but there is nothing',
    ],
    ['a point too many', 'range from 0 to 2m step 1m a{x="1"}\n  a{x="1"} 0 _ 2', 'unexpected 1 at 60s'],
    [
      'points after the end',
      'range from 0 to 1m step 1m a{x="1"}\n  a{x="1"} 0 1 2',
      'the range ends before them',
    ],
    ['a failure', 'instant at 1m a + on() a', 'the query failed: found duplicate series'],
    ['no failure', 'instant at 1m a\n  expect fail', 'expected to fail, but did not'],
    ['another failure', 'instant at 1m a + on() a\n  expect fail msg: no', 'expected to fail in another way'],
    [
      'a warning',
      'instant at 1m quantile(2, a)\n  expect no_warn\n  {} +Inf',
      'expected no warning, but got',
    ],
    ['no warning', 'instant at 1m sum(a)\n  expect warn\n  {} 3', 'expected the warning, but got none'],
    [
      'another info',
      'instant at 1m rate(a[2m])\n  expect info msg: no\n  {x="1"} 0.016666667\n  {x="2"} 0.0333333333',
      'expected the info no, but got PromQL info: metric might not be a counter',
    ],
    [
      'one info too many',
      'instant at 1m rate(a[2m]) + min(h)\n  expect info regex: ignored',
      'unexpected info PromQL info: metric might not be a counter',
    ],
  ])('tells of %s that differs', async (_what, text, reason) => {
    expect((await failure(`${LOAD}eval ${text}\n`))?.reason).toContain(reason);
  });

  it('shows what was expected and what there is as lines of a script', async () => {
    expect(await failure(`${LOAD}eval range from 0 to 3m step 1m a > 1\n  a{x="1"} 0 1 2 3\n`)).toMatchObject(
      {
        expected: ['a{x="1"} 0 1 2 3'],
        got: ['a{x="1"} _ _ 2 3', 'a{x="2"} _ 2 4 6'],
      },
    );
    const gaps = `${LOAD}eval range from 0 to 3m step 20s last_over_time(a{x="2"}[20s]) > 3\n  a{x="2"} _x6 4 _x2 5\n`;
    expect(await failure(gaps)).toMatchObject({
      expected: ['a{x="2"} _x6 4 _ _ 5'],
      got: ['a{x="2"} _x6 4 _ _ 6'],
    });
    expect((await failure(`${LOAD}eval instant at 90s a{x="1"}[1m]\n  a 1\n`))?.got).toEqual([
      'a{x="1"} 1@60',
    ]);
    expect((await failure(`${LOAD}eval instant at 0 a + on() a\n`))?.got[0]).toMatch(
      /^expect fail msg: found dup/,
    );
  });

  it('compares a range vector at the times that are given', async () => {
    const text = `${LOAD}eval instant at 3m a{x="2"}[2m]\n  expect range vector from 2m to 3m step 1m\n`;
    expect(await failure(`${text}  a{x="2"} 4 6\n`)).toBe(null);
    expect((await failure(`${text}  a{x="2"} 4 7\n`))?.reason).toContain('expected 7, but got 6');
  });

  it('says that a query is no PromQL, even where a failure is expected', async () => {
    expect((await failure('eval instant at 0 a{\n  expect fail\n'))?.reason).toContain('parse error');
  });

  it('fails as a whole where a classic histogram cannot be converted', async () => {
    const text = 'load_with_nhcb 1m\n  h_bucket{le="1"} 2\n  h_bucket{le="+Inf"} 1\n';
    await expect(failures(text)).rejects.toThrow('bucket counts are not cumulative');
  });

  it('makes native histograms of classic ones', async () => {
    const text = `load_with_nhcb 1m
  h_bucket{le="1"} 2 3.5
  h_bucket{le="+Inf"} 5 6
  h_count 5 6
  h_sum 9 11
  h_total 1 1

eval range from 0 to 1m step 1m h
  h {{schema:-53 sum:9 count:5 custom_values:[1] buckets:[2 3]}} {{schema:-53 sum:11 count:6 custom_values:[1] buckets:[3.5 2.5]}}
`;
    expect(await failure(text)).toBe(null);
  });
});

describe('an instant query is also asked in other ways', () => {
  it('and the way is told where the answer differs', async () => {
    // A range query sorts nothing: what is expected in order cannot be asked for so, and is not.
    expect(
      await failure(`${LOAD}eval instant at 1m sort(-a)\n  expect ordered\n  {x="2"} -2\n  {x="1"} -1\n`),
    ).toBe(null);
  });

  it('but not where it asks for the times of the query', async () => {
    for (const expr of ['end() - start()', 'vector(range())', 'sum(a offset step())', 'sum(a @ start())']) {
      const text = `${LOAD}eval instant at 2m ${expr}\n`;
      expect((await failure(text))?.variant).toBe(undefined);
    }
  });
});
