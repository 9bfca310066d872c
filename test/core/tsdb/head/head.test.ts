import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../../src/core/clock.ts';
import { labelsFromObject, Matcher, Outcome } from '../../../../src/core/model/index.ts';
import type { Appender } from '../../../../src/core/source/source.ts';
import { runSteps } from '../../../../src/core/tsdb/compaction/index.ts';
import {
  type Head,
  HeadAppender,
  type HeadOptions,
  handOverHead,
  openHead,
  openSelection,
  selectHead,
} from '../../../../src/core/tsdb/head/index.ts';
import { append, contents, histogram, series, type Value } from './samples.ts';

const HOUR = 3_600_000;
/** A multiple of two hours. */
const T0 = 1_700_006_400_000;
const { ok, duplicate, conflict, outOfOrder, tooOld, tooFarAhead, tooLong } = Outcome;

let dir: string;
let now: number;
let heads: Head[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-head-'));
  now = T0;
  heads = [];
});
afterEach(() => {
  for (const head of heads) head.close();
  rmSync(dir, { recursive: true });
});

const clock = { now: () => now } as Clock;

function open(options: Partial<HeadOptions> = {}, minValidTime = Number.NEGATIVE_INFINITY): Head {
  const { head, notices } = openHead(dir, minValidTime, { clock, ...options });
  expect(notices).toEqual([]);
  heads.push(head);
  return head;
}

function reopen(head: Head, options: Partial<HeadOptions> = {}): Head {
  heads.splice(heads.indexOf(head), 1);
  head.close();
  return open(options);
}

function read(head: Head, mint = 0, maxt = T0 * 2, matchers: Matcher[] = []): Record<string, string[]> {
  const there = contents(runSteps(selectHead(head, matchers, mint, maxt)).of);
  // What is handed over says the same.
  const over = runSteps(handOverHead(head, matchers, mint, maxt)).of;
  expect(contents(runSteps(openSelection(structuredClone(over))))).toEqual(there);
  // And so does, of each newest sample, what is selected for that alone.
  const newest = runSteps(handOverHead(head, matchers, mint, maxt, true)).of;
  expect(last(contents(runSteps(openSelection(structuredClone(newest)))))).toEqual(last(there));
  return there;
}

function last(all: Record<string, string[]>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(all).map(([name, samples]) => [name, samples.at(-1)]));
}

/** Appends and commits. */
function put(head: Head, samples: [string, number, Value][]): number[] {
  const appender: Appender = new HeadAppender(head);
  const outcomes = append(
    appender,
    samples.map(([name, t, v]) => [series(name), t, v] as const),
  );
  appender.commit();
  return outcomes;
}

describe('a head', () => {
  it('gives what was committed, and nothing else', () => {
    const head = open();
    const one = new HeadAppender(head);
    const other = new HeadAppender(head);
    append(one, [[series('a'), T0, 1]]);
    append(other, [
      [series('a'), T0 + 1, 2],
      [series('b'), T0, 'stale'],
    ]);
    expect(read(head)).toEqual({});
    other.commit();
    expect(read(head)).toEqual({ 'a{job="test"}': [`${T0 + 1} 2`], 'b{job="test"}': [`${T0} stale`] });
    // By now what the first one has is out of order.
    one.commit();
    expect(read(head)['a{job="test"}']).toEqual([`${T0 + 1} 2`]);
    append(one, [[series('a'), T0 + 2, 3]]);
    one.rollback();
    one.commit();
    expect(read(head)['a{job="test"}']).toEqual([`${T0 + 1} 2`]);
  });

  it('tells what becomes of a sample, within a transaction as across', () => {
    const head = open();
    const samples: [string, number, Value][] = [
      ['a', T0, 1],
      ['a', T0, 1],
      ['a', T0, 2],
      ['a', T0 - 1, 2],
      ['a', T0 + 600_001, 2],
      ['a', T0 + 600_000, 2],
      ['a', T0 + 600_000, histogram(3)],
      ['h', T0, histogram(3)],
      ['h', T0, histogram(3)],
      ['h', T0, histogram(3, true)],
      ['h', T0, histogram(4)],
      ['h', T0, 1],
    ];
    const outcomes = [
      ok,
      duplicate,
      conflict,
      outOfOrder,
      tooFarAhead,
      ok,
      conflict,
      ok,
      duplicate,
      conflict,
      conflict,
      conflict,
    ];
    expect(put(head, samples)).toEqual(outcomes);
    // One by one: the same, but that nothing is new.
    const again = put(head, samples.slice(5));
    expect(again).toEqual([duplicate, conflict, duplicate, duplicate, conflict, conflict, conflict]);
    const reopened = reopen(head);
    expect(put(reopened, samples.slice(5))).toEqual(again);
    expect(read(reopened)).toEqual({
      'a{job="test"}': [`${T0} 1`, `${T0 + 600_000} 2`],
      'h{job="test"}': [`${T0} histogram 3`],
    });
  });

  it('takes nothing that is older than half a range, unless there is a window for it', () => {
    const head = open();
    expect(put(head, [['a', T0, 1]])).toEqual([ok]);
    expect(
      put(head, [
        ['b', T0 - HOUR, 1],
        ['c', T0 - HOUR - 1, 1],
      ]),
    ).toEqual([ok, tooOld]);
    const wide = reopen(head, { outOfOrderWindow: 2 * HOUR });
    expect(
      put(wide, [
        ['c', T0 - HOUR - 1, 1],
        ['a', T0 - 2 * HOUR, 5],
        ['a', T0 - 2 * HOUR - 1, 5],
      ]),
    ).toEqual([ok, ok, tooOld]);
    expect(read(wide)).toEqual({
      'a{job="test"}': [`${T0 - 2 * HOUR} 5`, `${T0} 1`],
      'b{job="test"}': [`${T0 - HOUR} 1`],
      'c{job="test"}': [`${T0 - HOUR - 1} 1`],
    });
  });

  it('ends a series of histograms with a stale marker of its kind', () => {
    const head = open();
    put(head, [
      ['h', T0, histogram(1)],
      ['f', T0, histogram(1, true)],
      ['x', T0, 1],
    ]);
    expect(head.series.staleCount).toBe(0);
    expect(
      put(head, [
        ['h', T0 + 1, 'stale'],
        ['f', T0 + 1, 'stale'],
        ['x', T0 + 1, 'stale'],
      ]),
    ).toEqual([ok, ok, ok]);
    expect(head.series.staleCount).toBe(3);
    const expected = {
      'f{job="test"}': [`${T0} float histogram 1`, `${T0 + 1} float histogram stale`],
      'h{job="test"}': [`${T0} histogram 1`, `${T0 + 1} histogram stale`],
      'x{job="test"}': [`${T0} 1`, `${T0 + 1} stale`],
    };
    expect(read(head)).toEqual(expected);
    const reopened = reopen(head);
    expect(reopened.series.staleCount).toBe(3);
    expect(read(reopened)).toEqual(expected);
    put(reopened, [['x', T0 + 2, 1]]);
    expect(reopened.series.staleCount).toBe(2);
  });

  it('keeps thousands of samples through chunks, files and starts', () => {
    const expected: Record<string, string[]> = {};
    let head = open({ chunkFileBytes: 3000, segmentBytes: 64 * 1024, outOfOrderWindow: 4 * HOUR });
    for (let round = 0; round < 6; round++) {
      for (let step = 0; step < 60; step++) {
        const t = T0 + (round * 60 + step) * 30_000;
        now = t;
        const samples: [string, number, Value][] = [];
        for (let n = 0; n < 5; n++) samples.push([`m${n}`, t, Math.sin(step * n) * 1000]);
        samples.push(['native', t, histogram(round * 60 + step)], ['float', t, histogram(step, true)]);
        if (step % 2 === 1) samples.push(['m1', t - 45_000, step]);
        expect(put(head, samples)).toEqual(samples.map(() => ok));
        for (const [name, at, v] of samples) {
          const text = typeof v === 'object' ? `${v.isFloat ? 'float ' : ''}histogram ${v.count}` : String(v);
          (expected[series(name).toString()] ??= []).push(`${at} ${text}`);
        }
      }
      for (const rows of Object.values(expected))
        rows.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
      expect(read(head)).toEqual(expected);
      head = reopen(head, { chunkFileBytes: 3000, segmentBytes: 64 * 1024, outOfOrderWindow: 4 * HOUR });
      expect(read(head)).toEqual(expected);
    }
    expect(head.finished.count).toBeGreaterThan(20);
    expect(head.store.file).toBeGreaterThan(4);
    const part = read(head, T0 + HOUR, T0 + 2 * HOUR, [new Matcher('=', '__name__', 'm1')]);
    expect(Object.keys(part)).toEqual(['m1{job="test"}']);
    const times = part['m1{job="test"}'].map((row) => Number.parseInt(row, 10));
    expect(times.every((t) => t >= T0 + HOUR && t <= T0 + 2 * HOUR)).toBe(true);
    expect(times.length).toBe(
      expected['m1{job="test"}'].filter((row) => times.includes(Number.parseInt(row, 10))).length,
    );
  });

  it('selects by matchers, sorted by labels', () => {
    const head = open();
    const appender = new HeadAppender(head);
    const all = [];
    for (let n = 0; n < 40; n++) {
      const labels = labelsFromObject({
        __name__: `m${n % 3}`,
        id: String((n * 7) % 40),
        ...(n % 2 && { odd: 'yes' }),
      });
      all.push(labels);
      append(appender, [[labels, T0, n]]);
    }
    appender.commit();
    for (const matchers of [
      [],
      [new Matcher('=', '__name__', 'm1')],
      [new Matcher('=~', 'id', '[1-3].*')],
      [new Matcher('!=', 'odd', 'yes'), new Matcher('=~', '__name__', 'm(0|2)')],
      [new Matcher('!~', 'id', '.*[05]'), new Matcher('=', 'odd', 'yes')],
      [new Matcher('=', 'nothing', 'x')],
    ]) {
      const expected = all
        .filter((labels) => matchers.every((matcher) => matcher.matches(labels.get(matcher.name))))
        .sort((a, b) => a.compare(b));
      expect(Object.keys(read(head, 0, T0, matchers))).toEqual(expected.map(String));
    }
  });

  it('keeps a selection as it was, whatever is appended', () => {
    const head = open();
    put(head, [
      ['a', T0, 1],
      ['h', T0, histogram(1)],
    ]);
    const set = runSteps(selectHead(head, [], 0, T0 * 2)).of;
    for (let n = 1; n < 300; n++) {
      now = T0 + n * 10_000;
      put(head, [
        ['a', now, n],
        ['b', now, n],
        ['h', now, histogram(n + 1)],
      ]);
    }
    expect(contents(set)).toEqual({ 'a{job="test"}': [`${T0} 1`], 'h{job="test"}': [`${T0} histogram 1`] });
  });

  it('remembers exemplars and metadata', () => {
    const head = open({ maxExemplars: 3 });
    const appender = new HeadAppender(head);
    const ref = appender.ref(series('a'));
    appender.setMetadata(ref, { type: 'counter', help: 'Help.', unit: 's' });
    append(appender, [[series('a'), T0, 1]]);
    const exemplar = (t: number, v: number) => ({ labels: labelsFromObject({ trace_id: String(v) }), t, v });
    expect(appender.appendExemplar(ref, exemplar(T0, 1))).toBe(ok);
    expect(appender.appendExemplar(ref, exemplar(T0, 1))).toBe(duplicate);
    expect(appender.appendExemplar(ref, exemplar(T0, 0))).toBe(outOfOrder);
    expect(appender.appendExemplar(ref, exemplar(T0, 2))).toBe(ok);
    expect(appender.appendExemplar(ref, exemplar(T0 + 5, 0))).toBe(ok);
    appender.commit();
    expect(appender.appendExemplar(ref, exemplar(T0 + 4, 9))).toBe(outOfOrder);
    expect(appender.appendExemplar(ref, exemplar(T0 + 6, 9))).toBe(ok);
    appender.commit();
    const long = { labels: labelsFromObject({ trace_id: '✓'.repeat(121) }), t: T0 + 7, v: 1 };
    expect(appender.appendExemplar(ref, long)).toBe(tooLong);
    const row = head.series.all()[0];
    const there = [T0, T0 + 5, T0 + 6];
    expect(head.exemplars.of(row, 0, T0 * 2).map(({ t }) => t)).toEqual(there);
    const reopened = reopen(head, { maxExemplars: 3 });
    expect(reopened.exemplars.of(row, 0, T0 * 2).map(({ t }) => t)).toEqual(there);
    expect(reopened.exemplars.of(row, T0 + 5, T0 + 5).map(({ v }) => v)).toEqual([0]);
    expect(reopened.metadata.of(row)).toEqual({ type: 'counter', help: 'Help.', unit: 's' });
  });

  it('logs what was said of a series before its first sample', () => {
    const head = open();
    const appender = new HeadAppender(head);
    appender.setMetadata(appender.ref(series('a')), { type: 'gauge', help: 'Early.', unit: '' });
    appender.commit();
    append(appender, [[series('a'), T0, 1]]);
    appender.commit();
    const reopened = reopen(head);
    expect(reopened.metadata.of(reopened.series.all()[0])?.help).toBe('Early.');
  });

  it('goes on where the clock was set back', () => {
    const head = open();
    put(head, [['a', T0, 1]]);
    now = T0 + 365 * 24 * HOUR;
    put(head, [['a', now, 2]]);
    now = T0 + 60_000;
    expect(
      put(head, [
        ['a', now, 3],
        ['b', now, 3],
      ]),
    ).toEqual([ok, ok]);
    const expected = [`${T0} 1`, `${now} 3`, `${T0 + 365 * 24 * HOUR} 2`];
    expect(read(head)['a{job="test"}']).toEqual(expected);
    expect(read(reopen(head))['a{job="test"}']).toEqual(expected);
  });
});
