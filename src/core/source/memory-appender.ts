/** Writes to a MemorySource through the seam that storage has, so that what feeds a store can feed a query. */
import type { Exemplar } from '../model/exemplar.ts';
import type { Histogram } from '../model/histogram.ts';
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import type { Metadata } from '../model/metadata.ts';
import type { MemorySeries, MemorySource } from './memory.ts';
import { type Appender, Outcome } from './source.ts';

/** What is appended is visible at once; of two samples for one time the later one counts. */
export class MemoryAppender implements Appender {
  private readonly source: MemorySource;
  private readonly refs = new Map<MemorySeries, number>();
  private readonly series: MemorySeries[] = [];

  constructor(source: MemorySource) {
    this.source = source;
  }

  ref(labels: Labels): number {
    const series = this.source.series(labels);
    const known = this.refs.get(series);
    if (known !== undefined) return known;
    const ref = this.series.push(series) - 1;
    this.refs.set(series, ref);
    return ref;
  }

  append(
    refs: Uint32Array,
    ts: Float64Array,
    vs: Float64Array,
    from: number,
    to: number,
    outcomes: Uint8Array,
  ): number {
    for (let row = from; row < to; row++) this.series[refs[row]].addFloat(ts[row], vs, row);
    outcomes.fill(Outcome.ok, from, to);
    return to - from;
  }

  appendHistogram(ref: number, t: number, h: Histogram): Outcome {
    this.series[ref].addHistogram(t, h);
    return Outcome.ok;
  }

  appendExemplar(ref: number, exemplar: Exemplar): Outcome {
    this.series[ref].exemplars.push(exemplar);
    return Outcome.ok;
  }

  setMetadata(ref: number, { type, help, unit }: Metadata): void {
    this.source.addMetadata(this.series[ref].labels.get(METRIC_NAME), { type, help, unit });
  }

  commit(): void {}

  rollback(): void {
    throw new Error('what is appended to memory stays there');
  }
}
