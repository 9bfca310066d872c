/** Results and expectations as lines of a script, to be shown beside each other. */
import { formatTestHistogram } from '../../model/histogram-format.ts';
import { formatG } from '../../model/number.ts';
import { goQuote } from '../../model/quote.ts';
import type { QueryValue, ResultSeries } from '../engine/result.ts';
import type { EvalCommand, RangeTimes, Sequence } from '../test-language/index.ts';

/** What a script expects, a line for each of its lines. */
export function expectedLines({ expected, fail }: EvalCommand): string[] {
  if (fail !== null) {
    return [fail.kind === 'any' ? 'expect fail' : `expect fail ${shortKind(fail.kind)}: ${fail.text}`];
  }
  switch (expected.kind) {
    case 'scalar':
      return [formatG(expected.value)];
    case 'string':
      return [`expect string ${goQuote(expected.value)}`];
    default:
      return expected.series.map(({ labels, values }) => `${labels} ${sequenceText(values)}`);
  }
}

/** The result in the same form. `times` are those of the range that was asked for, if any. */
export function resultLines(value: QueryValue, times: RangeTimes | null): string[] {
  switch (value.type) {
    case 'scalar':
      return [formatG(value.v)];
    case 'string':
      return [`expect string ${goQuote(value.text)}`];
    case 'vector':
      return value.series.map((series) => `${series.labels} ${pointText(series, 0)}`);
    case 'matrix':
      return value.series.map((series) => `${series.labels} ${pointsText(series, times)}`);
  }
}

function shortKind(kind: 'message' | 'regex'): string {
  return kind === 'message' ? 'msg' : 'regex';
}

function sequenceText(values: Sequence): string {
  const parts: string[] = [];
  for (let row = 0; row < values.length; row++) {
    const histogram = values.histogramAt(row);
    if (values.present[row] === 0) parts.push('_');
    else parts.push(histogram === null ? formatG(values.values[row]) : formatTestHistogram(histogram));
  }
  return joined(parts);
}

/** Several gaps are written as one. */
function joined(parts: readonly string[]): string {
  return parts.join(' ').replace(/(?<=^| )_(?: _){2,}(?= |$)/g, (gaps) => `_x${(gaps.length + 1) / 2}`);
}

/** With a gap at every step of `times` that has no point; points that lie on none with their time. */
function pointsText(series: ResultSeries, times: RangeTimes | null): string {
  const parts: string[] = [];
  let next = times?.startMs ?? 0;
  for (let at = 0; at < series.t.length; at++) {
    const t = series.t[at];
    const onStep = times !== null && (t - times.startMs) % times.stepMs === 0;
    for (; times !== null && onStep && next < t; next += times.stepMs) parts.push('_');
    if (onStep) next = t + times.stepMs;
    parts.push(pointText(series, at) + (onStep ? '' : `@${t / 1000}`));
  }
  for (; times !== null && next <= times.endMs; next += times.stepMs) parts.push('_');
  return joined(parts);
}

function pointText(series: ResultSeries, at: number): string {
  const histogram = series.histograms?.[at] ?? null;
  return histogram === null ? formatG(series.v[at]) : formatTestHistogram(histogram);
}
