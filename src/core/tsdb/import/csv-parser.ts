/**
 * Parses comma-separated values (RFC 4180) with a header line into samples, by roles of columns (csv-columns.ts). A
 * row gives a sample for each value column that is not empty. What names a series is compared with the row before, and
 * else looked up, so a series that was seen before costs no label set.
 */
import { InputError } from '../../errors.ts';
import type { Batch } from '../../exposition/batch.ts';
import { BAD_EXPOSITION, DEFAULT_MAX_RECORD_BYTES, type ExpositionParser } from '../../exposition/parser.ts';
import type { SeriesTable } from '../../exposition/series-table.ts';
import {
  type Labels,
  labelsFromPairs,
  METRIC_NAME,
  parseSampleFloat,
  writeStale,
} from '../../model/index.ts';
import { parseTimestamp } from '../../model/timestamp.ts';
import { type ColumnRole, type CsvColumns, resolveColumns, type TimeUnit } from './csv-columns.ts';
import { CsvRecord, NEWLINE, QUOTE, RecordEnds } from './csv-record.ts';

const RETURN = 0x0d;
const NO_BYTES = new Uint8Array(0);

export interface CsvOptions {
  /** Roles of columns; without them the headers say. */
  columns?: CsvColumns;
  /** Reads a series as PromQL selects it. Throws InputError. */
  parseSeries: (text: string) => Labels;
}

export class CsvParser implements ExpositionParser {
  private readonly table: SeriesTable;
  private readonly options: CsvOptions;
  private roles: ColumnRole[] | undefined;
  /** What names a row's series, as text -> the series of each value column. */
  private readonly known = new Map<string, Int32Array>();
  /** The series of the record before. */
  private series: Int32Array | undefined = undefined;
  private current = new CsvRecord();
  private before = new CsvRecord();
  private evictions: number;
  private held: Uint8Array = NO_BYTES;
  private line = 1;

  constructor(table: SeriesTable, options: CsvOptions) {
    this.table = table;
    this.options = options;
    this.evictions = table.evictions;
  }

  write(bytes: Uint8Array, batch: Batch): void {
    if (this.evictions !== this.table.evictions) {
      this.known.clear();
      this.series = undefined;
      this.evictions = this.table.evictions;
    }
    let piece = bytes;
    if (this.held.length > 0) {
      piece = new Uint8Array(this.held.length + bytes.length);
      piece.set(this.held);
      piece.set(bytes, this.held.length);
    }
    let start = 0;
    const ends = new RecordEnds(piece);
    for (;;) {
      const end = ends.next(start);
      if (end < 0) break;
      this.record(piece, start, end, batch);
      start = end + 1;
    }
    this.held = piece.slice(start);
    if (this.held.length > DEFAULT_MAX_RECORD_BYTES) throw this.fault(`the record does not end`);
  }

  end(batch: Batch): void {
    const { held } = this;
    if (held.length > 0) {
      const quotes = held.reduce((count, byte) => (byte === QUOTE ? count + 1 : count), 0);
      if (quotes % 2 !== 0) throw this.fault('a quote is not closed');
      this.record(held, 0, held.length, batch);
    }
    this.held = NO_BYTES;
    this.roles = undefined;
    this.series = undefined;
    this.line = 1;
  }

  /** Parses the record [start, end), without its line break. */
  private record(bytes: Uint8Array, start: number, end: number, batch: Batch): void {
    const last = end > start && bytes[end - 1] === RETURN ? end - 1 : end;
    if (last > start) {
      const record = this.before;
      this.before = this.current;
      this.current = record;
      record.split(bytes, start, last);
      if (this.roles === undefined) this.readHeader(record.texts());
      else this.readRow(record, this.roles, batch);
    }
    for (let at = start; at <= end; at++) if (bytes[at] === NEWLINE) this.line++;
  }

  private readHeader(fields: readonly string[]): void {
    try {
      this.roles = resolveColumns(fields, this.options.columns);
    } catch (error) {
      throw error instanceof InputError ? error.in({ line: this.line }) : error;
    }
  }

  private readRow(record: CsvRecord, roles: readonly ColumnRole[], batch: Batch): void {
    if (record.length !== roles.length) {
      throw this.fault(`has ${record.length} fields, and the header ${roles.length}`);
    }
    let t = Number.NaN;
    let isSame = this.series !== undefined;
    for (let i = 0; i < roles.length; i++) {
      const role = roles[i];
      if (role.kind === 'time') t = this.time(record.text(i), role.unit);
      else if (isSame && names(role)) isSame = record.equals(this.before, i);
    }
    if (!isSame) this.series = this.lookUp(record, roles);
    const series = this.series!;
    for (let i = 0; i < roles.length; i++) {
      if (series[i] < 0 || record.isEmpty(i)) continue;
      const row = batch.push(series[i], t, 0);
      this.table.seen[series[i]] = this.table.generation;
      this.value(record.text(i), batch, row);
    }
  }

  private lookUp(record: CsvRecord, roles: readonly ColumnRole[]): Int32Array {
    const fields = record.texts();
    const key = fields.filter((_, i) => names(roles[i])).join('\n');
    let series = this.known.get(key);
    if (series === undefined) this.known.set(key, (series = this.seriesOf(fields, roles)));
    return series;
  }

  private value(text: string, batch: Batch, row: number): void {
    if (text === 'stale') {
      writeStale(batch.v, row);
      return;
    }
    const v = parseSampleFloat(text.trim());
    if (v === undefined) throw this.fault(`${JSON.stringify(text)} is not a number`);
    batch.v[row] = v;
    if (Number.isNaN(v)) batch.writeNaN(row);
  }

  private time(text: string, unit: TimeUnit): number {
    if (unit === 'auto' || unit === 'rfc3339') {
      try {
        return parseTimestamp(text, Number.NaN);
      } catch (error) {
        throw error instanceof InputError ? this.fault(error.reason) : error;
      }
    }
    const number = Number(text);
    if (text === '' || !Number.isFinite(number)) throw this.fault(`${JSON.stringify(text)} is not a time`);
    return Math.round(
      unit === 's' ? number * 1000 : unit === 'ms' ? number : unit === 'us' ? number / 1e3 : number / 1e6,
    );
  }

  /** The series of each value column of a row, -1 for other columns. */
  private seriesOf(fields: readonly string[], roles: readonly ColumnRole[]): Int32Array {
    const pairs: [string, string][] = [];
    let base: Labels | undefined;
    for (let i = 0; i < roles.length; i++) {
      const role = roles[i];
      if (role.kind === 'label') pairs.push([role.name, fields[i]]);
      else if (role.kind === 'name') pairs.push([METRIC_NAME, fields[i]]);
      else if (role.kind === 'series') base = this.attempt(() => this.options.parseSeries(fields[i]));
    }
    const common = this.attempt(() => labelsFromPairs([...(base ?? []), ...pairs]));
    return Int32Array.from(roles, (role) => {
      if (role.kind === 'metric') return this.table.intern(common.with(METRIC_NAME, role.name));
      if (role.kind !== 'value') return -1;
      if (common.size === 0) throw this.fault('the series has no labels');
      return this.table.intern(common);
    });
  }

  private attempt<T>(make: () => T): T {
    try {
      return make();
    } catch (error) {
      if (error instanceof InputError) throw this.fault(error.reason);
      if (error instanceof RangeError) throw this.fault(error.message);
      throw error;
    }
  }

  private fault(reason: string): InputError {
    return new InputError(BAD_EXPOSITION, reason, { line: this.line });
  }
}

/** Whether a column says which series a row is of. */
function names({ kind }: ColumnRole): boolean {
  return kind === 'label' || kind === 'name' || kind === 'series';
}
