/** `tsmon tsdb analyze` as users run it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tsmon } from '../../cli.ts';
import { someSeries, writeBlock } from '../../core/tsdb/analyze/blocks.ts';

const root = mkdtempSync(join(tmpdir(), 'tsmon-analyze-'));
afterAll(() => rmSync(root, { recursive: true }));
const data = join(root, 'data');
let ulid: string;
beforeAll(() => {
  mkdirSync(data);
  ulid = writeBlock(data, someSeries());
});

const analyze = (...args: string[]) => tsmon(['tsdb', 'analyze', '--from', data, ...args]);

describe('tsmon tsdb analyze', () => {
  it('says what is in the newest block', () => {
    const { status, stdout, stderr } = analyze('--limit', '2');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines[0]).toBe(ulid);
    expect(lines[1]).toMatch(/^ {2}time +2026-01-01T00:00:00.000Z to 2026-01-01T01:59:59.999Z \(2h\)$/);
    expect(lines[2]).toMatch(/^ {2}series +49$/);
    expect(stdout).toContain('SERIES  METRIC\n    36  requests_total\n    12  latency\n\n');
    expect(stdout).toContain('VALUES  LABEL\n    12  pod\n');
    expect(stdout).toMatch(/CHURN {2}LABEL PAIR\n/);
  });

  it('prints for programs, of a block, of some series, by any label', () => {
    const { stdout } = analyze(
      '-o',
      'json',
      '--block',
      ulid,
      '--match',
      '{job="api"}',
      '--by',
      'pod',
      '--extended',
    );
    const record = JSON.parse(stdout);
    expect(record).toMatchObject({
      subject: ulid,
      totals: { allSeries: 49, series: 24 },
      shapes: { float: { chunks: expect.any(Number) }, histogram: { buckets: expect.any(Object) } },
      pairsByChurn: expect.any(Array),
    });
    expect(record.groupsBySeries[0]).toEqual({ name: 'pod-000', count: 4 });
    expect(analyze('--block', 'absent')).toMatchObject({
      status: 2,
      stderr: `error: ${data}: has no block absent\n`,
    });
  });

  it('looks at a time, in blocks or in whatever has no blocks', () => {
    const { stdout } = analyze(
      '-o',
      'json',
      '--start',
      '2026-01-01T01:50:00Z',
      '--end',
      '2026-01-01T02:00:00Z',
    );
    expect(JSON.parse(stdout)).toMatchObject({
      totals: { series: 12 + 1 + 6 },
      labelsByValues: expect.any(Array),
    });
    const live = join(root, 'live');
    tsmon(['tsdb', 'append', '--to', live], { input: 'a{x="1"} 1\na{x="2"} 1\nb 1\n' });
    const log = tsmon(['tsdb', 'analyze', '--from', live]);
    expect(log.stdout).toContain('SERIES  METRIC\n     2  a\n     1  b\n');
    const file = join(root, 'file.prom');
    writeFileSync(file, 'a{x="1"} 1\n');
    expect(tsmon(['tsdb', 'analyze', '--from', file]).stdout).toContain('     1  a\n');
  });

  it('compares with another directory, and with another time', () => {
    const other = join(root, 'other');
    mkdirSync(other);
    writeBlock(other, someSeries(14));
    const { stdout } = tsmon(['tsdb', 'analyze', '--from', other, '--diff', data]);
    expect(stdout).toContain(
      'BEFORE  AFTER  CHANGE  SERIES OF METRIC\n    36     42      +6  requests_total\n    12     14      +2  latency\n',
    );
    expect(stdout).toMatch(/^before {2}\w+, 2026-01-01T00/);
    const window = ['--start', '2026-01-01T00:00:00Z', '--end', '2026-01-01T00:01:00Z'];
    const later = analyze(...window, '--diff', '2026-01-01T01:59:00Z', '-o', 'json');
    expect(JSON.parse(later.stdout)).toMatchObject({
      before: { totals: { series: 13 } },
      after: { totals: { series: 16 } },
      metrics: [{ name: 'requests_total', before: 0, after: 3 }],
    });
  });

  it('refuses what cannot be', () => {
    for (const args of [
      ['--start', '2026-01-02', '--end', '2026-01-01'],
      ['--start', 'now-1h', '--extended'],
      ['--diff', 'no-such-thing'],
      ['--match', '{'],
      ['--limit', '-1'],
    ]) {
      expect(analyze(...args)).toMatchObject({ status: 2, stdout: '' });
    }
  });
});
