/**
 * A query's result in the JSON of Prometheus' HTTP API (`data` of /api/v1/query and /api/v1/query_range), in pieces of
 * bytes: times in seconds, values as strings, histograms with their buckets.
 */

import type { Histogram } from '../../model/histogram.ts';
import { bucketsOf } from '../../model/histogram-buckets.ts';
import type { Labels } from '../../model/labels.ts';
import { formatF, formatJson } from '../../model/number.ts';
import { JsonWriter } from './json-writer.ts';
import type { QueryValue, ResultSeries } from './result.ts';

/** Hands `{"resultType":…,"result":…}` to `write`, piece after piece, in UTF-8. Each piece is the receiver's to keep. */
export function writeResultJson(value: QueryValue, write: (piece: Uint8Array) => void): void {
  for (const piece of resultJsonPieces(value)) write(piece);
}

/** JSON texts that are written with a result's, so that a small answer is one piece. */
export interface Surroundings {
  before: string;
  /** Further members of the result's object, each with a comma before it. */
  members: string;
  after: string;
}

const NONE: Surroundings = { before: '', members: '', after: '' };

/** The same for a receiver that takes pieces at its own pace: nothing is made before it is asked for. */
export function* resultJsonPieces(value: QueryValue, around = NONE): Generator<Uint8Array, void> {
  const full: Uint8Array[] = [];
  const json = new JsonWriter((piece) => full.push(piece), expectedBytes(value));
  json.raw(around.before);
  json.raw(`{"resultType":"${value.type}","result":`);
  switch (value.type) {
    case 'scalar':
      json.raw(`[${seconds(value.t)},"${formatF(value.v)}"]`);
      break;
    case 'string':
      json.raw(`[${seconds(value.t)},`);
      json.string(value.text);
      json.raw(']');
      break;
    default: {
      json.raw('[');
      for (let i = 0; i < value.series.length; i++) {
        json.raw(i > 0 ? ',{"metric":' : '{"metric":');
        writeLabels(json, value.series[i].labels);
        if (value.type === 'vector') writePoint(json, value.series[i]);
        else writePoints(json, value.series[i]);
        json.raw('}');
        if (full.length > 0) yield* full.splice(0);
      }
      json.raw(']');
    }
  }
  json.text(around.members);
  json.raw('}');
  json.text(around.after);
  json.flush();
  yield* full;
}

/** Of most answers a little more than they are. */
function expectedBytes(value: QueryValue): number {
  if (value.type === 'scalar' || value.type === 'string') return 0;
  let bytes = 0;
  for (let i = 0; i < value.series.length && bytes < MOST_EXPECTED; i++) {
    bytes += SERIES_BYTES + POINT_BYTES * value.series[i].t.length;
  }
  return bytes;
}

const SERIES_BYTES = 160;
const POINT_BYTES = 36;
/** Larger answers come in pieces anyway. */
const MOST_EXPECTED = 1 << 20;

/** An object with the labels in their order. */
function writeLabels(json: JsonWriter, { names, values }: Labels): void {
  json.raw('{');
  for (let i = 0; i < names.length; i++) {
    if (i > 0) json.raw(',');
    json.string(names[i]);
    json.raw(':');
    json.string(values[i]);
  }
  json.raw('}');
}

/** Milliseconds as a JSON number of seconds, with no more digits than it needs. */
function seconds(ms: number): string {
  return String(ms / 1000);
}

function writePoint(json: JsonWriter, { t, v, histograms }: ResultSeries): void {
  const h = histograms?.[0] ?? null;
  if (h === null) {
    json.raw(',"value":');
    json.point(t[0], v[0]);
  } else {
    json.raw(',"histogram":');
    writeHistogram(json, t[0], h);
  }
}

/** Floats and histograms are lists of their own, left out where they are empty. */
function writePoints(json: JsonWriter, { t, v, histograms }: ResultSeries): void {
  if (histograms === null) {
    json.raw(',"values":[');
    json.points(t, v);
    json.raw(']');
    return;
  }
  let before = ',"values":[';
  for (let i = 0; i < t.length; i++) {
    if ((histograms[i] ?? null) !== null) continue;
    json.raw(before);
    json.point(t[i], v[i]);
    before = ',';
  }
  if (before === ',') json.raw(']');
  before = ',"histograms":[';
  for (let i = 0; i < t.length; i++) {
    const h = histograms[i] ?? null;
    if (h === null) continue;
    json.raw(before);
    writeHistogram(json, t[i], h);
    before = ',';
  }
  if (before === ',') json.raw(']');
}

function writeHistogram(json: JsonWriter, t: number, h: Histogram): void {
  json.raw(`[${seconds(t)},`);
  json.text(histogramJson(h));
  json.raw(']');
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
