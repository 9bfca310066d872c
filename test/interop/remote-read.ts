/** Asks a real Prometheus for raw samples, bit for bit: its remote read is the one way that shows stale markers. */
import { ByteReader } from '../../src/core/encoding/byte-reader.ts';
import { ByteWriter } from '../../src/core/encoding/byte-writer.ts';
import {
  snappyCompress,
  snappyDecompress,
  snappyMaxCompressedLength,
} from '../../src/core/encoding/snappy.ts';
import { labelsFromPairs } from '../../src/core/model/index.ts';

/** By labels: `t value`, `t 0xbits` where the value is a NaN, `t histogram count sum` in time order. */
export type RawSeries = Map<string, string[]>;

/** All samples of the series whose metric name matches `name`, a regular expression, in [mint, maxt]. */
export async function remoteRead(url: string, name: string, mint: number, maxt: number): Promise<RawSeries> {
  const matcher = new ByteWriter();
  matcher.byte(0x08);
  matcher.uvarint(2); // =~
  matcher.byte(0x12);
  matcher.string('__name__');
  matcher.byte(0x1a);
  matcher.string(name);
  const query = new ByteWriter();
  query.byte(0x08);
  query.uvarint(mint);
  query.byte(0x10);
  query.uvarint(maxt);
  embed(query, 0x1a, matcher);
  const request = new ByteWriter();
  embed(request, 0x0a, query);

  const message = request.view();
  const body = new Uint8Array(snappyMaxCompressedLength(message.length));
  const length = snappyCompress(message, 0, message.length, body, 0);
  const response = await fetch(`${url}/api/v1/read`, {
    method: 'POST',
    headers: {
      'Content-Encoding': 'snappy',
      'Content-Type': 'application/x-protobuf',
      'X-Prometheus-Remote-Read-Version': '0.1.0',
    },
    body: body.subarray(0, length),
  });
  const answer = new Uint8Array(await response.arrayBuffer());
  if (!response.ok) throw new Error(`remote read: ${response.status} ${Buffer.from(answer)}`);
  const out: RawSeries = new Map();
  for (const [result] of fields(snappyDecompress(answer, 1 << 30), 1)) {
    for (const [series] of fields(result, 1)) readSeries(series, out);
  }
  return out;
}

function readSeries(series: Uint8Array, out: RawSeries): void {
  const pairs: [string, string][] = [];
  const rows: [number, string][] = [];
  for (const [label] of fields(series, 1)) {
    const [name, value] = [1, 2].map((n) => Buffer.from([...fields(label, n)][0][0]).toString());
    pairs.push([name, value]);
  }
  for (const [sample] of fields(series, 2)) {
    const t = [...fields(sample, 2)][0]?.[1] ?? 0;
    const value = [...fields(sample, 1)][0]?.[0] ?? new Uint8Array(8);
    rows.push([t, `${t} ${text(value)}`]);
  }
  for (const [histogram] of fields(series, 4)) {
    const t = [...fields(histogram, 15)][0]?.[1] ?? 0;
    const count = [...fields(histogram, 1)][0]?.[1];
    const floatCount = [...fields(histogram, 2)][0]?.[0];
    const sum = [...fields(histogram, 3)][0]?.[0] ?? new Uint8Array(8);
    rows.push([
      t,
      `${t} histogram ${floatCount === undefined ? (count ?? 0) : text(floatCount)} ${text(sum)}`,
    ]);
  }
  rows.sort((a, b) => a[0] - b[0]);
  out.set(
    labelsFromPairs(pairs).toString(),
    rows.map(([, row]) => row),
  );
}

/** The fields with this number: bytes of those with a length or eight bytes, and the number of varints. */
function* fields(message: Uint8Array, number: number): Generator<[Uint8Array, number]> {
  const reader = new ByteReader(message);
  while (reader.remaining > 0) {
    const tag = reader.uvarint();
    let bytes = new Uint8Array(0);
    let value = 0;
    if ((tag & 7) === 0) value = reader.uvarint();
    else {
      const n = (tag & 7) === 1 ? 8 : reader.uvarint();
      const start = reader.advance(n);
      bytes = message.slice(start, start + n);
    }
    if (tag >>> 3 === number) yield [bytes, value];
  }
}

/** A little-endian float64. */
function text(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  const v = view.getFloat64(0, true);
  return Number.isNaN(v) ? `0x${view.getBigUint64(0, true).toString(16)}` : String(v);
}

function embed(out: ByteWriter, tag: number, message: ByteWriter): void {
  out.byte(tag);
  out.uvarint(message.length);
  out.copy(message.bytes, 0, message.length);
}
