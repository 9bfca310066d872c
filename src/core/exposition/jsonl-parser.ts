/**
 * Parses tsmon's JSON Lines (docs/format/jsonl.md), and with it VictoriaMetrics' export format, of which it is a
 * superset. One line at a time by `JSON.parse`; a line gives all its rows or none.
 */
import { isUtf8 } from 'node:buffer';
import { InputError } from '../errors.ts';
import { METRIC_NAME } from '../model/labels.ts';
import { METRIC_TYPES, type MetricType } from '../model/metadata.ts';
import { type Batch, NO_TIMESTAMP } from './batch.ts';
import { dropRows } from './drop-rows.ts';
import { jsonFault, jsonPlace } from './json-place.ts';
import {
  arrayAt,
  checkKeys,
  JsonShapeError,
  labelsAt,
  numberAt,
  objectAt,
  stringAt,
  wholeAt,
  writeValueAt,
} from './json-shape.ts';
import { histogramAt } from './jsonl-histogram.ts';
import { JsonlSeries } from './jsonl-series.ts';
import { invalidUtf8At } from './line-fault.ts';
import {
  BAD_EXPOSITION,
  DEFAULT_MAX_RECORD_BYTES,
  type ExpositionParser,
  type ParserOptions,
} from './parser.ts';
import type { SeriesTable } from './series-table.ts';

const KEYS_AFTER_METRIC = new Set([
  'values',
  'histograms',
  'timestamps',
  'start_timestamps',
  'exemplars',
  'family',
  'type',
  'help',
  'unit',
]);
const LINE_KEYS = new Set(['metric', ...KEYS_AFTER_METRIC]);
const EXEMPLAR_KEYS = new Set(['row', 'labels', 'value', 'timestamp']);

type JsonObject = Record<string, unknown>;

export class JsonlParser implements ExpositionParser {
  private readonly table: SeriesTable;
  private readonly series: JsonlSeries;
  private readonly maxLineBytes: number;
  /** The beginning of a line whose end has not come yet. */
  private pieces: Uint8Array[] = [];
  private pendingBytes = 0;
  private line = 1;

  constructor(table: SeriesTable, options: ParserOptions = {}) {
    this.table = table;
    this.series = new JsonlSeries(table);
    this.maxLineBytes = options.maxRecordBytes ?? DEFAULT_MAX_RECORD_BYTES;
  }

  write(bytes: Uint8Array, batch: Batch): void {
    let start = this.pendingBytes > 0 ? this.completeFirst(bytes, batch) : 0;
    const last = bytes.lastIndexOf(NEWLINE);
    if (start <= last) {
      const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      const valid = isUtf8(lines.subarray(start, last));
      while (start <= last) {
        const end = bytes.indexOf(NEWLINE, start);
        this.parseLine(lines, start, end, valid, batch);
        this.line++;
        start = end + 1;
      }
    }
    if (start === bytes.length) return;
    this.checkLength(bytes.length - start);
    this.pieces.push(bytes.slice(start));
    this.pendingBytes += bytes.length - start;
  }

  end(batch: Batch): void {
    if (this.pendingBytes > 0) this.parsePending(batch);
    this.reset();
  }

  /** Parses the line of which the beginning was kept, if its end is in `bytes`; returns where the next one starts. */
  private completeFirst(bytes: Uint8Array, batch: Batch): number {
    const end = bytes.indexOf(NEWLINE);
    if (end < 0) return 0;
    this.checkLength(end);
    this.pieces.push(bytes.subarray(0, end));
    this.parsePending(batch);
    this.line++;
    return end + 1;
  }

  private parsePending(batch: Batch): void {
    const line = Buffer.concat(this.pieces);
    this.pieces = [];
    this.pendingBytes = 0;
    this.parseLine(line, 0, line.length, isUtf8(line), batch);
  }

  private reset(): void {
    this.pieces = [];
    this.pendingBytes = 0;
    this.line = 1;
  }

  private checkLength(more: number): void {
    if (this.pendingBytes + more <= this.maxLineBytes) return;
    throw this.fault(1, `the line is longer than ${this.maxLineBytes} bytes`);
  }

  /** Parses the line in bytes [start, end); `valid` if they are known to be UTF-8. */
  private parseLine(bytes: Buffer, start: number, end: number, valid: boolean, batch: Batch): void {
    this.checkLength(end - start);
    if (!valid) this.checkUtf8(bytes.subarray(start, end));
    const series = this.series.find(bytes, start, end);
    if (series >= 0 && this.parseRest(bytes.toString('utf8', this.series.metricEnd + 1, end), series, batch))
      return;
    const text = bytes.toString('utf8', start, end);
    if (text.trim() === '') return;
    const rows = batch.length;
    try {
      const object = objectAt(JSON.parse(text), []);
      checkKeys(object, LINE_KEYS, []);
      this.read(object, this.series.add(object['metric'], bytes, start), batch);
    } catch (error) {
      dropRows(batch, rows);
      throw this.explained(error, text);
    }
  }

  /** Parses what follows a known metric; false, with nothing done, where the whole line has to be looked at. */
  private parseRest(rest: string, series: number, batch: Batch): boolean {
    const rows = batch.length;
    try {
      const object = objectAt(JSON.parse(`{${rest}`), []);
      checkKeys(object, KEYS_AFTER_METRIC, []);
      this.read(object, series, batch);
      return true;
    } catch {
      dropRows(batch, rows);
      return false;
    }
  }

  private checkUtf8(line: Uint8Array): void {
    if (!isUtf8(line)) throw this.fault(invalidUtf8At(line) + 1, 'invalid UTF-8');
  }

  private read(object: JsonObject, series: number, batch: Batch): void {
    const first = batch.length;
    if ('histograms' in object) {
      if ('values' in object)
        throw new JsonShapeError('a line has either values or histograms', ['histograms'], true);
      const histograms = arrayAt(object['histograms'], ['histograms']);
      for (let i = 0; i < histograms.length; i++) {
        const row = batch.push(series, NO_TIMESTAMP, 0);
        batch.histograms.set(row, histogramAt(histograms[i], ['histograms', i]));
      }
    } else {
      const values = arrayAt(object['values'], ['values']);
      for (let i = 0; i < values.length; i++) {
        const row = batch.push(series, NO_TIMESTAMP, 0);
        writeValueAt(batch.v, row, values[i], ['values', i]);
      }
    }
    readTimes(object, batch, first);
    readExemplars(object, batch, first);
    this.readFamily(object, series);
  }

  private readFamily(object: JsonObject, series: number): void {
    const { family, type, help, unit } = object;
    if (family === undefined && type === undefined && help === undefined && unit === undefined) return;
    const typeWord = type === undefined ? 'unknown' : stringAt(type, ['type']);
    if (!(METRIC_TYPES as readonly string[]).includes(typeWord)) {
      throw new JsonShapeError(`no metric type: ${JSON.stringify(typeWord)}`, ['type']);
    }
    const name =
      family === undefined ? this.table.labels[series].get(METRIC_NAME) : stringAt(family, ['family']);
    this.table.familyOf[series] = this.table.declare(name, {
      type: typeWord as MetricType,
      help: help === undefined ? '' : stringAt(help, ['help']),
      unit: unit === undefined ? '' : stringAt(unit, ['unit']),
    });
  }

  /** What went wrong with this line, with its place; anything else passes as it is. */
  private explained(error: unknown, text: string): unknown {
    if (error instanceof JsonShapeError) {
      const at = jsonPlace(text, error.path, error.atKey);
      return this.fault(column(text, at), error.message);
    }
    if (!(error instanceof SyntaxError)) return error;
    const fault = jsonFault(text);
    return fault === undefined ? error : this.fault(column(text, fault.at), fault.reason);
  }

  /** An error in the line that is being read; the parser is then ready for another input. */
  private fault(columnNumber: number, reason: string): InputError {
    const error = new InputError(BAD_EXPOSITION, reason, { line: this.line, column: columnNumber });
    this.reset();
    return error;
  }
}

const NEWLINE = 0x0a;

function readTimes(object: JsonObject, batch: Batch, first: number): void {
  const rows = batch.length - first;
  const { timestamps, start_timestamps: starts } = object;
  if (timestamps !== undefined) {
    const column = arrayAt(timestamps, ['timestamps']);
    checkLengths(column.length, rows, 'timestamps');
    for (let i = 0; i < rows; i++) {
      if (column[i] !== null) batch.t[first + i] = wholeAt(column[i], ['timestamps', i]);
    }
  }
  if (starts !== undefined) {
    const column = arrayAt(starts, ['start_timestamps']);
    checkLengths(column.length, rows, 'start_timestamps');
    for (let i = 0; i < rows; i++) {
      const st = wholeAt(column[i], ['start_timestamps', i]);
      if (st !== 0) batch.setStart(first + i, st);
    }
  }
}

function checkLengths(found: number, rows: number, key: string): void {
  if (found !== rows) throw new JsonShapeError(`${found} ${key} for ${rows} samples`, [key]);
}

function readExemplars(object: JsonObject, batch: Batch, first: number): void {
  if (object['exemplars'] === undefined) return;
  const exemplars = arrayAt(object['exemplars'], ['exemplars']);
  let last = 0;
  for (let i = 0; i < exemplars.length; i++) {
    const path = ['exemplars', i];
    const exemplar = objectAt(exemplars[i], path);
    checkKeys(exemplar, EXEMPLAR_KEYS, path);
    const row = wholeAt(exemplar['row'], [...path, 'row']);
    if (row < last || first + row >= batch.length) {
      throw new JsonShapeError('exemplars name rows of their line in ascending order', [...path, 'row']);
    }
    last = row;
    const { timestamp } = exemplar;
    batch.exemplars.push({
      row: first + row,
      exemplar: {
        labels: labelsAt(exemplar['labels'], [...path, 'labels']),
        v: numberAt(exemplar['value'], [...path, 'value']),
        t: timestamp === undefined ? undefined : wholeAt(timestamp, [...path, 'timestamp']),
      },
    });
  }
}

/** Bytes before index `at` of the line, counted from 1. */
function column(text: string, at: number): number {
  return Buffer.byteLength(text.slice(0, at)) + 1;
}
