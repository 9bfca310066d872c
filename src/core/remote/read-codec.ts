/**
 * Remote read: the request, and both kinds of answer. A sampled answer is one snappy block with every sample; a streamed
 * one is a sequence of frames with the chunks as the server has them. Specified in prometheus/prometheus,
 * prompb/remote.proto and https://prometheus.io/docs/prometheus/latest/querying/remote_read_api/
 */
import { crc32c } from '../encoding/crc32c.ts';
import { field, LENGTH, ProtobufReader, VARINT } from '../encoding/protobuf-reader.ts';
import { ProtobufWriter } from '../encoding/protobuf-writer.ts';
import { snappyCompress, snappyDecompress, snappyMaxCompressedLength } from '../encoding/snappy.ts';
import { readUvarint } from '../encoding/varint.ts';
import { InputError } from '../errors.ts';
import { type Labels, labelsFromPairs } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import { readLabel } from './prompb.ts';

/** The content type of a streamed answer; a sampled one is `application/x-protobuf`. */
export const STREAMED_TYPE = 'application/x-streamed-protobuf';

export const READ_HEADERS: Readonly<Record<string, string>> = {
  'Content-Type': 'application/x-protobuf',
  'Content-Encoding': 'snappy',
  Accept: `${STREAMED_TYPE}, application/x-protobuf`,
  'X-Prometheus-Remote-Read-Version': '0.1.0',
};

const MATCH_TYPES = { '=': 0, '!=': 1, '=~': 2, '!~': 3 } as const;
const SAMPLES = 0;
const STREAMED_XOR_CHUNKS = 1;

/** A request for the samples of one selection with mint <= t <= maxt (ms), compressed. Either answer is welcome. */
export function encodeReadRequest(matchers: readonly Matcher[], mint: number, maxt: number): Uint8Array {
  const writer = new ProtobufWriter();
  const query = writer.begin(1);
  writer.int(1, mint);
  writer.int(2, maxt);
  for (const { type, name, value } of matchers) {
    const matcher = writer.begin(3);
    writer.uint(1, MATCH_TYPES[type]);
    writer.string(2, name);
    writer.string(3, value);
    writer.finish(matcher);
  }
  writer.finish(query);
  const accepted = writer.begin(2);
  writer.rawUint(STREAMED_XOR_CHUNKS);
  writer.rawUint(SAMPLES);
  writer.finish(accepted);
  const { bytes, length } = writer;
  const block = new Uint8Array(snappyMaxCompressedLength(length));
  return block.subarray(0, snappyCompress(bytes, 0, length, block, 0));
}

/** A series of an answer, its samples not yet decoded. */
export interface ReadSeries {
  labels: Labels;
  /** TimeSeries or ChunkedSeries messages, in the order of the answer. */
  parts: Uint8Array[];
}

/**
 * The series of a sampled answer; their parts are TimeSeries messages. `limitBytes` bounds the answer when it is
 * decompressed. Throws InputError.
 */
export function decodeSampledAnswer(body: Uint8Array, limitBytes: number): ReadSeries[] {
  const message = snappyDecompress(body, limitBytes);
  const reader = new ProtobufReader();
  reader.reset(message);
  const found = new SeriesList();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag !== field(1, LENGTH)) {
      reader.skip(tag);
      continue;
    }
    const outer = reader.enter();
    found.readAll(reader);
    reader.leave(outer);
  }
  return found.series;
}

const CRC_BYTES = 4;

/** The series of a streamed answer; their parts are ChunkedSeries messages. Throws InputError. */
export function decodeStreamedAnswer(body: Uint8Array): ReadSeries[] {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const cursor = { pos: 0 };
  const reader = new ProtobufReader();
  const found = new SeriesList();
  while (cursor.pos < body.length) {
    const frame = cursor.pos;
    const length = readUvarint(body, cursor, body.length);
    const start = cursor.pos + CRC_BYTES;
    if (!(start + length <= body.length)) throw badFrame('the answer ends within a frame', frame);
    if (crc32c(body, start, start + length) !== view.getUint32(cursor.pos))
      throw badFrame('the checksum of a frame does not match', frame);
    reader.reset(body, start, start + length);
    found.readAll(reader);
    cursor.pos = start + length;
  }
  return found.series;
}

function badFrame(reason: string, offset: number): InputError {
  return new InputError('bad_remote_read', reason, { offset });
}

/** Both kinds of series have their labels in field 1; in both messages that list them they are field 1. */
class SeriesList {
  readonly series: ReadSeries[] = [];
  private readonly part = new ProtobufReader();

  /** Adds the series of the message in which the reader is. A series that goes on gets another part. */
  readAll(reader: ProtobufReader): void {
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag !== field(1, LENGTH)) {
        reader.skip(tag);
        continue;
      }
      const part = reader.raw();
      const labels = this.labelsOf(part);
      const last = this.series[this.series.length - 1];
      if (last?.labels.equals(labels)) last.parts.push(part);
      else this.series.push({ labels, parts: [part] });
    }
  }

  private labelsOf(message: Uint8Array): Labels {
    const { part } = this;
    part.reset(message);
    const pairs: [string, string][] = [];
    for (let tag = part.tag(); tag !== 0; tag = part.tag()) {
      if (tag !== field(1, LENGTH)) {
        part.skip(tag);
        continue;
      }
      const outer = part.enter();
      pairs.push(readLabel(part));
      part.leave(outer);
    }
    return labelsFromPairs(pairs);
  }
}

/** A chunk as a ChunkedSeries message has it. */
export interface ReadChunk {
  /** As in tsdb/chunk. */
  encoding: number;
  data: Uint8Array;
}

/** Gives the chunks of a ChunkedSeries message to `each`, in its order; the object is reused. */
export function eachChunk(part: Uint8Array, each: (chunk: ReadChunk) => void): void {
  const reader = new ProtobufReader();
  reader.reset(part);
  const chunk: ReadChunk = { encoding: 0, data: part };
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag !== field(2, LENGTH)) {
      reader.skip(tag);
      continue;
    }
    const outer = reader.enter();
    chunk.encoding = 0;
    chunk.data = new Uint8Array(0);
    for (let inner = reader.tag(); inner !== 0; inner = reader.tag()) {
      if (inner === field(3, VARINT)) chunk.encoding = reader.uint();
      else if (inner === field(4, LENGTH)) chunk.data = reader.raw();
      else reader.skip(inner);
    }
    reader.leave(outer);
    each(chunk);
  }
}
