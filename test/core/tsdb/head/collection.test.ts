/** What a head has no use for is removed in steps, and what is appended between two of them stays right. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Clock } from '../../../../src/core/clock.ts';
import { type Labels, labelsFromObject, Matcher } from '../../../../src/core/model/index.ts';
import { runSteps } from '../../../../src/core/tsdb/compaction/index.ts';
import {
  type Head,
  HeadAppender,
  HeadIndex,
  openHead,
  selectHead,
  truncateHead,
} from '../../../../src/core/tsdb/head/index.ts';
import { contents } from './samples.ts';

const HOUR = 3_600_000;
const T0 = 1_700_006_400_000;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-collection-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const labels = (n: number) =>
  labelsFromObject({ __name__: `metric_${n % 50}`, instance: `host-${n}`, job: n < 0 ? 'new' : 'old' });

/**
 * Cuts at T0 + 2 h a head of `count` series, of which only every `keptEach`th has samples after that, and appends
 * to series of all kinds at each step.
 */
function cut(count: number, keptEach: number): { steps: number; want: Map<string, string[]>; got: unknown } {
  let now = T0;
  const { head } = openHead(dir, Number.NEGATIVE_INFINITY, { clock: { now: () => now } as Clock });
  const appender = new HeadAppender(head);
  const want = new Map<string, string[]>();
  const put = (series: readonly Labels[], t: number) => {
    now = t;
    const refs = Uint32Array.from(series, (one) => appender.ref(one));
    const outcomes = new Uint8Array(series.length);
    const { length } = series;
    appender.append(
      refs,
      new Float64Array(length).fill(t),
      new Float64Array(length).fill(t % 7),
      0,
      length,
      outcomes,
    );
    appender.commit();
    expect(outcomes.every((outcome) => outcome === 0)).toBe(true);
    if (t < T0 + 2 * HOUR) return;
    for (const one of series) {
      const text = one.toString();
      want.set(text, [...(want.get(text) ?? []), `${t} ${t % 7}`]);
    }
  };
  const all = Array.from({ length: count }, (_, n) => labels(n));
  put(all, T0 + 1000);
  put(keptEach === 0 ? [] : all.filter((_, n) => n % keptEach === 0), T0 + 3 * HOUR);
  let steps = 0;
  for (const work = truncateHead(head, T0 + 2 * HOUR); !work.next().done; steps++) {
    // One from the front, which may be gone by now, one from the back, which may be about to go, and a new one.
    const n = steps % count;
    put([labels(n), labels(count - 1 - n), labels(-1 - steps)], T0 + 3 * HOUR + 1000 * (steps + 1));
    expectWhole(head);
  }
  const read = () => contents(runSteps(selectHead(head, [], 0, T0 * 2)).of);
  const got = read();
  expect(head.series.count).toBe(want.size);
  // What was appended meanwhile is found by its labels.
  for (const [name, value] of [
    ['job', 'new'],
    ['instance', 'host-0'],
    ['__name__', 'metric_7'],
  ] as const) {
    const found = contents(runSteps(selectHead(head, [new Matcher('=', name, value)], 0, T0 * 2)).of);
    const wanted = [...want].filter(([text]) => matches(text, name, value));
    expect(found).toEqual(Object.fromEntries(wanted));
  }
  head.close();
  // And it is there after a start, too.
  const again = openHead(dir, T0 + 2 * HOUR, { clock: { now: () => now } as Clock });
  expect(contents(runSteps(selectHead(again.head, [], 0, T0 * 2)).of)).toEqual(got);
  again.head.close();
  return { steps, want, got };
}

/** Every list of the index has series that there are, and every one of them. */
function expectWhole(head: Head): void {
  const index = new HeadIndex(head.series);
  const { series } = head;
  let listed = 0;
  for (const job of index.labelValues('job')) {
    const rows = index.postings('job', job);
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.every((row) => series.ref[row] !== 0)).toBe(true);
    listed += rows.length;
  }
  expect(listed).toBe(series.count);
  expect(index.labelValues('instance').length).toBe(series.count);
}

function matches(text: string, name: string, value: string): boolean {
  return name === '__name__' ? text.startsWith(`${value}{`) : text.includes(`${name}="${value}"`);
}

test.each([
  ['some series go', 9000, 2],
  ['most go, and the table of labels is made anew', 25_000, 5],
  ['all go', 12_000, 0],
])('%s', (_, count, keptEach) => {
  const { steps, want, got } = cut(count, keptEach);
  expect(got).toEqual(Object.fromEntries(want));
  const gone = count - count / (keptEach || Number.POSITIVE_INFINITY);
  expect(steps).toBeGreaterThanOrEqual(Math.floor(count / 2000) + Math.floor(gone / 500));
});
