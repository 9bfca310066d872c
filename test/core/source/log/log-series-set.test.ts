import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Histogram,
  type Labels,
  labelsFromObject,
  labelsFromPairs,
  Matcher,
  readBits,
  SampleColumns,
} from '../../../../src/core/model/index.ts';
import { type LogSelectOptions, LogSeriesSet } from '../../../../src/core/source/log/log-series-set.ts';
import { LogStore } from '../../../../src/core/source/log/log-store.ts';
import { LogView } from '../../../../src/core/source/log/log-view.ts';
import type { SeriesSet } from '../../../../src/core/source/source.ts';
import {
  encodeTombstones,
  HistogramsEncoder,
  histogramRecordType,
  LogWriter,
  SamplesEncoder,
  SamplesWithStartEncoder,
  SeriesEncoder,
} from '../../../../src/core/tsdb/wal/index.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-logset-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const ALL: LogSelectOptions = { mint: -1e15, maxt: 1e15, minTime: Number.NEGATIVE_INFINITY };
const everything = [new Matcher('=~', '__name__', '.*')];

function histogram(count: number): Histogram {
  return {
    isFloat: count % 2 === 1,
    counterReset: 0,
    schema: 0,
    zeroThreshold: 0,
    zeroCount: count,
    count,
    sum: 0.5,
    stale: false,
    positiveSpans: [],
    negativeSpans: [],
    positiveBuckets: new Float64Array(0),
    negativeBuckets: new Float64Array(0),
    customValues: new Float64Array(0),
  };
}

type Entry =
  | { kind: 'series'; ref: number; labels: Labels }
  | { kind: 'sample'; ref: number; t: number; v: number; st?: number; log?: 'wbl' }
  | { kind: 'histogram'; ref: number; t: number; v: number; log?: 'wbl' }
  | { kind: 'delete'; ref: number; mint: number; maxt: number };

/** One record for each entry. */
function write(entries: readonly Entry[]): void {
  const wal = new LogWriter(join(dir, 'wal'), { segment: 0, offset: 0 });
  const wbl = new LogWriter(join(dir, 'wbl'), { segment: 0, offset: 0 });
  for (const e of entries) {
    const log = 'log' in e && e.log === 'wbl' ? wbl : wal;
    if (e.kind === 'series') {
      const encoder = new SeriesEncoder();
      encoder.add(e.ref, e.labels);
      log.log(encoder.record());
    } else if (e.kind === 'delete') log.log(encodeTombstones([e]));
    else if (e.kind === 'histogram') {
      const encoder = new HistogramsEncoder(histogramRecordType(histogram(e.v)));
      encoder.add(e.ref, e.t, histogram(e.v));
      log.log(encoder.record());
    } else {
      const bits = new Uint32Array(2);
      readBits(Float64Array.of(e.v), 0, bits);
      if (e.st === undefined) {
        const encoder = new SamplesEncoder();
        encoder.add(e.ref, e.t, bits[0], bits[1]);
        log.log(encoder.record());
      } else {
        const encoder = new SamplesWithStartEncoder();
        encoder.add(e.ref, e.t, e.st, bits[0], bits[1]);
        log.log(encoder.record());
      }
    }
  }
  for (const log of [wal, wbl]) {
    log.flush();
    log.close();
  }
}

/** By a pass over the log; the same must come of the log kept in memory, in one piece or in several. */
function select(matchers: readonly Matcher[], options: Partial<LogSelectOptions> = {}): [string, string[]][] {
  const view = new LogView(dir);
  const wanted = { ...ALL, ...options };
  const found = rowsOf(new LogSeriesSet(view, matchers, wanted));
  const store = new LogStore(view, wanted.minTime);
  store.select([], ALL);
  expect(rowsOf(store.select(matchers, wanted))).toEqual(found.filter(([, rows]) => rows.length > 0));
  const { groupRows, minTime } = wanted;
  const pieces = new LogSeriesSet(view, [], { ...ALL, minTime, ...(groupRows && { groupRows }) });
  expect(rowsOf(pieces.within(matchers, wanted))).toEqual(found.filter(([, rows]) => rows.length > 0));
  view.close();
  return found;
}

function rowsOf(set: SeriesSet): [string, string[]][] {
  const out = new SampleColumns();
  const found: [string, string[]][] = [];
  for (let i = 0; i < set.length; i++) {
    out.clear();
    set.read(i, out);
    const rows = Array.from({ length: out.length }, (_, row) => {
      const h = out.histograms?.[row];
      const st = out.st?.[row] ? ` st ${out.st[row]}` : '';
      return `${out.t[row]} ${h ? `h${h.count}${h.isFloat ? 'f' : ''}` : out.v[row]}${st}`;
    });
    found.push([set.labels(i).toString(), rows]);
  }
  return found;
}

const names = (matchers: readonly Matcher[]) => select(matchers).map(([labels]) => labels);
const m = (name: string, more: Record<string, string> = {}) => labelsFromObject({ __name__: name, ...more });

describe('LogSeriesSet', () => {
  it('selects by matchers and sorts by labels', () => {
    const all = [
      m('b'),
      m('a', { x: 'é' }),
      m('a', { x: '\uffff' }),
      m('a', { x: '🙂' }),
      m('a'),
      m('a', { x: 'e', y: '' }),
    ];
    write(
      all.flatMap((labels, i): Entry[] => [
        { kind: 'series', ref: i + 1, labels },
        { kind: 'sample', ref: i + 1, t: 1, v: 1 },
      ]),
    );
    const sorted = [...all].sort((a, b) => a.compare(b)).map(String);
    expect(names(everything)).toEqual(sorted);
    expect(names([])).toEqual(sorted);
    expect(names([new Matcher('=', '__name__', 'b')])).toEqual(['b']);
    expect(names([new Matcher('=', 'x', '')])).toEqual(['a', 'b']);
    expect(names([new Matcher('!=', 'x', ''), new Matcher('=~', 'x', '[eé]')])).toEqual([
      'a{x="e"}',
      'a{x="é"}',
    ]);
    expect(names([new Matcher('!~', 'x', '.+'), new Matcher('=', 'never', '')])).toEqual(['a', 'b']);
  });

  it('joins the refs of one series and leaves out series without samples in the range', () => {
    write([
      { kind: 'series', ref: 1, labels: m('a') },
      { kind: 'sample', ref: 1, t: 10, v: 1 },
      { kind: 'series', ref: 7, labels: m('a') },
      { kind: 'series', ref: 8, labels: m('b') },
      { kind: 'sample', ref: 7, t: 20, v: 2, st: 5 },
      { kind: 'sample', ref: 1, t: 30, v: 3 },
      { kind: 'sample', ref: 99, t: 30, v: 3 },
    ]);
    expect(select(everything)).toEqual([['a', ['10 1', '20 2 st 5', '30 3']]]);
    expect(select(everything, { mint: 20, maxt: 29 })).toEqual([['a', ['20 2 st 5']]]);
    expect(select(everything, { minTime: 11 })).toEqual([['a', ['20 2 st 5', '30 3']]]);
    const view = new LogView(dir);
    const set = new LogSeriesSet(view, [], { ...ALL, labelsOnly: true });
    expect(set.length).toBe(2);
    expect([set.names(), set.values('__name__').sort(), set.values('never')]).toEqual([
      ['__name__'],
      ['a', 'b'],
      [],
    ]);
    view.close();
  });

  it('counts what came in order as Prometheus does, and adds what came out of order', () => {
    write([
      { kind: 'series', ref: 1, labels: m('a') },
      { kind: 'sample', ref: 1, t: 10, v: 1 },
      { kind: 'sample', ref: 1, t: 30, v: 3 },
      { kind: 'sample', ref: 1, t: 20, v: 2 },
      { kind: 'sample', ref: 1, t: 30, v: 9 },
      { kind: 'histogram', ref: 1, t: 40, v: 4 },
      { kind: 'sample', ref: 1, t: 25, v: 25, log: 'wbl' },
      { kind: 'histogram', ref: 1, t: 5, v: 5, log: 'wbl' },
      { kind: 'sample', ref: 1, t: 25, v: 26, log: 'wbl' },
      { kind: 'sample', ref: 1, t: 35, v: 35, log: 'wbl' },
    ]);
    expect(select(everything)).toEqual([['a', ['5 h5f', '10 1', '25 25', '30 3', '35 35', '40 h4']]]);
  });

  it('leaves out what was deleted', () => {
    write([
      { kind: 'series', ref: 1, labels: m('a') },
      { kind: 'series', ref: 2, labels: m('b') },
      ...[1, 2, 3, 4, 5].map((t): Entry => ({ kind: 'sample', ref: 1, t, v: t })),
      { kind: 'sample', ref: 2, t: 3, v: 3 },
      { kind: 'delete', ref: 1, mint: 2, maxt: 3 },
      { kind: 'delete', ref: 1, mint: 3, maxt: 4 },
      { kind: 'delete', ref: 9, mint: 3, maxt: 4 },
    ]);
    expect(select(everything)).toEqual([
      ['a', ['1 1', '5 5']],
      ['b', ['3 3']],
    ]);
  });

  it('gives the same whatever the size of its groups, in any order of reading', () => {
    const entry = fc
      .record({
        series: fc.nat(12),
        t: fc.nat(60),
        v: fc.nat(1000),
        kind: fc.constantFrom('sample' as const, 'sample' as const, 'histogram' as const),
        log: fc.constantFrom(undefined, undefined, 'wbl' as const),
      })
      // Which of two samples for one time counts is Prometheus' business (mergeRuns): here there are none.
      .map((e) => ({ ...e, t: e.t * 2 + (e.log === 'wbl' ? 1 : 0) }));
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 150 }),
        fc.nat(20),
        fc.nat(120),
        fc.nat(240),
        fc.boolean(),
        (drawn, groupRows, mint, maxt, floatsOnly) => {
          const entries = floatsOnly ? drawn.map((e) => ({ ...e, kind: 'sample' as const })) : drawn;
          rmSync(join(dir, 'wal'), { recursive: true, force: true });
          rmSync(join(dir, 'wbl'), { recursive: true, force: true });
          const log: Entry[] = [];
          const known = new Set<number>();
          const ordered = new Map<number, Map<number, string>>();
          const late = new Map<number, Map<number, string>>();
          for (const e of entries) {
            if (!known.has(e.series)) {
              known.add(e.series);
              log.push({ kind: 'series', ref: e.series + 1, labels: m(`s${e.series}`) });
            }
            log.push({
              kind: e.kind,
              ref: e.series + 1,
              t: e.t,
              v: e.v,
              ...(e.log && { log: e.log }),
            } as Entry);
            const into = e.log === 'wbl' ? late : ordered;
            const samples = into.get(e.series) ?? new Map<number, string>();
            into.set(e.series, samples);
            const newest = Math.max(...samples.keys(), -1);
            if (e.log === 'wbl' ? !samples.has(e.t) : e.t > newest) {
              samples.set(e.t, e.kind === 'sample' ? String(e.v) : `h${e.v}${e.v % 2 === 1 ? 'f' : ''}`);
            }
          }
          write(log);
          const expected = [...known]
            .map((series): [string, string[]] => {
              const all = new Map([...(late.get(series) ?? []), ...(ordered.get(series) ?? [])]);
              const rows = [...all].filter(([t]) => t >= mint && t <= maxt).sort(([a], [b]) => a - b);
              return [`s${series}`, rows.map(([t, v]) => `${t} ${v}`)];
            })
            .filter(([, rows]) => rows.length > 0)
            .sort(([a], [b]) => (a < b ? -1 : 1));
          const found = select(everything, { mint, maxt, groupRows });
          expect(found.filter(([, rows]) => rows.length > 0)).toEqual(expected);
          const view = new LogView(dir);
          const set = new LogSeriesSet(view, [], { ...ALL, mint, maxt, groupRows });
          const out = new SampleColumns();
          for (let i = set.length - 1; i >= 0; i--) {
            out.clear();
            set.read(i, out);
            const want = expected.find(([name]) => name === set.labels(i).toString())?.[1] ?? [];
            expect(Array.from(out.t.subarray(0, out.length))).toEqual(
              want.map((row) => Number.parseInt(row, 10)),
            );
          }
          view.close();
        },
      ),
      { numRuns: 150 },
    );
  });

  it('holds many series and symbols', () => {
    const wal = new LogWriter(join(dir, 'wal'), { segment: 0, offset: 0 });
    const series = new SeriesEncoder();
    const samples = new SamplesEncoder();
    for (let i = 0; i < 5000; i++) {
      series.add(
        i + 1,
        labelsFromPairs([
          ['__name__', 'm'],
          ['id', `${(i * 7919) % 5000}`],
        ]),
      );
      samples.add(i + 1, i, 0, 0);
    }
    wal.log(series.record());
    wal.log(samples.record());
    wal.flush();
    wal.close();
    const found = select([new Matcher('=', '__name__', 'm')], { groupRows: 1500 });
    expect(found.length).toBe(5000);
    const ids = found.map(([labels]) => labels);
    expect(ids).toEqual([...ids].sort());
  });

  it('is passed over each time where it is too large to be kept', () => {
    write(
      [1, 2, 3].flatMap((ref): Entry[] => [
        { kind: 'series', ref, labels: m(`s${ref}`) },
        { kind: 'sample', ref, t: 1, v: ref },
      ]),
    );
    const view = new LogView(dir);
    let passes = 0;
    const { eachRecord } = view;
    view.eachRecord = (visit) => {
      passes++;
      eachRecord.call(view, visit);
    };
    for (const [mostRows, expected] of [
      [3, 0],
      [2, 2],
    ] as const) {
      const store = new LogStore(view, Number.NEGATIVE_INFINITY, mostRows);
      for (let i = 0; i < 2; i++) rowsOf(store.select(everything, ALL));
      const before = passes;
      for (let i = 0; i < 2; i++) expect(rowsOf(store.select(everything, ALL))).toHaveLength(3);
      expect(passes - before).toBe(expected);
    }
    view.close();
  });

  it('reads what comes before damage, and says where it is', () => {
    write([
      { kind: 'series', ref: 1, labels: m('a') },
      { kind: 'sample', ref: 1, t: 1, v: 1 },
      { kind: 'sample', ref: 1, t: 2, v: 2 },
    ]);
    const path = join(dir, 'wal', '00000000');
    const { size } = statSync(path);
    writeFileSync(path, Buffer.alloc(3, 0xff), { flag: 'a' });
    expect(() => select(everything)).toThrow(`${path} at byte ${size}: there is no fragment type 255`);
    const faults: string[] = [];
    const view = new LogView(dir, (error) => faults.push(error.message));
    const set = new LogSeriesSet(view, [], ALL);
    const out = new SampleColumns();
    set.read(0, out);
    expect(out.length).toBe(2);
    expect(faults.length).toBe(1);
    view.close();
  });

  it('sees what there was when it was opened', () => {
    write([
      { kind: 'series', ref: 1, labels: m('a') },
      { kind: 'sample', ref: 1, t: 1, v: 1 },
    ]);
    const view = new LogView(dir);
    const set = new LogSeriesSet(view, [], ALL);
    const { size } = statSync(join(dir, 'wal', '00000000'));
    const writer = new LogWriter(join(dir, 'wal'), { segment: 0, offset: size });
    const samples = new SamplesEncoder();
    samples.add(1, 2, 0, 0);
    writer.log(samples.record());
    writer.flush();
    rmSync(join(dir, 'wal'), { recursive: true });
    const out = new SampleColumns();
    set.read(0, out);
    expect(out.length).toBe(1);
    writer.close();
    view.close();
  });
});
