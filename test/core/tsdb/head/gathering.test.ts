import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../../src/core/clock.ts';
import { labelsFromObject, type Matcher } from '../../../../src/core/model/index.ts';
import type { StoredSeriesSet } from '../../../../src/core/tsdb/block/index.ts';
import { runSteps } from '../../../../src/core/tsdb/compaction/index.ts';
import {
  type Head,
  HeadAppender,
  handOverHead,
  openHead,
  openSelection,
  selectHead,
  selectHeadLabels,
  truncateHead,
} from '../../../../src/core/tsdb/head/index.ts';
import { contents } from './samples.ts';

/** More than is copied, and than is sorted, at a stretch. */
const SERIES = 5000;
const T0 = 1_700_006_400_000;
const EVERYTHING: readonly Matcher[] = [];

let dir: string;
let head: Head;
let now = T0;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-gathering-'));
  head = openHead(dir, Number.NEGATIVE_INFINITY, { clock: { now: () => now } as Clock }).head;
  put(T0, SERIES);
});
afterEach(() => {
  head.close();
  rmSync(dir, { recursive: true });
});

/** A sample of each of the first `series` series. */
function put(t: number, series: number): void {
  now = t;
  const appender = new HeadAppender(head);
  const refs = Uint32Array.from({ length: series }, (_, i) =>
    // Of several names, and not in the order of their labels.
    appender.ref(labelsFromObject({ __name__: `m${i % 7}`, id: String((i * 7919) % SERIES), last: 'x' })),
  );
  const ts = new Float64Array(series).fill(t);
  const vs = Float64Array.from({ length: series }, (_, i) => i);
  appender.append(refs, ts, vs, 0, series, new Uint8Array(series));
  appender.commit();
}

/** Takes the first step of the work, then does `meanwhile`, then the rest. */
function interrupted<T>(steps: Generator<void, T>, meanwhile: () => void): T {
  expect(steps.next().done).toBe(false);
  meanwhile();
  return runSteps(steps);
}

const select = (newestOnly = false) => selectHead(head, EVERYTHING, 0, T0 * 2, newestOnly);
const handOver = () => handOverHead(head, EVERYTHING, 0, T0 * 2);

describe('a large selection of a head', () => {
  it('is sorted by labels', () => {
    const isSorted = (set: StoredSeriesSet) => {
      for (let i = 1; i < set.length; i++) if (set.labels(i - 1).compare(set.labels(i)) >= 0) return false;
      return set.length === SERIES;
    };
    expect(isSorted(runSteps(select()).of)).toBe(true);
    expect(isSorted(runSteps(openSelection(structuredClone(runSteps(handOver()).of))))).toBe(true);
    expect(isSorted(runSteps(selectHeadLabels(head, EVERYTHING, 0, T0 * 2)).of)).toBe(true);
  });

  it.each([
    ['is appended', () => put(T0 + 1000, SERIES)],
    ['is new', () => put(T0 + 1000, SERIES + 100)],
    [
      'goes, because it is in a block,',
      () => {
        put(T0 + 4 * 3_600_000, 10);
        runSteps(truncateHead(head, T0 + 3_600_000));
        expect(head.series.count).toBe(10);
        // What is new takes the rows of what is gone.
        put(T0 + 4 * 3_600_000 + 1000, SERIES + 100);
      },
    ],
  ])('shows nothing of what %s while it is made', (_, meanwhile) => {
    const before = contents(runSteps(select()).of);
    expect(Object.keys(before)).toHaveLength(SERIES);
    expect(contents(interrupted(select(), meanwhile).of)).toEqual(before);
  });

  it('shows no newer sample than there was when it began, either', () => {
    const before = contents(runSteps(select(true)).of);
    expect(before).toEqual(contents(runSteps(select()).of));
    const meanwhile = () => put(T0 + 1000, SERIES + 100);
    expect(contents(interrupted(select(true), meanwhile).of)).toEqual(before);
  });

  it('for the newest samples takes no copy of chunks', () => {
    put(T0 + 1000, 3);
    const { chunks } = runSteps(handOverHead(head, EVERYTHING, 0, T0 + 500, true)).of;
    // Those three have a newer one, so what is before it has to be looked for.
    expect(chunks.starts[SERIES]).toBe(3);
  });

  it('shows nothing of that in another thread, either', () => {
    const before = contents(runSteps(select()).of);
    const over = interrupted(handOver(), () => put(T0 + 1000, SERIES + 100)).of;
    put(T0 + 2000, SERIES);
    expect(contents(runSteps(openSelection(structuredClone(over))))).toEqual(before);
  });

  it('uses the memory of those before it again, once it was given back', () => {
    const before = contents(runSteps(select()).of);
    const first = runSteps(select());
    const second = runSteps(select());
    // Nobody has given anything back.
    expect(second.lent.some((buffer) => first.lent.includes(buffer))).toBe(false);
    head.buffers.giveBack(first.lent);
    const third = runSteps(select());
    expect(third.lent.every((buffer) => first.lent.includes(buffer))).toBe(true);
    expect(contents(third.of)).toEqual(before);
    expect(contents(second.of)).toEqual(before);
  });

  it('is not told of changes any more when it was given up', () => {
    const steps = select();
    steps.next();
    expect(head.gatherings.size).toBe(1);
    steps.return(undefined as never);
    expect(head.gatherings.size).toBe(0);
  });
});
