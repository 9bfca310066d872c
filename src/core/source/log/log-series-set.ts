/**
 * The series of one selection from a log, with their samples, in bounded memory however large the log is.
 *
 * A first pass over the log collects the series and counts their samples, which it keeps where they are no more than
 * GATHERED_ROWS floats. Else the series, sorted, are cut into groups of at most GROUP_ROWS samples (or one series), and
 * the samples of a group are gathered by a pass of its own when the first of them is read. So whoever reads the series in
 * order, as all do that read much, has one group in memory: 16 bytes a sample, beside what is kept of each series.
 */
import type { SampleColumns } from '../../model/columns.ts';
import type { Labels } from '../../model/labels.ts';
import type { Matcher } from '../../model/matcher.ts';
import { addInterval, type Intervals, removeDeleted, type StoredSeriesSet } from '../../tsdb/block/index.ts';
import {
  decodeSamples,
  decodeTombstones,
  HistogramDecoder,
  isHistogramRecord,
  isSamplesRecord,
  RecordType,
  recordType,
  SampleRows,
  SeriesDecoder,
} from '../../tsdb/wal/index.ts';
import type { TimeRange } from '../source.ts';
import { GatheredFloats } from './gathered-floats.ts';
import { LogSamples } from './log-samples.ts';
import { LogSeries } from './log-series.ts';
import type { LogView, RecordVisitor } from './log-view.ts';

/** 128 MiB of times and values. */
const GROUP_ROWS = 8 * 1024 * 1024;
/** 80 MiB, until the samples are in their columns, which take 64 MiB. */
const GATHERED_ROWS = 4 * 1024 * 1024;

export interface LogSelectOptions extends TimeRange {
  /** Samples before this time that came in order are not looked at: the blocks have them. */
  minTime: number;
  /** Only `labels` will be called: a series then counts whether it has samples in the range or not. */
  labelsOnly?: boolean;
  /** Samples held in memory at a time; GROUP_ROWS unless a test wants less. */
  groupRows?: number;
}

export class LogSeriesSet implements StoredSeriesSet {
  readonly length: number;
  private readonly view: LogView;
  private readonly options: LogSelectOptions;
  private readonly series: LogSeries;
  /** The series' rows, sorted by labels, and the place of each row among them; NOT_SELECTED where it has none. */
  private readonly rows: Uint32Array;
  private readonly positions: Int32Array;
  /** Samples of each, by position, at most. */
  private readonly counts: Uint32Array;
  private readonly deleted: Map<number, Intervals>;
  /** All samples, where they are not many and nobody has read one. */
  private gathered: GatheredFloats | undefined;
  private groupFirst = 0;
  private groupLast = 0;
  private group: LogSamples | undefined = undefined;

  constructor(view: LogView, matchers: readonly Matcher[], options: LogSelectOptions) {
    this.view = view;
    this.options = options;
    const first = new FirstPass(matchers, options);
    view.eachRecord(first);
    if (options.labelsOnly !== true) {
      first.endOrdered();
      view.eachOutOfOrderRecord(first);
    }
    this.series = first.series;
    this.deleted = first.deleted;
    this.gathered = first.gathered;
    const all = first.series.sorted();
    this.rows = options.labelsOnly === true ? all : all.filter((row) => first.counts[row] > 0);
    this.length = this.rows.length;
    this.positions = new Int32Array(first.series.count).fill(-1);
    this.counts = new Uint32Array(this.length);
    for (let position = 0; position < this.length; position++) {
      const row = this.rows[position];
      this.positions[row] = position;
      this.counts[position] = first.counts[row];
    }
  }

  labels(position: number): Labels {
    return this.series.labels(this.rows[position]);
  }

  read(position: number, out: SampleColumns): void {
    this.readWithin(position, this.options.mint, this.options.maxt, out);
  }

  /** The label names of all series, in no order. */
  names(): string[] {
    return this.series.namesOf(this.rows);
  }

  /** The values that a label has, in no order. */
  values(name: string): string[] {
    return this.series.valuesOf(this.rows, name);
  }

  /** Samples of all series, at most. */
  get sampleCount(): number {
    let count = 0;
    for (let position = 0; position < this.length; position++) count += this.counts[position];
    return count;
  }

  /**
   * Some of these series, with their samples of a part of the time. Samples are gathered as for the whole: where that is
   * several groups, each change from one to another is a pass over the log.
   */
  within(matchers: readonly Matcher[], { mint, maxt }: TimeRange): StoredSeriesSet {
    const { series, positions } = this;
    const found = series.matching(this.rows, matchers).filter((row) => {
      const group = this.groupOf(positions[row]);
      return group.hasSamples(positions[row] - this.groupFirst, mint, maxt);
    });
    return {
      length: found.length,
      labels: (i) => series.labels(found[i]),
      read: (i, out) => this.readWithin(positions[found[i]], mint, maxt, out),
    };
  }

  private readWithin(position: number, mint: number, maxt: number, out: SampleColumns): void {
    const group = this.groupOf(position);
    const from = out.length;
    group.read(position - this.groupFirst, mint, maxt, out);
    const deleted = this.deleted.get(this.rows[position]);
    if (deleted !== undefined) removeDeleted(out, from, deleted);
  }

  private groupOf(position: number): LogSamples {
    if (this.group !== undefined && position >= this.groupFirst && position < this.groupLast)
      return this.group;
    return this.load(position);
  }

  /** Gathers the group that begins at `position`, or all, where all is at hand. */
  private load(position: number): LogSamples {
    if (this.gathered !== undefined) {
      const samples = new LogSamples(this.counts);
      this.gathered.moveTo(samples, this.positions, this.length, this.options.maxt);
      this.gathered = undefined;
      return this.keep(samples, 0, this.length);
    }
    const limit = this.options.groupRows ?? GROUP_ROWS;
    let last = position + 1;
    let rows = this.counts[position];
    while (last < this.length && rows + this.counts[last] <= limit) rows += this.counts[last++];
    // Before the new one is made, so that there are never two.
    this.group = undefined;
    const samples = new LogSamples(this.counts.subarray(position, last));
    const pass = new GroupPass(samples, this.series, this.positions, position, last, this.options);
    this.view.eachRecord(pass);
    samples.endOrdered();
    pass.inOrder = false;
    this.view.eachOutOfOrderRecord(pass);
    samples.end();
    return this.keep(samples, position, last);
  }

  private keep(samples: LogSamples, first: number, last: number): LogSamples {
    this.group = samples;
    this.groupFirst = first;
    this.groupLast = last;
    return samples;
  }
}

/** Collects series, counts their samples and notes deletions. */
class FirstPass implements RecordVisitor {
  readonly series: LogSeries;
  counts = new Uint32Array(256);
  readonly deleted = new Map<number, Intervals>();
  /** The samples, floats without start timestamps as long as there are no others and not too many. */
  gathered: GatheredFloats | undefined;
  private readonly options: LogSelectOptions;
  private mint: number;
  private readonly decoder = new SeriesDecoder();
  private readonly samples = new SampleRows();
  private readonly histograms = new HistogramDecoder();

  constructor(matchers: readonly Matcher[], options: LogSelectOptions) {
    this.series = new LogSeries(matchers);
    this.options = options;
    this.mint = Math.max(options.mint, options.minTime);
    this.gathered = new GatheredFloats(Math.min(GATHERED_ROWS, options.groupRows ?? GROUP_ROWS));
  }

  /** Samples count from now on that came out of order. */
  endOrdered(): void {
    this.mint = this.options.mint;
    this.gathered?.endOrdered();
  }

  /** Samples, and what deletes them, come after their series: of none there is nothing to count. */
  wants(type: number): boolean {
    if (type === RecordType.series) return true;
    if (this.options.labelsOnly === true || this.series.count === 0) return false;
    return isSamplesRecord(type) || isHistogramRecord(type) || type === RecordType.tombstones;
  }

  take(record: Uint8Array): void {
    const type = recordType(record);
    if (type === RecordType.series) this.takeSeries(record);
    else if (isSamplesRecord(type)) this.takeFloats(record);
    else if (isHistogramRecord(type)) this.takeHistograms(record);
    else {
      for (const { ref, mint, maxt } of decodeTombstones(record)) {
        const row = this.series.rows.get(ref);
        if (row >= 0) this.deleted.set(row, addInterval(this.deleted.get(row) ?? [], mint, maxt));
      }
    }
  }

  private takeSeries(record: Uint8Array): void {
    const { series, counts, decoder } = this;
    decoder.start(record);
    while (decoder.next()) series.add(decoder, record);
    if (series.count <= counts.length) return;
    this.counts = new Uint32Array(Math.max(series.count, counts.length * 2));
    this.counts.set(counts);
  }

  private takeFloats(record: Uint8Array): void {
    const { counts, samples, mint } = this;
    const { rows } = this.series;
    const { maxt } = this.options;
    decodeSamples(record, samples);
    const { ref, t, vBits } = samples;
    if (samples.hasStart) this.gathered = undefined;
    let { gathered } = this;
    for (let i = 0; i < samples.length; i++) {
      if (t[i] < mint || (t[i] > maxt && gathered === undefined)) continue;
      const row = rows.get(ref[i]);
      if (row < 0) continue;
      if (gathered?.add(row, t[i], vBits[i * 2 + 1], vBits[i * 2]) === false) {
        gathered = this.gathered = undefined;
      }
      if (t[i] <= maxt) counts[row]++;
    }
  }

  private takeHistograms(record: Uint8Array): void {
    const { counts, histograms, mint } = this;
    const { maxt } = this.options;
    histograms.begin(record);
    while (histograms.next()) {
      if (histograms.t < mint) continue;
      const row = this.series.rows.get(histograms.ref);
      if (row < 0) continue;
      this.gathered = undefined;
      if (histograms.t <= maxt) counts[row]++;
    }
  }
}

/** Gathers the samples of the series at positions [first, last). */
class GroupPass implements RecordVisitor {
  /** Whether the log that is read is the one whose samples count only where they are newer than those before. */
  inOrder = true;
  private readonly out: LogSamples;
  private readonly series: LogSeries;
  private readonly positions: Int32Array;
  private readonly first: number;
  private readonly options: LogSelectOptions;
  private readonly newest: Float64Array;
  private readonly samples = new SampleRows();
  private readonly histograms = new HistogramDecoder();

  constructor(
    out: LogSamples,
    series: LogSeries,
    positions: Int32Array,
    first: number,
    last: number,
    options: LogSelectOptions,
  ) {
    this.out = out;
    this.series = series;
    this.positions = positions;
    this.first = first;
    this.options = options;
    this.newest = new Float64Array(last - first).fill(Number.NEGATIVE_INFINITY);
  }

  wants(type: number): boolean {
    return isSamplesRecord(type) || isHistogramRecord(type);
  }

  take(record: Uint8Array): void {
    const type = recordType(record);
    if (isSamplesRecord(type)) {
      const { samples, out } = this;
      decodeSamples(record, samples);
      const { vBits } = samples;
      for (let i = 0; i < samples.length; i++) {
        const at = this.accept(samples.ref[i], samples.t[i]);
        if (at < 0) continue;
        out.addFloat(at, samples.t[i], samples.hasStart ? samples.st[i] : 0, vBits[i * 2 + 1], vBits[i * 2]);
      }
    } else if (isHistogramRecord(type)) {
      const { histograms: h, out } = this;
      h.begin(record);
      while (h.next()) {
        const at = h.isKnown ? this.accept(h.ref, h.t) : -1;
        if (at >= 0) out.addHistogram(at, h.t, h.st, h.isFloat, record, h.start, h.end);
      }
    }
  }

  /** The series of the group that a sample belongs to, or -1 where it is none of them or the sample does not count. */
  private accept(ref: number, t: number): number {
    const row = this.series.rows.get(ref);
    if (row < 0) return -1;
    const at = this.positions[row] - this.first;
    if (at < 0 || at >= this.newest.length) return -1;
    if (this.inOrder) {
      if (t < this.options.minTime || t <= this.newest[at]) return -1;
      this.newest[at] = t;
    }
    return t >= this.options.mint && t <= this.options.maxt ? at : -1;
  }
}
