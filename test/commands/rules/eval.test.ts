/** rules eval, backfill and backtest, as a user runs them. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tsmon } from '../../cli.ts';

const dir = mkdtempSync(join(tmpdir(), 'tsmon-rules-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** A whole minute, in seconds. */
const T0 = 1_700_000_100;
const at = (minute: number) => String(T0 + minute * 60);
const iso = (minute: number) => new Date((T0 + minute * 60) * 1000).toISOString().replace('.000Z', 'Z');

const RULES = `groups:
- name: g
  rules:
  - {record: 'down:count', expr: 'count(up == 0)'}
  - {alert: Down, expr: 'up == 0', for: 5m, labels: {severity: page}, annotations: {summary: '{{ $labels.instance }} is down'}}
`;

const WIDE = `groups: [{name: g, rules: [{record: wide, expr: 'rate(up[10m]) + rate(up[11m])'}]}]`;

const run = (args: string[], input?: string) =>
  tsmon(args, { cwd: dir, env: { TSMON_DATA: 'data' }, ...(input !== undefined && { input }) });

beforeAll(() => {
  // Down for 15 minutes, and once for 2.
  const down = (minute: number) => (minute >= 10 && minute < 25) || minute === 40 || minute === 41;
  const lines = Array.from({ length: 60 }, (_, m) => `up{instance="a"} ${down(m) ? 0 : 1} ${at(m)}`);
  writeFileSync(join(dir, 'up.om'), `# TYPE up gauge\n${lines.join('\n')}\n# EOF\n`);
  writeFileSync(join(dir, 'r.yml'), RULES);
  expect(run(['tsdb', 'import', '--to', 'data', '-q', 'up.om']).status).toBe(0);
});

describe('rules eval', () => {
  it('evaluates once', () => {
    const { status, stdout } = run(['rules', 'eval', '--at', at(20), '-o', 'text', 'r.yml']);
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: `ALERTS{alertname="Down", alertstate="pending", instance="a", severity="page"} 1 ${at(20)}000
ALERTS_FOR_STATE{alertname="Down", instance="a", severity="page"} 1.7000013e+09 ${at(20)}000
down:count 1 ${at(20)}000
`,
    });
  });

  it('evaluates a range, and shows the alerts at its end', () => {
    const range = ['--start', at(0), '--end', at(20)];
    const { status, stdout } = run(['rules', 'eval', ...range, '-o', 'json', '--fail-if-firing', 'r.yml']);
    expect(status).toBe(1);
    const { alerts, samples, failures } = JSON.parse(stdout);
    expect(alerts).toEqual([
      {
        alert: 'Down',
        group: 'g',
        file: 'r.yml',
        state: 'firing',
        labels: { alertname: 'Down', instance: 'a', severity: 'page' },
        annotations: { summary: 'a is down' },
        value: '0',
        activeAt: iso(10),
        firedAt: iso(15),
      },
    ]);
    const pending = samples.find(
      ({ metric }: { metric: Record<string, string> }) => metric['alertstate'] === 'pending',
    );
    expect(pending.values.at(-1)).toEqual([Number(at(15)), 'stale']);
    expect(failures).toEqual([]);
    const table = run(['rules', 'eval', ...range, '--alerts', 'r.yml']).stdout;
    expect(table).toMatch(
      /^STATE.*\nfiring\s+Down\s+\{instance="a", severity="page"\}\s+0\s+10m\s+a is down\n$/,
    );
  });

  it('goes on from what an evaluation before it had written', () => {
    const source = ['--from', 'data', '--from', 'state'];
    const stored: string[] = [];
    for (const minute of [10, 13, 15, 25]) {
      const from = minute === 10 ? ['--from', 'data'] : source;
      const { stdout } = run(['rules', 'eval', ...from, '--at', at(minute), '-o', 'jsonl', 'r.yml']);
      const { status } = run(['tsdb', 'append', '--to', 'state'], stdout);
      expect(status).toBe(0);
      const { alerts } = JSON.parse(
        run(['rules', 'eval', ...source, '--at', at(minute), '-o', 'json', 'r.yml']).stdout,
      );
      stored.push(alerts.map(({ state }: { state: string }) => state).join());
    }
    expect(stored).toEqual(['pending', 'pending', 'firing', '']);
    const dump = run(['tsdb', 'dump', '--from', 'state', '--output', 'jsonl']).stdout;
    // What was there ten minutes before has ended by itself.
    expect(dump).toContain('ALERTS_FOR_STATE');
  });

  it('evaluates what it can of a file with faults', () => {
    const torn = `${RULES}  - {record: broken, expr: 'sum('}\n  - {alert: T, expr: up, annotations: {a: '{{ nofunc }}'}}\n`;
    const { status, stdout, stderr } = run(
      ['rules', 'eval', '--at', at(20), '-o', 'text', '--from', 'data', '-'],
      torn,
    );
    expect(status).toBe(1);
    expect(stdout).toContain('down:count 1');
    expect(stderr).toMatch(/warning: stdin:6:.*"broken".*parse/);
    expect(stderr).toMatch(/warning: stdin:7:.*nofunc/);
  });

  it('says which rule failed, and evaluates the others', () => {
    const rules = `groups:\n- name: g\n  limit: 1\n  rules:\n  - {record: a, expr: 'label_replace(up, "x", "1", "", "") or up'}\n  - {record: b, expr: 'up'}\n`;
    const { status, stdout, stderr } = run(['rules', 'eval', '--at', at(5), '-o', 'text', '-'], rules);
    expect({ status, stdout }).toEqual({ status: 1, stdout: `b{instance="a"} 1 ${at(5)}000\n` });
    expect(stderr).toBe(
      `warning: stdin:5: a of group g failed at ${iso(5)}: exceeded limit of 1 with 2 series\n`,
    );
  });

  it('warns of rules that write the same series, which is no fault', () => {
    const twice =
      'groups: [{name: g, rules: [{record: one, expr: "vector(1)"}, {record: one, expr: "vector(2)"}, {record: one, expr: "vector(3)", labels: {a: b}}]}]';
    const { status, stderr } = run(['rules', 'eval', '--at', at(20), '-'], twice);
    expect(status).toBe(0);
    expect(stderr).toContain('one is there again with the same labels (line 1)');
    expect(stderr.split('\n').filter((line) => line.includes('again'))).toHaveLength(1);
  });

  it('says how a limit of the query can be raised', () => {
    const { status, stderr } = run(['rules', 'eval', '--at', at(20), '--max-samples', '1', '-'], WIDE);
    expect(status).toBe(1);
    expect(stderr).toContain('(--max-samples sets how many it may be)');
  });

  it('refuses files in which there is nothing', () => {
    const { status, stderr } = run(['rules', 'eval', '-'], 'groups: []');
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: 'error: stdin: there is no rule that could be evaluated\n',
    });
  });
});

describe('rules backfill', () => {
  const range = ['--start', at(0), '--end', at(59)];

  it('writes records and alerts, and nothing twice', () => {
    const first = run(['rules', 'backfill', ...range, '--output-dir', 'out', 'r.yml']);
    expect(first.status).toBe(0);
    expect(first.stderr).toMatch(/^wrote (\d+) samples into \d blocks? of out\n$/);
    const ask = (query: string) =>
      run(['query', '--from', 'out', '--at', at(59), '-o', 'value', query]).stdout;
    expect(ask('count_over_time({__name__="down:count"}[1h])')).toBe('17\n');
    expect(ask('count_over_time(ALERTS{alertstate="firing"}[1h])')).toBe('10\n');
    expect(ask('count_over_time(ALERTS{alertstate="pending"}[1h])')).toBe('7\n');
    const blocks = readdirSync(join(dir, 'out'));
    const again = run(['rules', 'backfill', ...range, '--output-dir', 'out', 'r.yml']);
    expect(again.stderr).toMatch(/^wrote 0 samples into 0 blocks of out; it had \d+ samples already\n$/);
    expect(readdirSync(join(dir, 'out'))).toEqual(blocks);
  });

  it('can leave alerts out', () => {
    run(['rules', 'backfill', ...range, '--no-alerts', '--output-dir', 'records', '-q', 'r.yml']);
    expect(run(['query', 'values', '__name__', '--from', 'records']).stdout).toBe('down:count\n');
  });

  it('takes the source for what it was before, not for what the rules had written', () => {
    run(['rules', 'backfill', ...range, '--output-dir', 'data', '-q', 'r.yml']);
    const changed = RULES.replace('count(up == 0)', 'count(up == 1)');
    const rule = `${changed}  - {record: 'seen', expr: 'down:count'}\n`;
    const { stdout } = run(['rules', 'eval', '--at', at(50), '-o', 'text', '-'], rule);
    expect(stdout).toContain(`seen 1 ${at(50)}000`);
  });

  it('leaves nothing where there is nothing to write', () => {
    const rules = 'groups: [{name: g, rules: [{record: a, expr: nothing}]}]';
    const { status } = run(['rules', 'backfill', ...range, '--output-dir', 'none', '-'], rules);
    expect(status).toBe(0);
    expect(existsSync(join(dir, 'none'))).toBe(false);
  });
});

describe('rules backtest', () => {
  const range = ['--start', at(0), '--end', at(59)];

  it('tells when alerts fired', () => {
    const { status, stdout } = run(['rules', 'backtest', ...range, 'r.yml']);
    expect(status).toBe(0);
    const [title, row, , , timeline] = stdout.split('\n');
    expect(title.split(/\s+/)).toEqual([
      'ALERT',
      'GROUP',
      'FIRED',
      'TOTAL',
      'LONGEST',
      'FLAPS',
      'DROPPED',
      'SERIES',
    ]);
    expect(row.split(/\s+/)).toEqual(['Down', 'g', '1', '10m', '10m', '0', '1', '1']);
    expect(timeline).toMatch(/^Down {2}·+░+█+·+░+·+$/);
  });

  it('knows what goes on at the end until then', () => {
    const args = ['rules', 'backtest', '--start', at(0), '--end', at(20), '-o', 'json', 'r.yml'];
    const [{ firing, firingSeconds, series }] = JSON.parse(run(args).stdout).alerts;
    expect(firing).toEqual([{ start: iso(15), end: iso(20) }]);
    expect(series[0].firing).toEqual(firing);
    expect(firingSeconds).toBe(300);
  });

  it('compares with older rules', () => {
    const old = RULES.replace('for: 5m', 'for: 1m');
    const { stdout } = run(['rules', 'backtest', ...range, '--compare', '-', '-o', 'json', 'r.yml'], old);
    const { alerts, changes } = JSON.parse(stdout);
    expect(alerts[0].firing).toEqual([{ start: iso(15), end: iso(25) }]);
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatchObject({
      alert: 'Down',
      gained: [],
      lost: [
        { start: iso(11), end: iso(15) },
        { start: iso(41), end: iso(42) },
      ],
    });
  });

  it('fails beyond limits', () => {
    const limits = ['--max-firing', '5m', '--max-firings', '0', '--max-longest', '9m', '--max-flaps', '0'];
    const times = ['--expect-firing', `Down@${at(12)}`, '--expect-quiet', `Down@${at(20)}`];
    const { status, stderr } = run(['rules', 'backtest', ...range, ...limits, ...times, 'r.yml']);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `failed: Down fired for 10m, more than 5m
failed: Down fired for 10m without a break, more than 9m
failed: Down fired 1 times, more than 0
failed: Down did not fire at ${iso(12)}, against --expect-firing Down@${at(12)}
failed: Down fired at ${iso(20)}, against --expect-quiet Down@${at(20)}
`,
    });
    expect(run(['rules', 'backtest', ...range, '--expect-firing', `Down@${at(20)}`, 'r.yml']).status).toBe(0);
  });

  it('is a JUnit report, a test for each alert', () => {
    const { status, stdout } = run([
      'rules',
      'backtest',
      ...range,
      '--max-flaps',
      '0',
      '-o',
      'junit',
      'r.yml',
    ]);
    expect(status).toBe(0);
    expect(stdout).toContain('<testsuites tests="1" failures="0"');
    expect(stdout).toContain('name="5: g: Down"');
  });

  it('knows no alert by another name', () => {
    const { status, stderr } = run(['rules', 'backtest', ...range, '--expect-quiet', 'Up', 'r.yml']);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: 'error: --expect-quiet Up: no rule is called Up\n',
    });
  });
});
