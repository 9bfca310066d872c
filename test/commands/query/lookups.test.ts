/** The commands below `tsmon query`. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tsmon } from '../../cli.ts';
import { END, histogramData, textData } from './data.ts';

let dir: string;
/** The same data in a file, and in a directory. */
let from: string[];

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-lookups-'));
  const text = join(dir, 'data.prom');
  const histograms = join(dir, 'histograms.jsonl');
  writeFileSync(text, textData());
  writeFileSync(histograms, histogramData());
  expect(tsmon(['tsdb', 'append', '--to', join(dir, 'data'), text, histograms]).status).toBe(0);
  from = [`--from=${text}`, `--from=${histograms}`, `--from=${join(dir, 'data')}`];
});
afterAll(() => rmSync(dir, { recursive: true }));

const run = (...args: string[]) => tsmon(['query', ...args]);
const json = (text: string) => JSON.parse(text).data;

describe('labels, values and series', () => {
  it('lists names of labels', () => {
    expect(run('labels', ...from).stdout).toBe('__name__\ninstance\njob\n');
    expect(run('labels', ...from, '--match', 'latency').stdout).toBe('__name__\njob\n');
    expect(json(run('labels', ...from, '-o', 'json', '--limit', '1').stdout)).toEqual(['__name__']);
  });

  it('lists values of a label', () => {
    expect(run('values', 'instance', ...from).stdout).toBe('a\nb\nc\n');
    expect(run('values', 'instance', ...from, '--match', 'up', '--match', 'latency').stdout).toBe('a\nb\n');
    expect(run('values', 'nothing', ...from, '--fail-if-empty')).toEqual({
      status: 1,
      stdout: '',
      stderr: '',
    });
  });

  it('lists series, each once', () => {
    expect(run('series', ...from, 'up', '{instance="a"}').stdout).toBe(
      'requests_total{instance="a", job="api"}\nup{instance="a", job="api"}\nup{instance="b", job="api"}\n',
    );
    expect(run('series', ...from).stdout.split('\n')).toHaveLength(8);
    expect(json(run('series', ...from, '-o', 'json', 'load').stdout)).toEqual([
      { __name__: 'load', instance: 'c', job: 'node' },
    ]);
  });

  it('lists what there is in a stretch of time', () => {
    const file = from[0];
    expect(run('series', file, '--start', '2026-01-02').stdout).toBe('');
    expect(run('series', file, '--start', String(END), '--end', String(END), 'load').stdout).toBe(
      'load{instance="c", job="node"}\n',
    );
  });
});

describe('standard input', () => {
  it.each([
    [['labels'], '__name__\n'],
    [['values', '__name__'], 'a\n'],
    [['series'], 'a\n'],
    [['metadata', '-o', 'json'], '{"status":"success","data":{}}\n'],
    [['exemplars', 'a'], ''],
  ])('is a source for %j', (args, expected) => {
    expect(tsmon(['query', ...args, '--from', '-'], { input: 'a 1\n' }).stdout).toBe(expected);
  });
});

describe('metadata', () => {
  it('is type, unit and help, in columns', () => {
    const { stdout } = run('metadata', ...from);
    expect(stdout).toMatch(/^metric +type +unit +help\n/);
    expect(stdout).toContain('requests_total  counter          Requests that were served.\n');
  });

  it("is the API's answer as JSON", () => {
    expect(json(run('metadata', ...from, 'load', '-o', 'json').stdout)).toEqual({
      load: [{ type: 'gauge', help: '', unit: '' }],
    });
  });

  it('of a part of a family is that of the family', () => {
    const input = '# TYPE h histogram\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n';
    for (const metric of [[], ['h'], ['h_sum']]) {
      const { stdout } = tsmon(['query', 'metadata', '--from', '-', '-o', 'json', ...metric], { input });
      expect(json(stdout)).toEqual({ h: [{ type: 'histogram', help: '', unit: '' }] });
    }
  });
});

describe('exemplars', () => {
  it('are those of all selectors of an expression', () => {
    expect(run('exemplars', ...from, 'rate(calls_total[5m]) / up').stdout).toBe(
      `calls_total{job="api"} {trace_id="abc"} 0.5 ${END - 1}\n`,
    );
    expect(json(run('exemplars', ...from, '-o', 'json', '{job="api"}').stdout)).toEqual([
      {
        seriesLabels: { __name__: 'calls_total', job: 'api' },
        exemplars: [{ labels: { trace_id: 'abc' }, value: '0.5', timestamp: (END - 1) / 1000 }],
      },
    ]);
  });
});

describe('format and parse', () => {
  it('lay out an expression, from an argument or standard input', () => {
    const long = `sum by (job) (rate(${'long'.repeat(12)}_total{code=~"5.."}[5m])) / sum by (job) (rate(b[5m]))`;
    const laidOut = run('format', long).stdout;
    expect(laidOut).toMatch(/^ {2}sum by \(job\) \(rate\(/m);
    expect(laidOut).toContain('\n/\n');
    expect(tsmon(['query', 'format'], { input: `${long}\n` }).stdout).toBe(laidOut);
    expect(run('format', 'sum(up')).toMatchObject({ status: 2, stdout: '' });
  });

  it('print the tree as JSON', () => {
    expect(JSON.parse(run('parse', '--', '-up').stdout)).toMatchObject({ type: 'unaryExpr', op: '-' });
    expect(run('parse', 'limitk(1, up)').status).toBe(2);
    expect(run('parse', '--enable-feature=promql-experimental-functions', 'limitk(1, up)').status).toBe(0);
  });
});

describe('explain', () => {
  const at = ['--at', String(END)];

  it('shows operators, series, and what is selected', () => {
    expect(run('explain', ...from, ...at, 'sum by (job) (rate(requests_total[5m]))').stdout).toBe(
      [
        '   operator                  series',
        '1  sum by (job)                   1',
        '2  └─ rate(…)                     2',
        '3     └─ requests_total[5m]       2  selects 2 series, 2026-01-01T00:05:00.001Z to 2026-01-01T00:10:00.000Z',
        '',
      ].join('\n'),
    );
  });

  it('shows what is shared, and what is pinned', () => {
    const { stdout } = run(
      'explain',
      ...from,
      '--since',
      '5m',
      '--end',
      'latest',
      'up / sum(up @ end()) + up',
    );
    expect(stdout).toContain('as 3, evaluated once');
    expect(stdout).toContain('once for all steps');
  });

  it('puts remarks below the tree where the terminal is narrow', () => {
    const { stdout } = tsmon(['query', 'explain', ...from, ...at, 'up'], { env: { COLUMNS: '50' } });
    expect(stdout).toMatch(/^1: selects 2 series/m);
  });

  it('needs no data', () => {
    expect(existsSync(join(dir, 'data', 'data'))).toBe(false);
    const { status, stdout } = tsmon(['query', 'explain', 'up'], { cwd: join(dir, 'data') });
    expect([status, stdout]).toEqual([0, expect.stringContaining('selects 0 series')]);
  });

  it('gives the plan as JSON', () => {
    expect(JSON.parse(run('explain', ...from, ...at, '-o', 'json', 'abs(up)').stdout)).toMatchObject({
      id: 1,
      expr: 'abs(up)',
      series: 2,
      children: [{ id: 2, selections: [{ start: END / 1000 - 299.999, end: END / 1000, series: 2 }] }],
    });
  });

  it('explains what cannot be parsed as a query does', () => {
    expect(run('explain', ...from, 'up +').stderr).toContain('  up +\n      ^\n');
  });
});

describe('profile', () => {
  it('shows what every part read and handed on', () => {
    const args = [...from, '--since', '1m', '--end', 'latest', '--step', '15s', 'sum(requests_total)'];
    const { plan, samplesRead } = JSON.parse(run('profile', '-o', 'json', ...args).stdout);
    expect(plan).toMatchObject({
      points: 5,
      samples: 0,
      children: [{ series: 2, points: 10, samples: samplesRead }],
    });
    expect(samplesRead).toBeGreaterThan(40);
    const { stdout } = run('profile', ...args);
    expect(stdout).toMatch(/^operator +time +self +series +points +samples/);
    expect(stdout).toMatch(/^└─ requests_total +[\d.]+ +[\d.]+ +2 +10 /m);
  });
});

describe('analyze', () => {
  it('counts populated buckets', () => {
    const input = [0, 1]
      .flatMap((i) =>
        ['0.1', '0.5', '1', '+Inf'].map((le, b) => `h_bucket{le="${le}"} ${i + (b >= 2 ? 3 : 0)} ${END + i}`),
      )
      .join('\n');
    const classic = tsmon(
      ['query', 'analyze', '--from', '-', '--at', String(END + 1), '--match', 'h_bucket'],
      {
        input: `${input}\n`,
      },
    );
    expect(classic.stdout).toContain('\n- h_bucket{} (classic): 1/1.500/2/4\n');
    expect(classic.stdout).toContain('Classic histogram series (1 in total):\n- min populated: 1/1.000/1\n');
    const native = run('analyze', ...from, '--at', 'latest', '--match', '{job="api"}').stdout;
    expect(native).toContain('\n- latency{job="api"} (native): 3/3.000/3\n');
  });
});
