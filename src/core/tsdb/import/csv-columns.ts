/**
 * What the columns of a CSV file mean. A mapping is written as `COLUMN=ROLE` pairs, where a column is named by its
 * header or its number (from 1):
 *
 *     time=time:s            when: s, ms, us, ns, rfc3339, or auto
 *     host=label             a label with the column's own name
 *     host=label:instance    a label with another name
 *     cpu=metric:node_cpu    a value of the metric of that name
 *     value=value            a value whose metric is named by another column
 *     m=name                 the name of the metric
 *     series=series          the series as PromQL selects it
 *     note=skip              nothing
 *
 * Columns that are not mapped are taken by their headers: `timestamp` and `time` say when, `value` is the value,
 * `series` the series, and every other one a label of its name, unless columns are mapped at all, in which case they
 * are left out.
 */
import { InputError } from '../../errors.ts';

export type TimeUnit = 'auto' | 's' | 'ms' | 'us' | 'ns' | 'rfc3339';

export type ColumnRole =
  | { kind: 'time'; unit: TimeUnit }
  | { kind: 'label'; name: string }
  | { kind: 'metric'; name: string }
  | { kind: 'value' | 'name' | 'series' | 'skip' };

/** Roles by header or number, as the user wrote them. */
export type CsvColumns = ReadonlyMap<string, ColumnRole>;

const UNITS: readonly string[] = ['auto', 's', 'ms', 'us', 'ns', 'rfc3339'] satisfies TimeUnit[];

/** Reads `COLUMN=ROLE` pairs separated by commas. Throws InputError `bad_columns`. */
export function parseCsvColumns(text: string): CsvColumns {
  const columns = new Map<string, ColumnRole>();
  for (const pair of text.split(',')) {
    const [, column, kind, , argument] = /^\s*([^=]+?)\s*=\s*([a-z]+)(:(.*?))?\s*$/.exec(pair) ?? [];
    if (column === undefined) throw fault(`expected COLUMN=ROLE, got ${JSON.stringify(pair)}`);
    columns.set(column, roleOf(column, kind, argument));
  }
  return columns;
}

function roleOf(column: string, kind: string, argument: string | undefined): ColumnRole {
  switch (kind) {
    case 'time':
      if (argument !== undefined && !UNITS.includes(argument)) {
        throw fault(`times are in one of ${UNITS.join(', ')}, not ${JSON.stringify(argument)}`);
      }
      return { kind, unit: (argument ?? 'auto') as TimeUnit };
    case 'label':
      if (argument === '') throw fault(`column ${column} has a label without a name`);
      return { kind, name: argument ?? column };
    case 'metric':
      return { kind, name: argument || column };
    case 'value':
    case 'name':
    case 'series':
    case 'skip':
      if (argument !== undefined) throw fault(`${kind} takes no argument, got ${JSON.stringify(argument)}`);
      return { kind };
    default:
      throw fault(
        `a column is one of time, label, metric, value, name, series, skip, not ${JSON.stringify(kind)}`,
      );
  }
}

/** The role of each column of a file with these headers. Throws InputError `bad_columns`. */
export function resolveColumns(headers: readonly string[], columns: CsvColumns | undefined): ColumnRole[] {
  const roles = headers.map((header) =>
    columns === undefined ? roleByHeader(header) : { kind: 'skip' as const },
  );
  for (const [column, role] of columns ?? []) {
    const byName = headers.indexOf(column);
    const at = byName >= 0 || !/^\d+$/.test(column) ? byName : Number(column) - 1;
    if (at < 0 || at >= headers.length) {
      throw fault(`there is no column ${JSON.stringify(column)}; there are ${headers.join(', ')}`);
    }
    roles[at] = role;
  }
  check(roles);
  return roles;
}

function roleByHeader(header: string): ColumnRole {
  switch (header) {
    case 'timestamp':
    case 'time':
      return { kind: 'time', unit: 'auto' };
    case 'value':
    case 'series':
      return { kind: header };
    case '':
      return { kind: 'skip' };
    default:
      return { kind: 'label', name: header };
  }
}

function check(roles: readonly ColumnRole[]): void {
  const count = (kind: ColumnRole['kind']) => roles.filter((role) => role.kind === kind).length;
  const names = count('name') + roles.filter((r) => r.kind === 'label' && r.name === '__name__').length;
  if (count('time') !== 1) throw fault('exactly one column must be the time (COLUMN=time)');
  if (count('value') + count('metric') === 0) {
    throw fault('no column has values (COLUMN=value, or COLUMN=metric:NAME)');
  }
  if (count('series') + names > 1) throw fault('more than one column names the series');
  if (count('value') > 1)
    throw fault('only one column can be the value; name the others (COLUMN=metric:NAME)');
  if (count('value') === 1 && count('series') + names === 0) {
    throw fault(
      'nothing names the metric: use COLUMN=metric:NAME for the value, or COLUMN=name for its name',
    );
  }
}

/** Whether a file begins with a line that tsmon writes as CSV does, or one that names the columns it must have. */
export function looksLikeCsv(first: Uint8Array): boolean {
  const line = Buffer.from(first.subarray(0, 4096)).toString('utf8').split(/\r?\n/, 1)[0];
  const headers = line.split(',');
  return (
    headers.length > 2 && headers.includes('value') && headers.some((h) => h === 'timestamp' || h === 'time')
  );
}

function fault(reason: string): InputError {
  return new InputError('bad_columns', reason);
}
