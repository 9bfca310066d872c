/**
 * Remote read from the server's side: requests taken apart, and both kinds of answer written.
 * Specified in prometheus/prometheus, prompb/remote.proto.
 */
import { crc32c } from '../encoding/crc32c.ts';
import { FIXED64, field, LENGTH, ProtobufReader, VARINT } from '../encoding/protobuf-reader.ts';
import { ProtobufWriter } from '../encoding/protobuf-writer.ts';
import { snappyDecompress } from '../encoding/snappy.ts';
import { writeUint32, writeUvarint } from '../encoding/varint.ts';
import { InputError } from '../errors.ts';
import type { SampleColumns } from '../model/columns.ts';
import type { Histogram, Span } from '../model/histogram.ts';
import { staleHistogram } from '../model/histogram-copy.ts';
import type { Labels } from '../model/labels.ts';
import { Matcher, type MatchType } from '../model/matcher.ts';
import { writeStale } from '../model/value.ts';
import type { ChunkList } from '../tsdb/chunk/index.ts';

export interface ReadQuery {
  /** ms, both inclusive. */
  mint: number;
  maxt: number;
  matchers: Matcher[];
}

export interface ReadRequest {
  queries: ReadQuery[];
  /** Whether the client takes chunks, as a stream. */
  streamed: boolean;
}

const TYPES: readonly MatchType[] = ['=', '!=', '=~', '!~'];
const SAMPLES = 0;
const STREAMED_XOR_CHUNKS = 1;

/** Throws InputError. `limitBytes` bounds the request when it is decompressed. */
export function decodeReadRequest(body: Uint8Array, limitBytes: number): ReadRequest {
  const reader = new ProtobufReader();
  reader.reset(snappyDecompress(body, limitBytes));
  const queries: ReadQuery[] = [];
  const accepted: number[] = [];
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === field(2, VARINT)) accepted.push(reader.uint());
    else if (tag === field(1, LENGTH)) {
      const outer = reader.enter();
      queries.push(readQuery(reader));
      reader.leave(outer);
    } else if (tag === field(2, LENGTH)) {
      const outer = reader.enter();
      while (reader.pos < reader.end) accepted.push(reader.uint());
      reader.leave(outer);
    } else reader.skip(tag);
  }
  // The first kind that we know counts; who names none takes samples.
  if (accepted.length === 0) accepted.push(SAMPLES);
  const kind = accepted.find((type) => type === SAMPLES || type === STREAMED_XOR_CHUNKS);
  if (kind === undefined) {
    const reason = `server does not support any of the requested response types: [${accepted.join(' ')}]; supported: map[SAMPLES:{} STREAMED_XOR_CHUNKS:{}]`;
    throw new InputError('bad_response_type', reason);
  }
  return { queries, streamed: kind === STREAMED_XOR_CHUNKS };
}

function readQuery(reader: ProtobufReader): ReadQuery {
  const query: ReadQuery = { mint: 0, maxt: 0, matchers: [] };
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === field(1, VARINT)) query.mint = reader.int();
    else if (tag === field(2, VARINT)) query.maxt = reader.int();
    else if (tag === field(3, LENGTH)) {
      const outer = reader.enter();
      query.matchers.push(readMatcher(reader));
      reader.leave(outer);
    } else reader.skip(tag);
  }
  return query;
}

function readMatcher(reader: ProtobufReader): Matcher {
  let type = 0;
  let name = '';
  let value = '';
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === field(1, VARINT)) type = reader.uint();
    else if (tag === field(2, LENGTH)) name = reader.string();
    else if (tag === field(3, LENGTH)) value = reader.string();
    else reader.skip(tag);
  }
  if (TYPES[type] === undefined) throw reader.fault(`matcher type ${type} is not known`);
  return new Matcher(TYPES[type], name, value);
}

/** Writes a TimeSeries, field 1 of the QueryResult that `writer` is in. */
export function writeTimeSeries(writer: ProtobufWriter, labels: Labels, columns: SampleColumns): void {
  const series = writer.begin(1);
  writeLabels(writer, labels);
  const { t, v, histograms } = columns;
  for (let i = 0; i < columns.length; i++) {
    if ((histograms?.[i] ?? null) !== null) continue;
    const sample = writer.begin(2);
    writer.rawUint(field(1, FIXED64));
    writer.rawDouble(v, i);
    writer.int(2, t[i]);
    writer.finish(sample);
  }
  for (let i = 0; histograms !== null && i < columns.length; i++) {
    const h = histograms[i] ?? null;
    if (h === null) continue;
    const message = writer.begin(4);
    writeHistogram(writer, t[i], h);
    writer.finish(message);
  }
  writer.finish(series);
}

function writeLabels(writer: ProtobufWriter, { names, values }: Labels): void {
  for (let i = 0; i < names.length; i++) {
    const label = writer.begin(1);
    writer.string(1, names[i]);
    writer.string(2, values[i]);
    writer.finish(label);
  }
}

/** The fields of a Histogram message. */
export function writeHistogram(writer: ProtobufWriter, t: number, given: Histogram): void {
  const h = given.stale ? { ...staleHistogram(), isFloat: given.isFloat } : given;
  if (h.isFloat) writer.double(2, h.count);
  else writer.uint(1, h.count);
  const sum = Float64Array.of(h.sum);
  if (h.stale) writeStale(sum, 0);
  writer.rawUint(field(3, FIXED64));
  writer.rawDouble(sum, 0);
  writer.sint(4, h.schema);
  writer.double(5, h.zeroThreshold);
  if (h.isFloat) writer.double(7, h.zeroCount);
  else writer.uint(6, h.zeroCount);
  writeSide(writer, 8, h.isFloat, h.negativeSpans, h.negativeBuckets);
  writeSide(writer, 11, h.isFloat, h.positiveSpans, h.positiveBuckets);
  writer.uint(14, h.counterReset);
  writer.int(15, t);
  if (h.customValues.length === 0) return;
  const bounds = writer.begin(16);
  for (let i = 0; i < h.customValues.length; i++) writer.rawDouble(h.customValues, i);
  writer.finish(bounds);
}

/** Spans, and then deltas (of counts) or counts (of floats); `first` is the number of the spans' field. */
function writeSide(
  writer: ProtobufWriter,
  first: number,
  isFloat: boolean,
  spans: readonly Span[],
  buckets: Float64Array,
): void {
  for (const { offset, length } of spans) {
    const span = writer.begin(first);
    writer.sint(1, offset);
    writer.uint(2, length);
    writer.finish(span);
  }
  if (buckets.length === 0) return;
  const packed = writer.begin(isFloat ? first + 2 : first + 1);
  let before = 0;
  for (let i = 0; i < buckets.length; i++) {
    if (isFloat) writer.rawDouble(buckets, i);
    else writer.rawSint(buckets[i] - before);
    before = buckets[i];
  }
  writer.finish(packed);
}

/** Chunks of one frame; a series with more goes on in the next. */
const FRAME_BYTES = 1 << 20;

/** The frames of one series in a streamed answer: length, CRC-32C, ChunkedReadResponse. */
export function* chunkFrames(
  labels: Labels,
  chunks: ChunkList,
  queryIndex: number,
): Generator<Uint8Array, void> {
  for (let from = 0; from < chunks.length; ) {
    const writer = new ProtobufWriter(4096);
    const series = writer.begin(1);
    writeLabels(writer, labels);
    let next = from;
    while (next < chunks.length && (next === from || writer.length < FRAME_BYTES)) {
      const chunk = writer.begin(2);
      writer.int(1, chunks.mint[next]);
      writer.int(2, chunks.maxt[next]);
      writer.uint(3, chunks.encoding[next]);
      const data = writer.begin(4);
      writer.copy(chunks.bytes, chunks.start[next], chunks.end[next]);
      writer.finish(data);
      writer.finish(chunk);
      next++;
    }
    from = next;
    writer.finish(series);
    if (queryIndex > 0) writer.int(2, queryIndex);
    const head = new Uint8Array(14);
    const end = writeUvarint(head, 0, writer.length);
    writeUint32(head, end, crc32c(writer.bytes, 0, writer.length));
    yield Buffer.concat([head.subarray(0, end + 4), writer.bytes.subarray(0, writer.length)]);
  }
}
