/**
 * A query's result in the JSON of Prometheus' HTTP API (`data` of /api/v1/query and /api/v1/query_range), in pieces,
 * so that a large answer is never one string: times in seconds, values as strings, histograms with their buckets.
 */

import type { Histogram } from '../../model/histogram.ts';
import { bucketsOf } from '../../model/histogram-buckets.ts';
import type { Labels } from '../../model/labels.ts';
import { formatJson } from '../../model/number.ts';
import type { QueryValue, ResultSeries } from './result.ts';

const PIECE_LENGTH = 64 * 1024;

/** Hands `{"resultType":…,"result":…}` to `write`, piece after piece. */
export function writeResultJson(value: QueryValue, write: (piece: string) => void): void {
  let text = `{"resultType":"${value.type}","result":`;
  switch (value.type) {
    case 'scalar':
      text += pair(value.t, value.v);
      break;
    case 'string':
      text += `[${seconds(value.t)},${JSON.stringify(value.text)}]`;
      break;
    default: {
      text += '[';
      for (const [i, series] of value.series.entries()) {
        if (i > 0) text += ',';
        text += `{"metric":${labelsJson(series.labels)}`;
        if (value.type === 'vector') {
          text += onePoint(series);
        } else {
          for (const part of pointLists(series)) {
            text += part;
            if (text.length < PIECE_LENGTH) continue;
            write(text);
            text = '';
          }
        }
        text += '}';
      }
      text += ']';
    }
  }
  write(`${text}}`);
}

/** An object with the labels in their order. */
export function labelsJson(labels: Labels): string {
  let text = '{';
  for (let i = 0; i < labels.names.length; i++) {
    if (i > 0) text += ',';
    text += `${JSON.stringify(labels.names[i])}:${JSON.stringify(labels.values[i])}`;
  }
  return `${text}}`;
}

/** Milliseconds as a JSON number of seconds, with no more digits than it needs. */
export function seconds(ms: number): string {
  return String(ms / 1000);
}

function onePoint({ t, v, histograms }: ResultSeries): string {
  const h = histograms?.[0] ?? null;
  return h === null ? `,"value":${pair(t[0], v[0])}` : `,"histogram":[${seconds(t[0])},${histogramJson(h)}]`;
}

function* pointLists({ t, v, histograms }: ResultSeries): Generator<string> {
  yield* list('values', t.length, (i) => ((histograms?.[i] ?? null) === null ? pair(t[i], v[i]) : null));
  if (histograms === null) return;
  yield* list('histograms', t.length, (i) => {
    const h = histograms[i];
    return h === null ? null : `[${seconds(t[i])},${histogramJson(h)}]`;
  });
}

/** `,"name":[…]` with those of `length` items that are not null; nothing where none is left. */
function* list(name: string, length: number, item: (i: number) => string | null): Generator<string> {
  let empty = true;
  for (let i = 0; i < length; i++) {
    const text = item(i);
    if (text === null) continue;
    yield empty ? `,"${name}":[${text}` : `,${text}`;
    empty = false;
  }
  if (!empty) yield ']';
}

function pair(t: number, v: number): string {
  return `[${seconds(t)},"${formatJson(v)}"]`;
}

/** Buckets that hold something, each as [boundary rule, lower, upper, count]. */
export function histogramJson(h: Histogram): string {
  let text = `{"count":"${formatJson(h.count)}","sum":"${formatJson(h.sum)}"`;
  const { length, lower, upper, count, rule } = bucketsOf(h);
  let empty = true;
  for (let i = 0; i < length; i++) {
    if (count[i] === 0) continue;
    text += empty ? ',"buckets":[' : ',';
    text += `[${rule[i]},"${formatJson(lower[i])}","${formatJson(upper[i])}","${formatJson(count[i])}"]`;
    empty = false;
  }
  return `${text}${empty ? '' : ']'}}`;
}
