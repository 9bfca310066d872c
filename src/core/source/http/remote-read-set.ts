/** The answer to a remote read as a set of series, whose samples are decoded when they are asked for. */
import { field, LENGTH, ProtobufReader } from '../../encoding/protobuf-reader.ts';
import type { SampleColumns } from '../../model/columns.ts';
import { readHistogram, readSample } from '../../remote/prompb.ts';
import { eachChunk, type ReadSeries } from '../../remote/read-codec.ts';
import { mergeRuns } from '../../tsdb/block/index.ts';
import { decodeChunk } from '../../tsdb/chunk/index.ts';
import { ServerSet } from './server-set.ts';

/** `parts` of the series are messages of the kind that `read` of each subclass knows. */
abstract class AnsweredSet extends ServerSet<ReadSeries> {
  read(i: number, out: SampleColumns): void {
    const start = out.length;
    for (const part of this.series[i].parts) this.readPart(part, out, start);
  }

  /** Adds the samples of `part` to those of its series, which start at row `start`. */
  protected abstract readPart(part: Uint8Array, out: SampleColumns, start: number): void;
}

export class ChunkedSet extends AnsweredSet {
  protected readPart(part: Uint8Array, out: SampleColumns, start: number): void {
    eachChunk(part, ({ encoding, data }) => {
      const from = out.length;
      decodeChunk(encoding, data, 0, data.length, out);
      mergeRuns(out, start, from);
    });
  }
}

export class SampledSet extends AnsweredSet {
  private readonly reader = new ProtobufReader();

  /** Floats and histograms are lists of their own, each in time order. */
  protected readPart(part: Uint8Array, out: SampleColumns, start: number): void {
    const { reader } = this;
    const first = out.length;
    reader.reset(part);
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag !== field(2, LENGTH)) {
        reader.skip(tag);
        continue;
      }
      const outer = reader.enter();
      readSample(reader, out);
      reader.leave(outer);
    }
    const middle = out.length;
    reader.reset(part);
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag !== field(4, LENGTH)) {
        reader.skip(tag);
        continue;
      }
      const outer = reader.enter();
      const { t, h } = readHistogram(reader);
      out.pushHistogram(t, h);
      reader.leave(outer);
    }
    mergeRuns(out, first, middle);
    mergeRuns(out, start, first);
  }
}
