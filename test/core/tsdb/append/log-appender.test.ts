import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../../src/core/clock.ts';
import {
  type Histogram,
  type Labels,
  labelsFromObject,
  Outcome,
  writeBits,
  writeStale,
} from '../../../../src/core/model/index.ts';
import type { Appender } from '../../../../src/core/source/source.ts';
import { LogAppender } from '../../../../src/core/tsdb/append/index.ts';
import {
  LogWriter,
  SamplesEncoder,
  SeriesEncoder,
  segmentName,
} from '../../../../src/core/tsdb/wal/index.ts';
import { readLogContent } from './log-content.ts';

const NOW = 1_700_000_000_000;
const clock = { now: () => NOW } as Clock;
const TABLE = 'tsmon.refs';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-append-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const up = labelsFromObject({ __name__: 'up', job: 'node' });
const down = labelsFromObject({ __name__: 'down', job: 'node' });
const ahead = (n: number) => labelsFromObject({ __name__: 'm', n: String(n) });

function open(options: { segmentBytes?: number } = {}): LogAppender {
  return new LogAppender(dir, { clock, ...options });
}

/** Appends samples (value bits from `bits`, else the number) and returns their outcomes. */
function put(appender: Appender, samples: [Labels, number, number | 'stale' | [number, number]][]): number[] {
  const refs = Uint32Array.from(samples, ([labels]) => appender.ref(labels));
  const ts = Float64Array.from(samples, ([, t]) => t);
  const vs = new Float64Array(samples.length);
  for (const [i, [, , v]] of samples.entries()) {
    if (v === 'stale') writeStale(vs, i);
    else if (typeof v === 'number') vs[i] = v;
    else writeBits(vs, i, v[0], v[1]);
  }
  const outcomes = new Uint8Array(samples.length).fill(255);
  const ok = appender.append(refs, ts, vs, 0, samples.length, outcomes);
  expect(outcomes.filter((o) => o === Outcome.ok).length).toBe(ok);
  return [...outcomes];
}

/** One process' life: open, append, commit, close. */
function session(...samples: Parameters<typeof put>[1]): number[] {
  const appender = open();
  const outcomes = put(appender, samples);
  appender.commit();
  appender.close();
  return outcomes;
}

function histogram(count: number, schema = 0): Histogram {
  return {
    isFloat: false,
    counterReset: 0,
    schema,
    zeroThreshold: 0,
    zeroCount: 0,
    count,
    sum: 1,
    stale: false,
    positiveSpans: [{ offset: 0, length: 1 }],
    negativeSpans: [],
    positiveBuckets: Float64Array.of(count),
    negativeBuckets: new Float64Array(0),
    customValues: schema === -53 ? Float64Array.of(1, 2) : new Float64Array(0),
  };
}

describe('LogAppender', () => {
  it('writes what the log then says, NaN payloads included', () => {
    expect(session([up, NOW, 1], [down, NOW, 'stale'], [up, NOW + 1, [0x7ff80000, 0x1234]])).toEqual([
      0, 0, 0,
    ]);
    const content = readLogContent(dir);
    expect(content.refs).toEqual(
      new Map([
        [up.toString(), [1]],
        [down.toString(), [2]],
      ]),
    );
    expect(content.samples.get(up.toString())).toEqual([`${NOW} 1`, `${NOW + 1} 0x7ff8000000001234`]);
    expect(content.samples.get(down.toString())).toEqual([`${NOW} 0x7ff0000000000002`]);
  });

  it('tells duplicates, conflicts, out-of-order and too-far-ahead samples, in one process and the next', () => {
    const { ok, duplicate, conflict, outOfOrder, tooFarAhead } = Outcome;
    expect(
      session([up, NOW, 1], [up, NOW, 1], [up, NOW, 2], [up, NOW - 1, 1], [up, NOW + 600_001, 1]),
    ).toEqual([ok, duplicate, conflict, outOfOrder, tooFarAhead]);
    expect(session([up, NOW, 1], [up, NOW, 2], [up, NOW - 1, 1], [up, NOW + 600_000, 1])).toEqual([
      duplicate,
      conflict,
      outOfOrder,
      ok,
    ]);
    expect(session([down, NOW, 'stale'])).toEqual([ok]);
    expect(session([down, NOW, 'stale'], [down, NOW, 1])).toEqual([duplicate, conflict]);
    expect(readLogContent(dir).samples.get(up.toString())).toEqual([`${NOW} 1`, `${NOW + 600_000} 1`]);
  });

  it('takes nothing that the blocks have, except where they were made out of order', () => {
    const block = (name: string, meta: object) => {
      mkdirSync(join(dir, name));
      writeFileSync(join(dir, name, 'meta.json'), JSON.stringify(meta));
    };
    block('01HF8000000000000000000000', { maxTime: NOW - 1000 });
    block('01HF8000000000000000000001', { maxTime: NOW, compaction: { hints: ['from-out-of-order'] } });
    block('01HF8000000000000000000002.tmp', { maxTime: NOW });
    mkdirSync(join(dir, '01HF8000000000000000000003'));
    expect(session([up, NOW - 1001, 1], [up, NOW - 1000, 1])).toEqual([Outcome.tooOld, Outcome.ok]);
  });

  it('is per series: a dump goes one series after another', () => {
    expect(session([up, NOW, 1], [up, NOW + 1, 1], [down, NOW - 3_600_000, 1])).toEqual([0, 0, 0]);
  });

  it('acknowledges nothing before commit, and takes back what is rolled back', () => {
    const appender = open();
    put(appender, [[up, NOW, 1]]);
    expect(existsSync(join(dir, 'wal'))).toBe(false);
    appender.rollback();
    appender.commit();
    expect(put(appender, [[up, NOW - 5, 2]])).toEqual([Outcome.ok]);
    appender.commit();
    put(appender, [
      [up, NOW, 3],
      [down, NOW, 1],
    ]);
    appender.close();
    expect(readLogContent(dir).samples).toEqual(new Map([[up.toString(), [`${NOW - 5} 2`]]]));
    expect(session([up, NOW, 4])).toEqual([Outcome.ok]);
  });

  it('keeps floats and histograms of one series in order', () => {
    const appender = open();
    const ref = appender.ref(up);
    put(appender, [[up, NOW, 1]]);
    expect(appender.appendHistogram(ref, NOW + 1, histogram(3))).toBe(Outcome.ok);
    expect(appender.appendHistogram(ref, NOW + 1, histogram(3))).toBe(Outcome.duplicate);
    expect(appender.appendHistogram(ref, NOW + 1, histogram(4))).toBe(Outcome.conflict);
    expect(put(appender, [[up, NOW + 1, 1]])).toEqual([Outcome.conflict]);
    put(appender, [[up, NOW + 2, 2]]);
    expect(appender.appendHistogram(ref, NOW + 3, histogram(5, -53))).toBe(Outcome.ok);
    expect(appender.appendHistogram(ref, NOW + 2, histogram(6))).toBe(Outcome.outOfOrder);
    appender.commit();
    appender.close();
    expect(readLogContent(dir).samples.get(up.toString())).toEqual([
      `${NOW} 1`,
      `${NOW + 1} histogram 3`,
      `${NOW + 2} 2`,
      `${NOW + 3} histogram 5`,
    ]);
    const next = open();
    expect(next.appendHistogram(next.ref(up), NOW + 3, histogram(5, -53))).toBe(Outcome.duplicate);
    expect(next.appendHistogram(next.ref(up), NOW + 3, histogram(6))).toBe(Outcome.conflict);
    next.close();
  });

  it('writes metadata once and when it changes, and exemplars in order', () => {
    const gauge = { type: 'gauge', help: 'h', unit: '' } as const;
    const exemplar = (t: number, v: number) => ({ labels: labelsFromObject({ trace_id: 'a' }), v, t });
    const run = (metadata: object, t: number, exemplars: [number, number][]) => {
      const appender = open();
      const ref = appender.ref(up);
      appender.setMetadata(ref, { ...gauge, ...metadata });
      put(appender, [[up, t, 1]]);
      const outcomes = exemplars.map(([at, v]) => appender.appendExemplar(ref, exemplar(at, v)));
      const long = { ...exemplar(NOW + 9, 1), labels: labelsFromObject({ trace_id: 'a'.repeat(121) }) };
      expect(appender.appendExemplar(ref, long)).toBe(Outcome.tooLong);
      appender.commit();
      appender.close();
      return outcomes;
    };
    const { ok, duplicate, outOfOrder } = Outcome;
    expect(
      run({}, NOW, [
        [NOW, 1],
        [NOW, 1],
        [NOW, 2],
        [NOW, 1.5],
        [NOW - 1, 9],
      ]),
    ).toEqual([ok, duplicate, ok, outOfOrder, outOfOrder]);
    expect(
      run({}, NOW + 1, [
        [NOW, 2],
        [NOW, 3],
        [NOW + 1, 1],
      ]),
    ).toEqual([duplicate, outOfOrder, ok]);
    expect(run({ help: 'new' }, NOW + 2, [])).toEqual([]);
    const content = readLogContent(dir);
    expect(content.metadata.get(up.toString())).toEqual(['gauge  h', 'gauge  new']);
    expect(content.exemplars.get(up.toString())).toEqual([
      `${NOW} 1 {trace_id="a"}`,
      `${NOW} 2 {trace_id="a"}`,
      `${NOW + 1} 1 {trace_id="a"}`,
    ]);
  });

  it('writes no series, metadata or table for what is refused', () => {
    const appender = open();
    appender.setMetadata(appender.ref(up), { type: 'gauge', help: '', unit: '' });
    expect(put(appender, [[up, NOW + 1e9, 1]])).toEqual([Outcome.tooFarAhead]);
    appender.commit();
    appender.close();
    expect(readdirSync(dir)).toEqual([]);
  });

  it('reads a few pages of the table, not the log, where nothing else happened', () => {
    const first = open();
    put(
      first,
      Array.from({ length: 5000 }, (_, n) => [ahead(n), NOW, n]),
    );
    first.commit();
    first.close();
    // A log that cannot be read at all, up to where the table ends: whoever opens it will notice.
    const path = join(dir, 'wal', segmentName(0));
    const whole = readFileSync(path);
    const damaged = Buffer.from(whole);
    damaged.fill(0xff, 100, 200);
    writeFileSync(path, damaged);
    const second = open();
    expect(
      put(second, [
        [ahead(4999), NOW, 4999],
        [ahead(7), NOW + 1, 1],
        [up, NOW, 1],
      ]),
    ).toEqual([Outcome.duplicate, 0, 0]);
    second.commit();
    expect(second.notices).toEqual([]);
    second.close();
    const after = readFileSync(path);
    whole.copy(after, 0, 0, whole.length);
    writeFileSync(path, after);
    const content = readLogContent(dir);
    expect(content.samples.get(ahead(7).toString())).toEqual([`${NOW} 7`, `${NOW + 1} 1`]);
    expect(content.refs.get(up.toString())).toEqual([5001]);
  });

  it('keeps the table right while it grows many times', () => {
    for (let round = 0; round < 12; round++) {
      const appender = open();
      const batch: Parameters<typeof put>[1] = [];
      for (let n = 0; n < 40 * (round + 1); n++) batch.push([ahead(n), NOW + round, n]);
      expect(new Set(put(appender, batch))).toEqual(new Set([Outcome.ok]));
      appender.commit();
      appender.close();
    }
    const content = readLogContent(dir);
    expect(content.refs.size).toBe(480);
    expect(content.samples.get(ahead(0).toString())!.length).toBe(12);
  });
});

describe('LogAppender, after something else happened to the directory', () => {
  /** As Prometheus would: a segment of its own with a new ref. */
  function foreign(ref: number, labels: Labels, ...ts: number[]): void {
    const segments = existsSync(join(dir, 'wal'))
      ? readdirSync(join(dir, 'wal')).filter((n) => /^\d+$/.test(n)).length
      : 0;
    const writer = new LogWriter(join(dir, 'wal'), { segment: segments, offset: 0 });
    const series = new SeriesEncoder();
    series.add(ref, labels);
    const samples = new SamplesEncoder();
    for (const t of ts) samples.add(ref, t, 0x3ff00000, 0);
    writer.log(series.record());
    writer.log(samples.record());
    writer.flush();
    writer.close();
  }

  it('starts from a log that somebody else wrote', () => {
    foreign(41, up, NOW);
    expect(session([up, NOW, 1], [up, NOW + 1, 2], [down, NOW, 3])).toEqual([Outcome.duplicate, 0, 0]);
    const { refs } = readLogContent(dir);
    expect([...refs.values()]).toEqual([[41], [42]]);
  });

  it('takes in what was added since, and gives out no ref twice', () => {
    session([up, NOW, 1]);
    foreign(2, down, NOW, NOW + 5);
    expect(session([down, NOW + 5, 1], [down, NOW + 6, 1], [ahead(1), NOW, 1], [up, NOW + 1, 1])).toEqual([
      Outcome.duplicate,
      0,
      0,
      0,
    ]);
    expect([...readLogContent(dir).refs.values()]).toEqual([[1], [2], [3]]);
  });

  it('notices samples under an older ref of the same series', () => {
    foreign(7, up, NOW);
    foreign(9, up, NOW + 1);
    session([down, NOW, 1]);
    const writer = new LogWriter(join(dir, 'wal'), { segment: 2, offset: 0 });
    const samples = new SamplesEncoder();
    samples.add(7, NOW + 2, 0x3ff00000, 0);
    writer.log(samples.record());
    writer.flush();
    writer.close();
    expect(session([up, NOW + 2, 1], [up, NOW + 1, 1])).toEqual([Outcome.duplicate, Outcome.outOfOrder]);
  });

  it('keeps clear of refs that only samples mention', () => {
    const writer = new LogWriter(join(dir, 'wal'), { segment: 0, offset: 0 });
    const samples = new SamplesEncoder();
    samples.add(70, NOW, 0x3ff00000, 0);
    writer.log(samples.record());
    writer.flush();
    writer.close();
    session([up, NOW, 1]);
    const appender = open();
    put(appender, [[down, NOW, 1]]);
    appender.commit();
    appender.close();
    expect(() => readLogContent(dir)).toThrow('ref 70 is not known');
    rmSync(join(dir, 'wal', segmentName(0)));
    expect(existsSync(join(dir, TABLE))).toBe(true);
  });

  it('begins anew where the log was removed, replaced or cut', () => {
    session([up, NOW, 1]);
    rmSync(join(dir, 'wal'), { recursive: true });
    expect(session([up, NOW, 2])).toEqual([Outcome.ok]);
    rmSync(join(dir, 'wal'), { recursive: true });
    foreign(1, down, NOW, NOW + 1, NOW + 2, NOW + 3);
    expect(session([up, NOW, 2], [down, NOW + 3, 1])).toEqual([Outcome.ok, Outcome.duplicate]);
    expect([...readLogContent(dir).refs.values()]).toEqual([[1], [2]]);
  });

  it('adds a series again that a checkpoint left out', () => {
    session([up, NOW, 1], [down, NOW, 1]);
    const checkpoint = join(dir, 'wal', 'checkpoint.00000000');
    foreign(3, ahead(1), NOW);
    mkdirSync(checkpoint);
    const writer = new LogWriter(checkpoint, { segment: 0, offset: 0 });
    const series = new SeriesEncoder();
    series.add(1, up);
    writer.log(series.record());
    writer.flush();
    writer.close();
    rmSync(join(dir, 'wal', segmentName(0)));
    expect(session([up, NOW, 1], [down, NOW + 1, 2])).toEqual([Outcome.ok, Outcome.ok]);
    expect(readLogContent(dir).refs).toEqual(
      new Map([
        [up.toString(), [1]],
        [ahead(1).toString(), [3]],
        [down.toString(), [4]],
      ]),
    );
  });

  it('goes on after a checkpoint that nothing follows', () => {
    const checkpoint = join(dir, 'wal', 'checkpoint.00000004');
    mkdirSync(checkpoint, { recursive: true });
    session([up, NOW, 1]);
    expect(existsSync(join(dir, 'wal', segmentName(5)))).toBe(true);
    expect(session([up, NOW, 1], [up, NOW + 1, 1])).toEqual([Outcome.duplicate, Outcome.ok]);
  });

  it('removes a torn record and says so', () => {
    session([up, NOW, 1]);
    const path = join(dir, 'wal', segmentName(0));
    const before = statSync(path).size;
    session([up, NOW + 1, 2]);
    truncateSync(path, statSync(path).size - 3);
    const appender = open();
    expect(appender.notices).toEqual([
      expect.stringContaining(`wal/00000000: its last record was cut short`),
    ]);
    expect(put(appender, [[up, NOW + 1, 5]])).toEqual([Outcome.ok]);
    appender.commit();
    appender.close();
    expect(statSync(path).size).toBeGreaterThan(before);
    expect(readLogContent(dir).samples.get(up.toString())).toEqual([`${NOW} 1`, `${NOW + 1} 5`]);
  });

  it('sets aside what follows damage, and says so', () => {
    session([up, NOW, 1]);
    const good = statSync(join(dir, 'wal', segmentName(0))).size;
    foreign(9, down, NOW);
    appendFileSync(join(dir, 'wal', segmentName(0)), 'nonsense');
    rmSync(join(dir, TABLE));
    const appender = open();
    expect(appender.notices).toEqual([
      expect.stringMatching(/00000000 at byte \d+: .* in that file was set aside as 00000000.damaged$/),
    ]);
    put(appender, [[up, NOW + 1, 5]]);
    appender.commit();
    appender.close();
    expect(readdirSync(join(dir, 'wal')).sort()).toEqual(['00000000', '00000000.damaged', '00000001']);
    expect(readFileSync(join(dir, 'wal', '00000000.damaged'), 'utf8')).toBe('nonsense');
    expect(readLogContent(dir).samples.get(up.toString())).toEqual([`${NOW} 1`, `${NOW + 1} 5`]);
    expect(readLogContent(dir).samples.get(down.toString())).toEqual([expect.stringMatching(`${NOW} `)]);
    expect(good).toBeGreaterThan(0);
  });

  it('goes on from what a damaged checkpoint still has', () => {
    const checkpoint = join(dir, 'wal', 'checkpoint.00000004');
    mkdirSync(checkpoint, { recursive: true });
    const writer = new LogWriter(checkpoint, { segment: 0, offset: 0 });
    const series = new SeriesEncoder();
    series.add(8, up);
    writer.log(series.record());
    writer.flush();
    const whole = writer.position.offset;
    series.clear();
    series.add(9, down);
    writer.log(series.record());
    writer.flush();
    writer.close();
    const path = join(checkpoint, segmentName(0));
    const bytes = readFileSync(path);
    bytes[whole + 10] ^= 1;
    writeFileSync(path, bytes);
    const appender = open();
    put(appender, [
      [up, NOW, 1],
      [down, NOW, 2],
    ]);
    appender.commit();
    appender.close();
    expect(appender.notices).toEqual([
      expect.stringMatching(/checkpoint.00000004.* set aside as 00000000.damaged$/),
    ]);
    expect(readFileSync(`${path}.damaged`)).toEqual(bytes.subarray(whole));
    expect(session([up, NOW + 1, 1])).toEqual([Outcome.ok]);
    const { samples, refs } = readLogContent(dir);
    expect(samples.get(up.toString())).toEqual([`${NOW} 1`, `${NOW + 1} 1`]);
    expect(samples.get(down.toString())).toEqual([`${NOW} 2`]);
    expect(refs.get(up.toString())).toEqual([8]);
  });

  it('trusts no table from before the machine started, and none that is damaged', () => {
    session([up, NOW, 1]);
    const table = join(dir, TABLE);
    const whole = readFileSync(table);
    for (const change of [
      (b: Buffer) => b.fill(0, 0, 4),
      (b: Buffer) => b.fill(0x41, 80, 90),
      (b: Buffer) => b.subarray(0, 5000),
      (b: Buffer) => b.subarray(0, 0),
    ]) {
      writeFileSync(table, change(Buffer.from(whole)));
      expect(session([up, NOW, 1])).toEqual([Outcome.duplicate]);
    }
  });

  it('does without the table where it cannot be written', () => {
    session([up, NOW, 1]);
    rmSync(join(dir, TABLE));
    mkdirSync(join(dir, `${TABLE}.tmp`));
    expect(session([up, NOW + 1, 1])).toEqual([Outcome.ok]);
    expect(existsSync(join(dir, TABLE))).toBe(false);
    renameSync(join(dir, `${TABLE}.tmp`), join(dir, 'elsewhere'));
    expect(session([up, NOW + 1, 1])).toEqual([Outcome.duplicate]);
    expect(existsSync(join(dir, TABLE))).toBe(true);
  });
});
