import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadZstdCompressor } from '../../../../src/core/encoding/zstd.ts';
import {
  closeLog,
  LogReader,
  LogWriter,
  type LogWriterOptions,
  listSegments,
  openLog,
  PAGE_BYTES,
  segmentName,
} from '../../../../src/core/tsdb/wal/index.ts';
import { Fragment } from '../../../../src/core/tsdb/wal/page.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-log-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const START = { segment: 0, offset: 0 };

function write(records: readonly Uint8Array[], options: LogWriterOptions = {}, at = START) {
  const writer = new LogWriter(dir, at, options);
  for (const record of records) writer.log(record);
  writer.flush();
  const { position } = writer;
  writer.close();
  return position;
}

interface Reading {
  records: Uint8Array[];
  ends: number[];
  torn: boolean;
  error?: Error & { code: string; place: { file: string; offset: number } };
}

/** All that can be read. */
function read(): Reading {
  const files = openLog(dir);
  const reader = new LogReader(files);
  const out: Reading = { records: [], ends: [], torn: false };
  try {
    while (reader.next()) {
      out.records.push(reader.record.slice());
      out.ends.push(reader.recordEnd);
    }
  } catch (error) {
    out.error = error as Reading['error'];
  } finally {
    closeLog(files);
  }
  out.torn = reader.torn;
  return out;
}

function noise(length: number, seed = 1): Uint8Array {
  const out = new Uint8Array(length);
  let x = seed;
  for (let i = 0; i < length; i++) {
    x = (Math.imul(x, 1103515245) + 12345) | 0;
    out[i] = x >>> 16;
  }
  return out;
}

/** Comparing large arrays element by element would take most of the time of these tests. */
function expectRecords(found: readonly Uint8Array[], expected: readonly Uint8Array[]): void {
  expect(found.length).toBe(expected.length);
  expect(found.every((r, i) => Buffer.compare(r, expected[i]) === 0)).toBe(true);
}

const record = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 60 }),
  fc.tuple(fc.integer({ min: 1, max: 100_000 }), fc.nat()).map(([n, seed]) => noise(n, seed)),
  fc
    .tuple(fc.integer({ min: 1, max: 100_000 }), fc.nat(255))
    .map(([n, byte]) => new Uint8Array(n).fill(byte)),
);
const zstd = await loadZstdCompressor();
const compression = fc.constantFrom<LogWriterOptions['compression']>('none', 'snappy', { zstd });

describe('log', () => {
  it('gives back the records, however they lie in pages and segments', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 30 }), compression, fc.nat(3), (records, compress, pages) => {
        rmSync(dir, { recursive: true });
        const position = write(records, { compression: compress, segmentBytes: (pages + 1) * PAGE_BYTES });
        const reading = read();
        expect(reading.error).toBeUndefined();
        expect(reading.torn).toBe(false);
        expect(reading.records.length).toBe(records.length);
        expectRecords(reading.records, records);
        expect(listSegments(dir).at(-1)).toBe(position.segment);
      }),
      { numRuns: 60 },
    );
  });

  it('gives those alone that are wanted, however they are compressed', async () => {
    const zstd = await loadZstdCompressor();
    let at = START;
    const written: Uint8Array[] = [];
    for (const compression of ['snappy', 'none', { zstd }] as const) {
      const records = Array.from({ length: 60 }, (_, n) => {
        const record = noise(n % 7 === 6 ? 2 * PAGE_BYTES : 10 + n, n + 1).fill(0, 1, 8);
        record[0] = 1 + (n % 3);
        return record;
      });
      written.push(...records);
      at = write(records, { compression }, at);
    }
    const files = openLog(dir);
    const asked: number[] = [];
    const wants = (type: number) => {
      asked.push(type);
      return type === 2;
    };
    const reader = new LogReader(files, 0, 0, wants);
    const found: Uint8Array[] = [];
    const complain = (error: Error) => expect.unreachable(error.message);
    reader.each((record) => found.push(record.slice()), complain);
    closeLog(files);
    const wanted = written.filter((record) => record[0] === 2);
    expect(found.map((record) => Buffer.from(record).toString('base64'))).toEqual(
      wanted.map((record) => Buffer.from(record).toString('base64')),
    );
    expect(asked).toEqual(written.map((record) => record[0]));
    expect({ segment: reader.file.segment, offset: reader.dataEnd }).toEqual(at);
  });

  it('goes on where another writer stopped, padded page or not', () => {
    const first = write([noise(10)]);
    truncateSync(join(dir, segmentName(0)), PAGE_BYTES);
    expect(read().records).toEqual([noise(10)]);
    const second = write([noise(50_000)], {}, first);
    write([noise(20)], {}, second);
    expect(read().records).toEqual([noise(10), noise(50_000), noise(20)]);
  });

  it('starts the next segment where a record does not fit, and gives a huge one its own', () => {
    write([noise(PAGE_BYTES), noise(5 * PAGE_BYTES), noise(PAGE_BYTES)], { segmentBytes: 2 * PAGE_BYTES });
    expect(listSegments(dir)).toEqual([0, 1, 2]);
    expect(statSync(join(dir, segmentName(0))).size).toBe(2 * PAGE_BYTES);
    expect(statSync(join(dir, segmentName(1))).size % PAGE_BYTES).toBe(0);
  });

  it('acknowledges nothing before a flush', () => {
    const writer = new LogWriter(dir, START);
    writer.log(noise(10));
    writer.flush();
    writer.log(noise(20));
    expect(read().records).toEqual([noise(10)]);
    writer.discard();
    writer.log(noise(30));
    writer.flush();
    writer.log(noise(40));
    writer.close();
    expect(read().records).toEqual([noise(10), noise(30)]);
  });

  it('takes a large batch back, over all the segments it reached', () => {
    const writer = new LogWriter(dir, START, { segmentBytes: 64 * PAGE_BYTES, compression: 'none' });
    writer.log(noise(10));
    writer.flush();
    for (let i = 0; i < 200; i++) writer.log(noise(60_000, i));
    expect(listSegments(dir).length).toBeGreaterThan(3);
    writer.discard();
    expect(listSegments(dir)).toEqual([0]);
    writer.log(noise(20));
    writer.flush();
    writer.close();
    expect(read().records).toEqual([noise(10), noise(20)]);
  });

  it('stops at a record that is still being written', () => {
    const records = [noise(100, 1), noise(70_000, 2), noise(100, 3)];
    write(records, { compression: 'none' });
    const path = join(dir, segmentName(0));
    const whole = readFileSync(path);
    const { ends } = read();
    for (let size = 0; size <= whole.length; size += size < 200 || size > whole.length - 300 ? 1 : 997) {
      writeFileSync(path, whole.subarray(0, size));
      const reading = read();
      const complete = ends.filter((end) => end <= size).length;
      expect(reading.error).toBeUndefined();
      expectRecords(reading.records, records.slice(0, complete));
      expect(reading.torn).toBe(size !== (ends[complete - 1] ?? 0));
    }
  });

  it('reads everything before damage, and names file and offset, whatever byte is flipped', () => {
    const records = [noise(50, 1), new Uint8Array(300).fill(7), noise(33_000, 2), noise(60, 3), noise(10, 4)];
    write(records);
    const path = join(dir, segmentName(0));
    const whole = readFileSync(path);
    const { ends } = read();
    for (let at = 0; at < whole.length; at += at < 500 || at > whole.length - 800 ? 1 : 331) {
      for (const flip of [0xff, 1 << (at % 8)]) {
        const damaged = Buffer.from(whole);
        damaged[at] ^= flip;
        writeFileSync(path, damaged);
        const reading = read();
        const before = ends.filter((end) => end <= at).length;
        expectRecords(reading.records, records.slice(0, before));
        if (reading.error === undefined) expect(reading.torn).toBe(true);
        else {
          expect(reading.error).toMatchObject({ code: 'corruption', place: { file: path } });
          expect(reading.error.place.offset).toBeLessThanOrEqual(at);
        }
      }
    }
  });

  it('reads a record that no longer says that it is compressed', async () => {
    // A list of series: their type, and bytes that can be compressed.
    const record = new Uint8Array(200).fill(7);
    record[0] = 1;
    for (const compression of ['snappy', { zstd: await loadZstdCompressor() }] as const) {
      write([record], { compression });
      const bytes = readFileSync(join(dir, segmentName(0)));
      expect(bytes[0]).toBeGreaterThan(Fragment.full);
      bytes[0] = Fragment.full;
      writeFileSync(join(dir, segmentName(0)), bytes);
      const { records, error } = read();
      expect(error).toBeUndefined();
      expect(records.map((one) => Uint8Array.from(one))).toEqual([record]);
    }
  });

  it('takes a torn record for damage where another segment follows', () => {
    write([noise(10), noise(40_000)], { compression: 'none' });
    truncateSync(join(dir, segmentName(0)), 35_000);
    writeFileSync(join(dir, segmentName(1)), '');
    const reading = read();
    expect(reading.records).toEqual([noise(10)]);
    expect(reading.error).toMatchObject({
      message: expect.stringMatching(/00000000 at byte 3\d+: .*(torn|cut)/),
    });
  });

  it('reports a missing segment and passes over other files', () => {
    write([noise(10)]);
    writeFileSync(join(dir, '00000000.damaged'), 'x');
    expect(read().records.length).toBe(1);
    writeFileSync(join(dir, segmentName(2)), '');
    expect(() => openLog(dir)).toThrow(/segment 00000001 is missing/);
  });

  it('is empty where there is nothing', () => {
    expect(openLog(join(dir, 'absent'))).toEqual([]);
    expect(new LogReader([]).next()).toBe(false);
  });

  it('cuts off what a crash left behind the last whole record', () => {
    const end = write([noise(10)]);
    appendFileSync(join(dir, segmentName(0)), noise(100));
    write([noise(20)], {}, end);
    expect(read().records).toEqual([noise(10), noise(20)]);
  });
});
