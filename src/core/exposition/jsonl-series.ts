/**
 * The series that a JSON Lines parser has met, by the bytes with which their lines begin (`{"metric":{…}`): so much of
 * a line that begins like one before need not be parsed again.
 */
import { METRIC_NAME } from '../model/labels.ts';
import { ByteTable } from './byte-table.ts';
import { JsonShapeError, labelsAt, objectAt } from './json-shape.ts';
import type { SeriesTable } from './series-table.ts';

const START = Buffer.from('{"metric":{');
const QUOTE = 0x22;
const COMMA = 0x2c;
const BRACKET_OPEN = 0x5b;
const BACKSLASH = 0x5c;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;

export class JsonlSeries {
  /** Where the metric ends with which the line begins that was looked at last; -1 where it begins otherwise. */
  metricEnd = -1;
  private readonly table: SeriesTable;
  private keys = new ByteTable();
  private ids: number[] = [];
  private evictions: number;
  private view: DataView = new DataView(START.buffer);

  constructor(table: SeriesTable) {
    this.table = table;
    this.evictions = table.evictions;
  }

  /** The number of the series of the line in bytes [start, end), or -1 where it has to be parsed whole. */
  find(bytes: Uint8Array, start: number, end: number): number {
    this.dropEvicted();
    this.metricEnd = endOfMetric(bytes, start, end);
    if (this.metricEnd < 0) return -1;
    const found = this.keys.find(this.viewOf(bytes), start, this.metricEnd);
    if (found < 0) return -1;
    const id = this.ids[found];
    this.table.seen[id] = this.table.generation;
    return id;
  }

  /** The number of the series with this metric, on a line that `find` did not know. Throws JsonShapeError. */
  add(metric: unknown, bytes: Uint8Array, start: number): number {
    const object = objectAt(metric, ['metric']);
    const labels = labelsAt(object, ['metric']);
    if (labels.size === 0) throw new JsonShapeError('the metric has no labels', ['metric']);
    const id = this.table.intern(labels);
    const empty = Object.keys(object).filter((name) => object[name] === '' && name !== METRIC_NAME);
    if (empty.length > 0) this.table.emptyLabels.set(id, empty);
    if (this.metricEnd >= 0 && this.keys.find(this.viewOf(bytes), start, this.metricEnd) < 0) {
      this.keys.add(this.viewOf(bytes), start, this.metricEnd);
      this.ids.push(id);
    }
    return id;
  }

  private viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
    const { view } = this;
    if (view.buffer !== buffer || view.byteOffset !== byteOffset || view.byteLength !== length) {
      this.view = new DataView(buffer, byteOffset, length);
    }
    return this.view;
  }

  private dropEvicted(): void {
    if (this.evictions === this.table.evictions) return;
    this.keys = new ByteTable();
    this.ids = [];
    this.evictions = this.table.evictions;
  }
}

/** The position of the comma behind the metric, where the line begins with one and goes on after it; else -1. */
function endOfMetric(bytes: Uint8Array, start: number, end: number): number {
  for (let i = 0; i < START.length; i++) if (bytes[start + i] !== START[i]) return -1;
  for (let at = start + START.length; at < end; at++) {
    const c = bytes[at];
    if (c === QUOTE) {
      for (at++; at < end && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++;
    } else if (c === BRACE_CLOSE) {
      return bytes[at + 1] === COMMA && at + 1 < end ? at + 1 : -1;
    } else if (c === BRACE_OPEN || c === BRACKET_OPEN) {
      return -1;
    }
  }
  return -1;
}
