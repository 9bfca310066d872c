/**
 * Remote write as it is sent: one 1.0 message, compressed with snappy.
 * Specified in https://prometheus.io/docs/specs/prw/remote_write_spec/ (prompb/remote.proto).
 */
import { ProtobufWriter } from '../encoding/protobuf-writer.ts';
import { snappyCompress, snappyMaxCompressedLength } from '../encoding/snappy.ts';
import type { Labels } from '../model/labels.ts';
import { METRIC_TYPES, type Metadata } from '../model/metadata.ts';

/** What a request with such a body says of it. */
export const WRITE_V1_HEADERS: Readonly<Record<string, string>> = {
  'Content-Encoding': 'snappy',
  'Content-Type': 'application/x-protobuf',
  'X-Prometheus-Remote-Write-Version': '0.1.0',
};

/** Gathers samples and metadata, each once, and gives the body. */
export class WriteRequestV1 {
  private readonly message = new ProtobufWriter();

  /** Row `row` of `vs` at `t` (ms), with all its bits. */
  addSample(labels: Labels, t: number, vs: Float64Array, row: number): void {
    const { message } = this;
    const series = message.begin(1);
    for (const [name, value] of labels) {
      const label = message.begin(1);
      message.string(1, name);
      message.string(2, value);
      message.finish(label);
    }
    const sample = message.begin(2);
    message.doubleFrom(1, vs, row);
    message.int(2, t);
    message.finish(sample);
    message.finish(series);
  }

  addMetadata(family: string, { type, help, unit }: Metadata): void {
    const { message } = this;
    const start = message.begin(3);
    message.uint(1, METRIC_TYPES.indexOf(type));
    message.string(2, family);
    if (help !== '') message.string(4, help);
    if (unit !== '') message.string(5, unit);
    message.finish(start);
  }

  body(): Uint8Array {
    const { bytes, length } = this.message;
    const out = new Uint8Array(snappyMaxCompressedLength(length));
    return out.subarray(0, snappyCompress(bytes, 0, length, out, 0));
  }
}
