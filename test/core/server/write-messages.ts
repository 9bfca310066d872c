/** Remote write messages, made by hand. */
import { ProtobufWriter } from '../../../src/core/encoding/protobuf-writer.ts';
import { snappyCompress, snappyMaxCompressedLength } from '../../../src/core/encoding/snappy.ts';
import type { Histogram } from '../../../src/core/model/histogram.ts';
import { writeHistogram } from '../../../src/core/remote/read-server-codec.ts';

export interface MessageSeries {
  labels: readonly (readonly [string, string])[];
  samples?: readonly { t: number; v: number }[];
  histograms?: readonly { t: number; h: Histogram }[];
  exemplars?: readonly { t: number; v: number; labels: readonly (readonly [string, string])[] }[];
  metadata?: { type: number; help: string; unit: string };
}

export const V1_HEADERS: Readonly<Record<string, string>> = {
  'Content-Type': 'application/x-protobuf',
  'Content-Encoding': 'snappy',
  'X-Prometheus-Remote-Write-Version': '0.1.0',
};

export const V2_HEADERS: Readonly<Record<string, string>> = {
  'Content-Type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
  'Content-Encoding': 'snappy',
  'X-Prometheus-Remote-Write-Version': '2.0.0',
};

export function messageV1(all: readonly MessageSeries[]): Uint8Array {
  const w = new ProtobufWriter();
  for (const { labels, samples = [], histograms = [], exemplars = [] } of all) {
    const series = w.begin(1);
    for (const pair of labels) writeLabel(w, pair);
    for (const { t, v } of samples) {
      const sample = w.begin(2);
      w.double(1, v);
      w.int(2, t);
      w.finish(sample);
    }
    for (const { t, v, labels: own } of exemplars) {
      const exemplar = w.begin(3);
      for (const pair of own) writeLabel(w, pair);
      w.double(2, v);
      w.int(3, t);
      w.finish(exemplar);
    }
    for (const { t, h } of histograms) {
      const message = w.begin(4);
      writeHistogram(w, t, h);
      w.finish(message);
    }
    w.finish(series);
  }
  return w.take().slice();
}

function writeLabel(w: ProtobufWriter, [name, value]: readonly [string, string]): void {
  const label = w.begin(1);
  w.string(1, name);
  w.string(2, value);
  w.finish(label);
}

export function messageV2(all: readonly MessageSeries[]): Uint8Array {
  const symbols = [''];
  const ref = (text: string) => {
    const at = symbols.indexOf(text);
    return at < 0 ? symbols.push(text) - 1 : at;
  };
  const w = new ProtobufWriter();
  const refs = (number: number, labels: readonly (readonly [string, string])[]) => {
    const packed = w.begin(number);
    for (const text of labels.flat()) w.rawUint(ref(text));
    w.finish(packed);
  };
  for (const { labels, samples = [], histograms = [], exemplars = [], metadata } of all) {
    const series = w.begin(5);
    refs(1, labels);
    for (const { t, v } of samples) {
      const sample = w.begin(2);
      w.double(1, v);
      w.int(2, t);
      w.finish(sample);
    }
    for (const { t, h } of histograms) {
      const message = w.begin(3);
      writeHistogram(w, t, h);
      w.finish(message);
    }
    for (const { t, v, labels: own } of exemplars) {
      const exemplar = w.begin(4);
      refs(1, own);
      w.double(2, v);
      w.int(3, t);
      w.finish(exemplar);
    }
    if (metadata !== undefined) {
      const message = w.begin(5);
      w.uint(1, metadata.type);
      w.uint(3, ref(metadata.help));
      w.uint(4, ref(metadata.unit));
      w.finish(message);
    }
    w.finish(series);
  }
  // The table last, which a decoder has to cope with.
  for (const symbol of symbols) w.string(4, symbol);
  return w.take().slice();
}

export function snappy(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(snappyMaxCompressedLength(message.length));
  return block.slice(0, snappyCompress(message, 0, message.length, block, 0));
}
