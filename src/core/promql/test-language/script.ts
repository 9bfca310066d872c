/**
 * A script in the PromQL test language, as a plain structure
 * (https://github.com/prometheus/prometheus/blob/main/promql/promqltest/README.md). Times are milliseconds; scripts
 * play at the start of the epoch. Lines count from 1.
 */
import type { InputError } from '../../errors.ts';
import type { Labels } from '../../model/labels.ts';
import type { Sequence } from './sequence.ts';

export interface TestScript {
  /** Where it came from, for messages; undefined where nobody said. */
  file: string | undefined;
  commands: Command[];
}

export type Command = LoadCommand | ClearCommand | EvalCommand | BadEval;

/** Adds samples to what is stored, the first of each series at time 0. */
export interface LoadCommand {
  kind: 'load';
  line: number;
  stepMs: number;
  /** Whether to add, for every classic histogram, the native one with the same buckets (`load_with_nhcb`). */
  withNhcb: boolean;
  series: LoadSeries[];
}

export interface LoadSeries {
  line: number;
  labels: Labels;
  values: Sequence;
  /** Seconds from each sample's timestamp to its start timestamp (mostly negative); null where there are none. */
  startTimes: Sequence | null;
}

/** Removes everything that is stored. */
export interface ClearCommand {
  kind: 'clear';
  line: number;
}

/** Runs a query and compares. */
export interface EvalCommand {
  kind: 'eval';
  line: number;
  expr: string;
  /** Where in the line `expr` begins, from 1, in bytes. */
  column: number;
  query: InstantTime | RangeTimes;
  expected: ExpectedResult;
  /** The failure that is expected instead of a result; null where the query must succeed. */
  fail: MessageMatch | null;
  /** Whether the result's order counts. */
  ordered: boolean;
  /** Every warning must match one of these and each of these some warning; where there are none, warnings are free. */
  warn: MessageMatch[];
  info: MessageMatch[];
  /** No warnings, no infos, whatever they say. */
  noWarn: boolean;
  noInfo: boolean;
}

/** An `eval` that cannot be run: its query, its times or what it expects are malformed. The rest of the script can. */
export interface BadEval {
  kind: 'badEval';
  line: number;
  /** The query as far as it could be told apart from the rest, else the whole line. */
  expr: string;
  fault: InputError;
}

export interface InstantTime {
  kind: 'instant';
  atMs: number;
}

export interface RangeTimes {
  kind: 'range';
  startMs: number;
  endMs: number;
  stepMs: number;
}

export type ExpectedResult =
  | { kind: 'scalar'; value: number }
  | { kind: 'string'; value: string }
  /** The range vector that an instant query is to return, with one value for each step. */
  | { kind: 'rangeVector'; times: RangeTimes; series: ExpectedSeries[] }
  /** One value for each series of an instant query, and one for each step of a range query; possibly none at all. */
  | { kind: 'series'; series: ExpectedSeries[] };

export interface ExpectedSeries {
  line: number;
  labels: Labels;
  values: Sequence;
}

/** What a message is to look like. */
export interface MessageMatch {
  kind: 'any' | 'message' | 'regex';
  /** The message, or the pattern, which may match anywhere in it. */
  text: string;
  matches(message: string): boolean;
}
