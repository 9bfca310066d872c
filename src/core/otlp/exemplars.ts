/** Exemplars of data points as Prometheus has them: the trace and the span are labels. */
import { EXEMPLAR_MAX_RUNES, type Exemplar } from '../model/exemplar.ts';
import { labelsFromPairs } from '../model/labels.ts';
import { isValidUtf8 } from '../model/names.ts';
import type { PointExemplar } from './data-point.ts';

const TRACE_ID = 'trace_id';
const SPAN_ID = 'span_id';

/** Attributes come along where all of them are short enough. Undefined where there is no value. */
export function exemplarOf({ t, v, traceId, spanId, attributes }: PointExemplar): Exemplar | undefined {
  if (v === undefined) return undefined;
  const pairs = new Map<string, string>();
  if (traceId !== '') pairs.set(TRACE_ID, traceId);
  if (spanId !== '') pairs.set(SPAN_ID, spanId);
  let runes = 0;
  for (const [name, value] of pairs) runes += name.length + value.length;
  const { keys, values } = attributes;
  for (let i = 0; i < keys.length; i++) runes += runesIn(keys[i]) + runesIn(values[i]);
  for (let i = 0; i < keys.length && runes <= EXEMPLAR_MAX_RUNES; i++) {
    const sound = keys[i] !== '' && isValidUtf8(keys[i]) && isValidUtf8(values[i]);
    if (sound && !pairs.has(keys[i])) pairs.set(keys[i], values[i]);
  }
  return { labels: labelsFromPairs(pairs), v, t };
}

function runesIn(text: string): number {
  let runes = 0;
  for (const _ of text) runes++;
  return runes;
}
