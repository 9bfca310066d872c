/** `tsmon query` as users run it. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Finished, startTsmon, tsmon } from '../../cli.ts';
import { serveHttp } from '../../core/http/servers.ts';
import { END, histogramData, START, STEP, textData } from './data.ts';

let dir: string;
let file: string;
let histograms: string;
let data: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-query-'));
  file = join(dir, 'data.prom');
  histograms = join(dir, 'histograms.jsonl');
  data = join(dir, 'data');
  writeFileSync(file, textData());
  writeFileSync(histograms, histogramData());
  expect(tsmon(['tsdb', 'append', '--to', data, file, histograms]).status).toBe(0);
});
afterAll(() => rmSync(dir, { recursive: true }));

const query = (...args: string[]): Finished => tsmon(['query', '--from', file, ...args]);
const latest = (...args: string[]): Finished => query('--at', 'latest', ...args);
const ok = (stdout: string, stderr = ''): Finished => ({ status: 0, stdout, stderr });

describe('the time', () => {
  it('is now, unless a flag says otherwise', () => {
    expect(query('up').stdout).toBe('');
    expect(latest('up{instance="a"}')).toEqual(ok(`up{instance="a", job="api"} 1 ${END}\n`));
    expect(query('--at', '2026-01-01T00:01:00Z', 'load').stdout).toBe(
      `load{instance="c", job="node"} 1.6 ${START + 60_000}\n`,
    );
  });

  it('is a range with --start or --since', () => {
    const range = ['--step', '30s', 'load'];
    const expected = `load{instance="c", job="node"} 1.8 ${END - 2 * STEP}\nload{instance="c", job="node"} 2 ${END}\n`;
    expect(query('--start', String(END - 2 * STEP), '--end', 'latest', ...range)).toEqual(ok(expected));
    expect(query('--since', '30s', '--end', 'latest', ...range)).toEqual(ok(expected));
  });

  it('has 250 steps of whole seconds unless --step says otherwise', () => {
    const rows = query('--since', '10m', '--end', 'latest', '-o', 'value', 'vector(1)').stdout.split('\n');
    expect(rows.length - 1).toBe(301);
  });

  it.each([
    [['--at', 'now', '--since', '1h'], '--at is for one time: where a range ends is told by --end now'],
    [['--step', '1m'], '--step needs --start or --since'],
    [['--end', 'now'], '--end needs --start or --since'],
    [['--start', 'now-1h', '--since', '1h'], '--start and --since exclude each other'],
    [['--start', 'now', '--end', 'now-1h'], 'the end of the range lies before its start'],
    [['--since', '1h', '--step', '0'], '--step must be more than 0'],
    [['--at', 'yesterday'], 'cannot parse "yesterday" to a valid timestamp'],
  ])('%j is refused', (args, reason) => {
    expect(query(...args, 'up')).toEqual({ status: 2, stdout: '', stderr: `error: ${reason}\n` });
  });
});

describe('the sources', () => {
  it('may be standard input, with the flag before or behind the query', () => {
    for (const args of [
      ['--from', '-', 'a'],
      ['a', '--from', '-'],
    ]) {
      const { stdout, status } = tsmon(['query', ...args, '-o', 'value'], { input: 'a 17\n' });
      expect({ stdout, status }).toEqual({ stdout: '17\n', status: 0 });
    }
  });

  it('may be several, with a sample that both have only once', () => {
    const more = join(dir, 'more.prom');
    writeFileSync(more, `load{job="node",instance="c"} 2 ${END}\nload{job="node",instance="d"} 5 ${END}\n`);
    const { stdout } = tsmon(['query', '--from', file, '--from', more, '--at', String(END), 'load[20s]']);
    const c = 'load{instance="c", job="node"}';
    expect(stdout).toBe(`${c} 1.9 ${END - STEP}\n${c} 2 ${END}\nload{instance="d", job="node"} 5 ${END}\n`);
  });

  it('may be a directory, named by the environment', () => {
    const { stdout, stderr } = tsmon(['query', '--at', 'latest', 'sum(requests_total)'], {
      env: { TSMON_DATA: data },
    });
    expect([stdout, stderr]).toEqual([`{} 1200 ${END}\n`, '']);
  });

  it('must be there', () => {
    expect(tsmon(['query', '--from', join(dir, 'nowhere'), 'up'])).toMatchObject({
      status: 2,
      stderr: `error: ${join(dir, 'nowhere')}: no such file or directory\n`,
    });
    expect(tsmon(['query', 'up'], { cwd: dir.replace(/[^/]+$/, '') }).stderr).toContain(
      'there is no data/ here',
    );
  });

  it('are named where they are at fault', () => {
    const bad = join(dir, 'bad.prom');
    writeFileSync(bad, 'a 1\nb{c="d" 2\n');
    expect(tsmon(['query', '--from', bad, 'a'])).toMatchObject({ status: 2, stdout: '' });
    expect(tsmon(['query', '--from', bad, 'a']).stderr).toContain(`${bad}:2:`);
  });
});

describe('a server', () => {
  it('gets credentials, headers, and what flags say of the query', async () => {
    const asked: string[] = [];
    const url = await serveHttp((request, response) => {
      let text = '';
      request.on('data', (piece) => {
        text += piece;
      });
      request.on('end', () => {
        const { authorization, 'x-scope-orgid': tenant } = request.headers;
        asked.push(`${request.method} ${request.url} ${authorization} ${tenant} ${text}`);
        response.end(
          '{"status":"success","data":{"resultType":"scalar","result":[1,"5"]},"warnings":["half of it"]}',
        );
      });
    });
    const args = ['--user', 'me:secret', '--header', 'X-Scope-OrgID: t', '--timeout', '3s', '--at', '1'];
    const child = startTsmon(['query', '--from', `${url}/prom/`, ...args, '5'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [[stdout], [stderr], [status]] = await Promise.all([
      once(child.stdout!, 'data'),
      once(child.stderr!, 'data'),
      once(child, 'exit'),
    ]);
    expect([status, String(stdout), String(stderr)]).toEqual([0, '5 1000\n', 'warning: half of it\n']);
    const basic = Buffer.from('me:secret').toString('base64');
    expect(asked).toEqual([`POST /prom/api/v1/query Basic ${basic} t query=5&time=1&timeout=3`]);
  });

  it('that is not there is named', () => {
    const { status, stderr } = tsmon(['query', '--from', 'http://127.0.0.1:1', 'up']);
    expect([status, stderr]).toEqual([
      2,
      'error: http://127.0.0.1:1/api/v1/query: connecting to 127.0.0.1:1: connection refused\n',
    ]);
  });
});

describe('--watch', () => {
  it('needs a terminal', () => {
    expect(query('--watch', 'up')).toEqual({
      status: 2,
      stdout: '',
      stderr: 'error: --watch needs a terminal to write to\n',
    });
  });
});

describe('--output', () => {
  const two = ['--since', '15s', '--end', 'latest', '--step', '15s'];

  it('text has a line for each sample, whatever it is', () => {
    expect(latest('sum(load)').stdout).toBe(`{} 2 ${END}\n`);
    expect(latest('1 + 1').stdout).toBe(`2 ${END}\n`);
    expect(latest('"words"').stdout).toBe('words\n');
    expect(tsmon(['query', '--from', histograms, '--at', 'latest', 'latency']).stdout).toBe(
      `latency{job="api"} {count:8, sum:12, [-0.001,0.001]:2, (0.5,1]:2, (1,2]:4} ${END}\n`,
    );
    expect(query('--at', 'latest', 'load[20s]').stdout.split('\n')).toHaveLength(3);
  });

  it("json is the HTTP API's answer", () => {
    expect(JSON.parse(latest('-o', 'json', 'up == 0').stdout)).toEqual({
      status: 'success',
      data: {
        resultType: 'vector',
        result: [{ metric: { __name__: 'up', instance: 'b', job: 'api' }, value: [END / 1000, '0'] }],
      },
    });
    const ranged = query('-o', 'json', ...two, 'rate(load[1m])');
    expect(JSON.parse(ranged.stdout)).toMatchObject({
      data: { resultType: 'matrix', result: [{ metric: { instance: 'c', job: 'node' } }] },
      infos: [
        'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "load" (1:6)',
      ],
    });
  });

  it('json of a query that fails is an answer too', () => {
    const { status, stdout, stderr } = latest('-o', 'json', 'sum(');
    expect(status).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      status: 'error',
      errorType: 'bad_data',
      error: 'invalid parameter "query": 1:5: parse error: unclosed left parenthesis',
    });
    expect(stderr).toContain('error: 1:5: parse error: unclosed left parenthesis\n');
  });

  it('value is values alone', () => {
    expect(latest('-o', 'value', 'requests_total').stdout).toBe('1200\n0\n');
  });

  it.each([
    ['prom', `load{instance="c",job="node"} 2 ${END}\n`],
    ['csv', `series,timestamp,value\n"load{instance=""c"", job=""node""}",${END},2\n`],
    [
      'jsonl',
      `{"metric":{"__name__":"load","instance":"c","job":"node"},"values":[2],"timestamps":[${END}]}\n`,
    ],
  ])('%s is what other programs read', (output, expected) => {
    expect(latest('-o', output, 'load')).toEqual(ok(expected));
  });

  it('openmetrics ends as it must', () => {
    expect(latest('-o', 'openmetrics', 'load').stdout).toMatch(
      /load\{instance="c",job="node"\} 2 .*\n# EOF\n$/,
    );
  });

  it('says what a format cannot carry', () => {
    expect(latest('-o', 'prom', 'sum(load)')).toEqual(
      ok('', 'warning: left out, because prom cannot carry them: 1 nameless sample\n'),
    );
  });

  it('table shows once what all series have in common', () => {
    expect(latest('-o', 'table', 'requests_total').stdout).toBe(
      [
        'requests_total{job="api"}',
        'instance  value',
        'a          1200',
        'b             0',
        '2 series at 2026-01-01T00:10:00.000Z',
        '',
      ].join('\n'),
    );
    expect(latest('-o', 'table', '{__name__=~"up|load"}').stdout).toContain(
      'metric  instance  job   value\n',
    );
    expect(latest('-o', 'table', 'nothing').stdout).toBe('no series at 2026-01-01T00:10:00.000Z\n');
    expect(latest('-o', 'table', '3').stdout).toBe('3\n');
  });

  it('table of a range shows extremes and course', () => {
    const { stdout } = query('--since', '10m', '--end', 'latest', '-o', 'table', 'load');
    expect(stdout).toMatch(/^ *min +avg +max +last +trend\n +0 +1\.00332 +2 +2 +█/m);
    expect(stdout).toContain('█');
  });

  it('table becomes a list where the terminal is narrow', () => {
    const { stdout } = tsmon(
      ['query', '--from', file, '--at', 'latest', '-o', 'table', '{__name__=~"up|load|requests_total"}'],
      { env: { COLUMNS: '30' } },
    );
    expect(stdout.split('\n').every((line) => line.length <= 36)).toBe(true);
    expect(stdout).toContain('requests_total{');
    expect(stdout).toContain('1200');
  });

  it('graph draws the last hour unless it is told otherwise', () => {
    const { stdout } = query('--since', '10m', '--end', 'latest', '-o', 'graph', 'load');
    const lines = stdout.split('\n');
    expect(lines.filter((line) => /[\u2801-\u28ff]/.test(line))).toHaveLength(15);
    expect(lines.every((line) => line.length <= 80)).toBe(true);
    expect(stdout).toContain('━ load{instance="c", job="node"} 2\n');
    expect(query('-o', 'graph', 'load').stdout).toBe('(no values to draw)\n');
  });
});

describe('the exit status', () => {
  it.each([
    ['--fail-if-empty', 'nothing', 1],
    ['--fail-if-empty', 'up', 0],
    ['--fail-if-any', 'up == 0', 1],
    ['--fail-if-any', 'up == 2', 0],
  ])('with %s of %s is %i', (flag, expr, status) => {
    expect(latest(flag, expr).status).toBe(status);
  });

  it('is 0 when the reader goes away', async () => {
    const child = startTsmon(
      ['query', '--from', file, '--since', '10m', '--end', 'latest', '--step', '10ms', 'up'],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let stderr = '';
    child.stderr!.on('data', (piece) => {
      stderr += piece;
    });
    await once(child.stdout!, 'data');
    child.stdout!.destroy();
    const [status] = await once(child, 'exit');
    expect([status, stderr]).toEqual([0, '']);
  });

  it('is that of the signal, in the middle of an evaluation too', async () => {
    const terms = Array.from({ length: 300 }, (_, i) => `predict_linear(requests_total[10m], ${i})`);
    const range = ['--since', '10m', '--end', 'latest', '--step', '1ms', '--max-samples', '1000000000'];
    const child = startTsmon(['query', '--from', file, ...range, terms.join(' + ')], {
      stdio: 'ignore',
    });
    const exited = once(child, 'exit');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    child.kill('SIGINT');
    expect(await exited).toEqual([null, 'SIGINT']);
  });
});

describe('errors', () => {
  it.each([
    ['rate(up)', ['1:6: parse error: expected type range vector', '  rate(up)\n       ^^\n', 'add a range']],
    ['rat(up[5m])', ['unknown function with name "rat"', 'did you mean rate?']],
    ['{job=~".*"}', ['must contain at least one non-empty matcher', 'name a metric']],
    ['up + on (job) up', ['many-to-many matching not allowed', '  up + on (job) up\n']],
    ['limitk(1, up)', ['--enable-feature=promql-experimental-functions']],
  ])('%s is explained', (expr, parts) => {
    const { status, stdout, stderr } = latest(expr);
    expect([status, stdout]).toEqual([2, '']);
    for (const part of parts) expect(stderr).toContain(part);
  });

  it('are shown within the width of the terminal', () => {
    const long = `sum by (mode) (rate(requests_total{job=~"${'x'.repeat(80)}"}[5m]) / on (instance) foo`;
    const { stderr } = tsmon(['query', '--from', file, long], { env: { COLUMNS: '50' } });
    const [, shown, marks] = stderr.split('\n');
    expect(shown.length).toBeLessThanOrEqual(50);
    expect(shown).toMatch(/^ {2}….*on \(instance\) foo$/);
    expect(marks.trim()).toBe('^');
    expect(marks.length).toBe(shown.length + 1);
  });

  it('of too many samples names the flag', () => {
    const { status, stderr } = latest('--max-samples', '3', 'requests_total[10m]');
    expect(status).toBe(2);
    expect(stderr).toContain('would load too many samples');
    expect(stderr).toContain('--max-samples');
  });

  it('of time says how to have more', () => {
    // The clock is not looked at for every series.
    const parts = Array.from({ length: 20 }, (_, i) => `up offset ${i}s`);
    const query = `count_over_time((${parts.join(' or ')} or hour())[20d:10s])`;
    const { status, stderr } = latest('--timeout', '1ms', query);
    expect(status).toBe(2);
    expect(stderr).toContain('query timed out in expression evaluation\n  allow more time with --timeout\n');
  });

  it('of an expression that looks like a flag says what to do', () => {
    const { status, stderr } = latest('-up');
    expect(status).toBe(2);
    expect(stderr).toContain('goes behind --');
    expect(latest('-o', 'value', '--', '-up')).toEqual(ok('-1\n-0\n'));
  });

  it('of features names those that there are', () => {
    expect(latest('--enable-feature', 'promql-everything', 'up').stderr).toContain(
      'promql-experimental-functions',
    );
    const enabled = latest(
      '--enable-feature',
      'promql-experimental-functions',
      '-o',
      'value',
      'limitk(1, up)',
    );
    expect(enabled).toEqual(ok('1\n'));
  });
});

describe('hints', () => {
  it.each([
    ['requests_totl', 'there is no metric requests_totl: did you mean requests_total?'],
    ['requests', 'there is no metric requests: did you mean requests_total?'],
    ['up{job="apy"}', 'no series of up has job="apy": job is api'],
    ['up{jop="api"}', 'no series of up has jop="api": none has a label jop'],
    ['load{job="node",instance="a"}', 'no series of load has instance="a": instance is c'],
    ['rate(nothing[5m]) > 1', 'there is no metric nothing'],
    ['rate(requests_total[10s])', 'rate() needs two samples of a series in its window, and there is one'],
  ])('say why %s has no series', (expr, hint) => {
    expect(latest(expr)).toEqual(ok('', `hint: ${hint}\n`));
  });

  it('of a directory without data is asked whether it was meant', () => {
    const bare = mkdtempSync(join(dir, 'bare-'));
    const hint = `hint: ${bare} has no blocks and no write-ahead log: is it a data directory?\n`;
    expect(tsmon(['query', '--from', bare, 'up'])).toEqual(ok('', hint));
  });

  it('say when there would be samples', () => {
    expect(query('--at', '2026-01-02', 'load').stderr).toBe(
      'hint: the newest sample is of 2026-01-01T00:10:00.000Z, 23h50m before the time asked for: try --at latest\n',
    );
    expect(tsmon(['query', '--from', data, '--at', '2026-01-02', 'load']).stderr).toContain(
      'the newest sample is of',
    );
    expect(query('--at', '2025-01-02', 'load').stderr).toContain('which is after the time asked for');
  });

  it('say nothing of a condition that does not hold', () => {
    expect(latest('up > 1')).toEqual(ok(''));
  });

  it('say what suits a gauge, and what a counter', () => {
    expect(latest('rate(load[5m])').stderr).toContain(
      'hint: load is a gauge, and rate() takes every decrease',
    );
    expect(latest('deriv(requests_total[5m])').stderr).toContain(
      'hint: requests_total is a counter, and deriv()',
    );
    expect(latest('rate(requests_total[5m])').stderr).toBe('');
  });
});
