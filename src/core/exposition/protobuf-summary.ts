/** The Summary message of the client model. One object is reused for all of them. */
import { FIXED64, field, LENGTH, type ProtobufReader, VARINT } from '../encoding/protobuf-reader.ts';
import type { Batch } from './batch.ts';
import { copyValue } from './copy-value.ts';
import { QUANTILE, readTimestamp, SUMMARY } from './protobuf-fields.ts';
import type { KnownFamily, MetricLabels } from './protobuf-series.ts';

export class SummaryMessage {
  private count = 0;
  /** Start timestamp in ms, 0 where there is none. */
  private created = 0;
  private quantileCount = 0;
  private quantiles: Float64Array = new Float64Array(8);
  /** The sum, and then the value of each quantile, with their bits. */
  private values: Float64Array = new Float64Array(9);

  /** Reads the message in which the reader is. */
  read(reader: ProtobufReader): void {
    this.count = 0;
    this.created = 0;
    this.quantileCount = 0;
    this.values[0] = 0;
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === field(SUMMARY.count, VARINT)) this.count = reader.uint();
      else if (tag === field(SUMMARY.sum, FIXED64)) reader.doubleInto(this.values, 0);
      else if (tag === field(SUMMARY.quantile, LENGTH)) this.readQuantile(reader);
      else if (tag === field(SUMMARY.created, LENGTH)) this.created = readTimestamp(reader);
      else reader.skip(tag);
    }
  }

  /** Adds its rows: count, sum, quantiles. */
  emit(family: KnownFamily, labels: MetricLabels, batch: Batch, t: number): void {
    const parts = family.partSeries(labels);
    const first = batch.push(family.countSeries(parts, labels), t, this.count);
    copyValue(this.values, 0, batch, batch.push(family.sumSeries(parts, labels), t, 0));
    for (let i = 0; i < this.quantileCount; i++) {
      const row = batch.push(family.boundSeries(parts, labels, i, this.quantiles[i]), t, 0);
      copyValue(this.values, i + 1, batch, row);
    }
    if (this.created === 0) return;
    for (let row = first; row < batch.length; row++) batch.setStart(row, this.created);
  }

  private readQuantile(reader: ProtobufReader): void {
    const outer = reader.enter();
    const i = this.quantileCount++;
    if (i === this.quantiles.length) this.widen();
    this.quantiles[i] = 0;
    this.values[i + 1] = 0;
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === field(QUANTILE.quantile, FIXED64)) this.quantiles[i] = reader.double();
      else if (tag === field(QUANTILE.value, FIXED64)) reader.doubleInto(this.values, i + 1);
      else reader.skip(tag);
    }
    reader.leave(outer);
  }

  private widen(): void {
    const quantiles = new Float64Array(this.quantiles.length * 2);
    quantiles.set(this.quantiles);
    this.quantiles = quantiles;
    const values = new Float64Array(quantiles.length + 1);
    values.set(this.values);
    this.values = values;
  }
}
