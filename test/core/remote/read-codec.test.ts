import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { field, LENGTH, ProtobufReader, VARINT } from '../../../src/core/encoding/protobuf-reader.ts';
import { snappyDecompress } from '../../../src/core/encoding/snappy.ts';
import { InputError } from '../../../src/core/errors.ts';
import { labelsFromObject, SampleColumns } from '../../../src/core/model/index.ts';
import { Matcher } from '../../../src/core/model/matcher.ts';
import {
  decodeSampledAnswer,
  decodeStreamedAnswer,
  encodeReadRequest,
  type ReadSeries,
} from '../../../src/core/remote/read-codec.ts';
import { ChunkedSet, SampledSet } from '../../../src/core/source/http/remote-read-set.ts';
import { sampledAnswer, streamedAnswer } from './read-answers.ts';

function rows(set: ChunkedSet | SampledSet, i = 0): unknown[] {
  const columns = new SampleColumns();
  set.read(i, columns);
  return Array.from({ length: columns.length }, (_, row) => [
    columns.t[row],
    columns.histograms?.[row]?.sum ?? columns.v[row],
  ]);
}

it('asks for a range, matchers, and either kind of answer', () => {
  const block = encodeReadRequest([new Matcher('!~', 'job', 'a|b')], -5, 7);
  const reader = new ProtobufReader();
  reader.reset(snappyDecompress(block, 1000));
  expect(reader.tag()).toBe(field(1, LENGTH));
  const outer = reader.enter();
  expect([reader.tag(), reader.int()]).toEqual([field(1, VARINT), -5]);
  expect([reader.tag(), reader.int()]).toEqual([field(2, VARINT), 7]);
  expect(reader.tag()).toBe(field(3, LENGTH));
  const matcher = reader.enter();
  expect([reader.tag(), reader.uint()]).toEqual([field(1, VARINT), 3]);
  expect([reader.tag(), reader.string()]).toEqual([field(2, LENGTH), 'job']);
  expect([reader.tag(), reader.string()]).toEqual([field(3, LENGTH), 'a|b']);
  reader.leave(matcher);
  reader.leave(outer);
  expect([reader.tag(), [...reader.raw()]]).toEqual([field(2, LENGTH), [1, 0]]);
});

describe('a sampled answer', () => {
  it('has floats and histograms in time order', () => {
    const set = new SampledSet(decodeSampledAnswer(sampledAnswer(), 1 << 20));
    expect(set.labels(0).equals(labelsFromObject({ __name__: 'x' }))).toBe(true);
    expect(rows(set)).toEqual([
      [1000, 4],
      [2000, 2.5],
      [3000, 5],
    ]);
    const columns = new SampleColumns();
    set.read(0, columns);
    expect(columns.histograms?.[0]).toMatchObject({
      schema: 1,
      count: 3,
      isFloat: false,
      positiveSpans: [{ offset: -1, length: 2 }],
      positiveBuckets: Float64Array.of(2, 1),
    });
  });

  it('that is damaged is a fault, and never anything else', () => {
    const whole = sampledAnswer();
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const bytes = whole.slice();
        bytes[at] ^= mask;
        for (const damaged of [bytes, whole.slice(0, at)])
          attempt(() => decodeSampledAnswer(damaged, 1 << 20), SampledSet);
      }),
    );
  });
});

describe('a streamed answer', () => {
  const parts = [[[1, 1] as [number, number], [2, 2] as [number, number]], [[3, 3] as [number, number]]];

  it('may give one series in several frames', () => {
    const set = new ChunkedSet(decodeStreamedAnswer(streamedAnswer(parts)));
    expect(set.length).toBe(1);
    expect(rows(set)).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  });

  it('may have chunks that overlap', () => {
    const set = new ChunkedSet(
      decodeStreamedAnswer(
        streamedAnswer([
          parts[0],
          [
            [2, 2],
            [5, 5],
          ],
        ]),
      ),
    );
    expect(rows(set)).toEqual([
      [1, 1],
      [2, 2],
      [5, 5],
    ]);
  });

  it('that is damaged is a fault with its place', () => {
    const whole = streamedAnswer(parts);
    expect(() => decodeStreamedAnswer(whole.subarray(0, whole.length - 1))).toThrow(
      /byte \d+: the answer ends/,
    );
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const bytes = whole.slice();
        bytes[at] ^= mask;
        for (const damaged of [bytes, whole.slice(0, at)])
          attempt(() => decodeStreamedAnswer(damaged), ChunkedSet);
      }),
    );
  });
});

function attempt(decode: () => ReadSeries[], Answer: typeof SampledSet | typeof ChunkedSet): void {
  try {
    const set = new Answer(decode());
    for (let i = 0; i < set.length; i++) rows(set, i);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
  }
}
