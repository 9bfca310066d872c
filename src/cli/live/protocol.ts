/**
 * What the live view and its worker say to each other. The worker has the sources and evaluates, so that the view answers
 * keys meanwhile. It has one job at a time; the view sends the next when it has the answer.
 */
import type { Histogram } from '../../core/model/histogram.ts';
import { Labels } from '../../core/model/labels.ts';
import type { QueryValue, ResultSeries } from '../../core/promql/index.ts';
import type { EngineFlags } from '../engine-options.ts';
import type { HttpFlags } from '../http-flags.ts';
import type { QueryTimes } from '../query-times.ts';

export interface WorkerSettings {
  from: string[];
  flags: EngineFlags & HttpFlags;
  /** Anything but 0 ends the job at hand. The view sets it back before it sends the next. */
  cancelFlag: Int32Array;
}

export type Job =
  | { kind: 'query'; query: string; times: QueryTimes }
  /** Names of metrics, each with its type and help where those are known. */
  | { kind: 'metrics' }
  | { kind: 'labels'; metric: string }
  | { kind: 'values'; label: string; metric: string }
  /** Time of the newest sample. */
  | { kind: 'latest' };

export interface MetricEntry {
  name: string;
  type: string;
  help: string;
}

/** What each kind of job yields. */
export interface Yield {
  query: { value: SentValue; warnings: string[]; infos: string[]; tookMs: number };
  metrics: MetricEntry[];
  labels: string[];
  values: string[];
  latest: number | undefined;
}

export type Reply =
  | { ok: true; result: Yield[Job['kind']] }
  /** Text for people; undefined where the job was cancelled. */
  | { ok: false; error: string | undefined };

/** A result without classes, which messages cannot carry. */
export type SentValue =
  | { type: 'matrix'; series: SentSeries[] }
  | { type: 'vector'; series: SentSeries[] }
  | Exclude<QueryValue, { type: 'matrix' | 'vector' }>;

interface SentSeries {
  names: readonly string[];
  values: readonly string[];
  t: Float64Array;
  v: Float64Array;
  histograms: (Histogram | null)[] | null;
}

/** A graph of more lines is a blot, and the view would not answer keys while it takes them over and draws. */
export const MOST_SENT = 1000;

/** The first MOST_SENT series. */
export function sent(value: QueryValue): SentValue {
  if (value.type !== 'matrix' && value.type !== 'vector') return value;
  const series = value.series.slice(0, MOST_SENT).map(({ labels: { names, values }, t, v, histograms }) => ({
    names,
    values,
    t,
    v,
    histograms,
  }));
  return { type: value.type, series };
}

/** What is to be said where `sent` leaves series out. */
export function noteOfRest(value: QueryValue): string[] {
  if (value.type !== 'matrix' && value.type !== 'vector') return [];
  const { length } = value.series;
  return length <= MOST_SENT ? [] : [`shown are the first ${MOST_SENT} of ${length} series`];
}

export function received(value: SentValue): QueryValue {
  if (value.type !== 'matrix' && value.type !== 'vector') return value;
  const series = value.series.map(
    ({ names, values, ...rest }): ResultSeries => ({ labels: new Labels(names, values), ...rest }),
  );
  return { type: value.type, series };
}
