/** Carries out the `load` commands of a script. */
import { InputError } from '../../errors.ts';
import { ClassicHistogram, classicPartOf } from '../../model/classic-histogram.ts';
import { CounterReset, type CounterResetHint, type Histogram } from '../../model/histogram.ts';
import { sameColumn } from '../../model/histogram-copy.ts';
import { compactHistogram } from '../../model/histogram-layout.ts';
import { detectReset } from '../../model/histogram-reset.ts';
import { type Labels, METRIC_NAME } from '../../model/labels.ts';
import { parseGoFloat } from '../../model/number.ts';
import type { MemorySource } from '../../source/memory.ts';
import type { LoadCommand, LoadSeries, Sequence } from '../test-language/index.ts';

/**
 * Adds the samples to `source`, the first of each series at `startMs`. Throws InputError where classic histograms
 * cannot be converted.
 */
export function load(command: LoadCommand, source: MemorySource, startMs = 0): void {
  for (const series of command.series) addSeries(series, startMs, command.stepMs, source);
  if (command.withNhcb) addConverted(command, source);
}

function addSeries(
  { labels, values, startTimes }: LoadSeries,
  startMs: number,
  stepMs: number,
  source: MemorySource,
): void {
  const series = source.series(labels);
  let before: Histogram | null = null;
  for (let row = 0; row < values.length; row++) {
    if (values.present[row] === 0) continue;
    const t = startMs + row * stepMs;
    const st =
      startTimes !== null && isPresent(startTimes, row) ? t + Math.round(startTimes.values[row] * 1000) : 0;
    const histogram = values.histogramAt(row);
    if (histogram === null) series.addFloat(t, values.values, row, st);
    else series.addHistogram(t, { ...histogram, counterReset: storedHint(histogram, before) }, st);
    before = histogram;
  }
}

/**
 * What Prometheus' storage says of a histogram when it gives it back: it looks for counter resets itself, and cannot
 * speak of the first histogram of a chunk, which is also where it puts one that does not continue the one before.
 */
function storedHint(h: Histogram, before: Histogram | null): CounterResetHint {
  if (h.counterReset === CounterReset.gauge) return CounterReset.gauge;
  const continues =
    before !== null &&
    before.counterReset !== CounterReset.gauge &&
    h.counterReset !== CounterReset.reset &&
    h.schema === before.schema &&
    h.zeroThreshold === before.zeroThreshold &&
    sameColumn(h.customValues, before.customValues) &&
    !detectReset({ ...h, counterReset: CounterReset.unknown }, before);
  return continues ? CounterReset.notReset : CounterReset.unknown;
}

function isPresent(sequence: Sequence, row: number): boolean {
  return row < sequence.length && sequence.present[row] !== 0;
}

const BUCKET_LABEL = 'le';

/** The histogram of one set of `_bucket`, `_count` and `_sum` series, a row each. */
interface Converted {
  labels: Labels;
  rows: Map<number, ClassicHistogram>;
}

function addConverted(command: LoadCommand, source: MemorySource): void {
  const byLabels = new Map<string, Converted>();
  try {
    for (const series of command.series) collect(series, byLabels);
    for (const { labels, rows } of byLabels.values()) {
      for (const [row, classic] of [...rows].sort(([a], [b]) => a - b)) {
        const native = classic.toNative();
        native.isFloat = true;
        compactHistogram(native, 0);
        source.series(labels).addHistogram(row * command.stepMs, native);
      }
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw error.in({ line: command.line });
  }
}

function collect({ labels, values }: LoadSeries, byLabels: Map<string, Converted>): void {
  const part = classicPartOf(labels.get(METRIC_NAME));
  if (part === undefined) return;
  const upperBound = part.part === 'bucket' ? parseGoFloat(labels.get(BUCKET_LABEL)) : 0;
  if (upperBound === undefined || Number.isNaN(upperBound)) return;
  const own = labels.without(BUCKET_LABEL).with(METRIC_NAME, part.base);
  const key = own.toString();
  let converted = byLabels.get(key);
  if (converted === undefined) byLabels.set(key, (converted = { labels: own, rows: new Map() }));
  for (let row = 0; row < values.length; row++) {
    if (values.present[row] === 0 || values.histogramAt(row) !== null) continue;
    let classic = converted.rows.get(row);
    if (classic === undefined) converted.rows.set(row, (classic = new ClassicHistogram()));
    const value = values.values[row];
    if (part.part === 'bucket') classic.setBucket(upperBound, value);
    else if (part.part === 'count') classic.setCount(value);
    else classic.setSum(value);
  }
}
