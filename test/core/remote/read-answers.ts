/** Answers to a remote read, as servers write them. */
import { crc32c } from '../../../src/core/encoding/crc32c.ts';
import { ProtobufWriter } from '../../../src/core/encoding/protobuf-writer.ts';
import { snappyCompress, snappyMaxCompressedLength } from '../../../src/core/encoding/snappy.ts';
import { SampleColumns } from '../../../src/core/model/index.ts';
import { ChunkList, SeriesEncoder } from '../../../src/core/tsdb/chunk/index.ts';

function label(writer: ProtobufWriter, name: string, value: string): void {
  const start = writer.begin(1);
  writer.string(1, name);
  writer.string(2, value);
  writer.finish(start);
}

function compressed(writer: ProtobufWriter): Uint8Array {
  const block = new Uint8Array(snappyMaxCompressedLength(writer.length));
  return block.subarray(0, snappyCompress(writer.bytes, 0, writer.length, block, 0));
}

/** One series with a float and two histograms, as a ReadResponse. */
export function sampledAnswer(): Uint8Array {
  const writer = new ProtobufWriter();
  const result = writer.begin(1);
  const series = writer.begin(1);
  label(writer, '__name__', 'x');
  const sample = writer.begin(2);
  writer.double(1, 2.5);
  writer.int(2, 2000);
  writer.finish(sample);
  for (const [t, sum] of [
    [1000, 4],
    [3000, 5],
  ]) {
    const histogram = writer.begin(4);
    writer.uint(1, 3);
    writer.double(3, sum);
    writer.sint(4, 1);
    writer.double(5, 0.001);
    const span = writer.begin(11);
    writer.sint(1, -1);
    writer.uint(2, 2);
    writer.finish(span);
    const deltas = writer.begin(12);
    writer.rawSint(2);
    writer.rawSint(-1);
    writer.finish(deltas);
    writer.int(15, t);
    writer.finish(histogram);
  }
  writer.finish(series);
  writer.finish(result);
  return compressed(writer);
}

/** Frames, each with a part of series `x`: its samples as XOR chunks. */
export function streamedAnswer(parts: readonly (readonly [t: number, v: number][])[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const samples of parts) {
    const columns = new SampleColumns();
    columns.reserve(samples.length);
    for (const [i, [t, v]] of samples.entries()) {
      columns.t[i] = t;
      columns.v[i] = v;
    }
    columns.length = samples.length;
    const chunks = new ChunkList();
    const encoder = new SeriesEncoder('merge', chunks);
    encoder.append(columns);
    encoder.finish();
    const writer = new ProtobufWriter();
    const series = writer.begin(1);
    label(writer, '__name__', 'x');
    for (let i = 0; i < chunks.length; i++) {
      const chunk = writer.begin(2);
      writer.int(1, chunks.mint[i]);
      writer.int(2, chunks.maxt[i]);
      writer.uint(3, chunks.encoding[i]);
      writer.raw(4, chunks.bytes.subarray(chunks.start[i], chunks.end[i]));
      writer.finish(chunk);
    }
    writer.finish(series);
    const message = writer.bytes.slice(0, writer.length);
    const frame = new ProtobufWriter();
    frame.rawUint(message.length);
    const crc = new DataView(new ArrayBuffer(4));
    crc.setUint32(0, crc32c(message));
    frame.copy(new Uint8Array(crc.buffer));
    frame.copy(message);
    pieces.push(frame.bytes.slice(0, frame.length));
  }
  return Buffer.concat(pieces);
}
