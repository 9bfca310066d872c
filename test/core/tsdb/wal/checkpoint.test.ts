import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { labelsFromObject } from '../../../../src/core/model/index.ts';
import {
  checkpointName,
  closeLog,
  decodeTombstones,
  encodeTombstones,
  HistogramsEncoder,
  LogReader,
  LogWriter,
  listCheckpoints,
  listSegments,
  MetadataEncoder,
  openLog,
  RecordType,
  recordType,
  SamplesEncoder,
  SeriesEncoder,
  segmentName,
  writeCheckpoint,
} from '../../../../src/core/tsdb/wal/index.ts';
import { readLogContent } from '../append/log-content.ts';

let dir: string;
let wal: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-checkpoint-'));
  wal = join(dir, 'wal');
});
afterEach(() => rmSync(dir, { recursive: true }));

const name = (n: number) => labelsFromObject({ __name__: `s${n}` });

/** A segment that adds series `n`, describes it, and has a sample of every series so far at `t`. */
function segment(n: number, t: number): void {
  const writer = new LogWriter(wal, { segment: n, offset: 0 });
  const series = new SeriesEncoder();
  series.add(n + 1, name(n));
  const metadata = new MetadataEncoder();
  for (let i = 0; i <= n; i++) metadata.add(i + 1, { type: 'gauge', unit: '', help: `of segment ${n}` });
  const samples = new SamplesEncoder();
  for (let i = 0; i <= n; i++) samples.add(i + 1, t, 0x3ff00000, 0);
  const histograms = new HistogramsEncoder(RecordType.histogramSamples);
  histograms.add(n + 1, t + 1, {
    isFloat: false,
    counterReset: 0,
    schema: 0,
    zeroThreshold: 0,
    zeroCount: 2,
    count: 2,
    sum: 0,
    stale: false,
    positiveSpans: [],
    negativeSpans: [],
    positiveBuckets: new Float64Array(0),
    negativeBuckets: new Float64Array(0),
    customValues: new Float64Array(0),
  });
  for (const record of [
    series.record(),
    metadata.record(),
    samples.record(),
    histograms.record(),
    encodeTombstones([{ ref: 1, mint: t, maxt: t }]),
  ]) {
    writer.log(record);
  }
  writer.flush();
  writer.close();
}

describe('writeCheckpoint', () => {
  it('keeps what is wanted of the segments it replaces', () => {
    for (let n = 0; n < 4; n++) segment(n, n * 100);
    writeCheckpoint(wal, { segment: 1, mint: 100, keep: (ref) => ref !== 1 });
    expect(listSegments(wal)).toEqual([2, 3]);
    expect(listCheckpoints(wal)).toEqual([1]);
    // Series 1 is gone, and what the later segments say of it is nobody's.
    expect(() => readLogContent(dir)).toThrow('ref 1 is not known');
  });

  it('leaves the samples that are new enough and the newest metadata', () => {
    for (let n = 0; n < 4; n++) segment(n, n * 100);
    writeCheckpoint(wal, { segment: 2, mint: 200, keep: () => true });
    const { samples, metadata, refs } = readLogContent(dir);
    expect([...refs.keys()]).toEqual(['s0', 's1', 's2', 's3']);
    expect(samples.get('s0')).toEqual(['200 1', '300 1']);
    expect(samples.get('s2')).toEqual(['200 1', '201 histogram 2', '300 1']);
    expect(metadata.get('s0')).toEqual(['gauge  of segment 2', 'gauge  of segment 3']);
  });

  it('keeps what deletes an older sample that stays because of others in its record', () => {
    const writer = new LogWriter(wal, { segment: 0, offset: 0 });
    const samples = new SamplesEncoder();
    samples.add(1, 50, 0x3ff00000, 0);
    samples.add(2, 250, 0x3ff00000, 0);
    writer.log(samples.record());
    const stones = [
      { ref: 1, mint: 50, maxt: 50 },
      { ref: 1, mint: 10, maxt: 49 },
    ];
    writer.log(encodeTombstones(stones));
    writer.flush();
    writer.close();
    segment(1, 300);
    writeCheckpoint(wal, { segment: 0, mint: 200, keep: () => true });
    const files = openLog(wal);
    const kept: unknown[] = [];
    const reader = new LogReader(files);
    while (reader.next()) {
      if (recordType(reader.record) === RecordType.tombstones) kept.push(...decodeTombstones(reader.record));
    }
    closeLog(files);
    expect(kept).toEqual([stones[0], { ref: 1, mint: 300, maxt: 300 }]);
  });

  it('is made from the checkpoint before it', () => {
    for (let n = 0; n < 3; n++) segment(n, n * 100);
    writeCheckpoint(wal, { segment: 0, mint: 0, keep: () => true });
    const before = readLogContent(dir);
    writeCheckpoint(wal, { segment: 1, mint: 0, keep: () => true });
    expect(readLogContent(dir)).toMatchObject({ refs: before.refs, samples: before.samples });
    expect(readdirSync(wal).sort()).toEqual([segmentName(2), checkpointName(1)]);
  });

  it('changes nothing where the log is damaged, and takes no notice of what a crash left', () => {
    for (let n = 0; n < 2; n++) segment(n, n * 100);
    const temporary = join(wal, `${checkpointName(0)}.tmp`);
    mkdirSync(temporary);
    writeFileSync(join(temporary, segmentName(0)), 'left over');
    writeFileSync(join(wal, segmentName(0)), Buffer.alloc(9, 0xff), { flag: 'a' });
    expect(() => writeCheckpoint(wal, { segment: 0, mint: 0, keep: () => true })).toThrow(
      expect.objectContaining({ code: 'corruption' }),
    );
    expect(existsSync(temporary)).toBe(false);
    expect(listSegments(wal)).toEqual([0, 1]);
    expect(listCheckpoints(wal)).toEqual([]);
  });
});
