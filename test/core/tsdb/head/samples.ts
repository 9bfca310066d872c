/** Samples in words, put into an appender and read from a set, so that tests can compare them. */
import {
  type Histogram,
  type Labels,
  labelsFromObject,
  readBits,
  SampleColumns,
  writeStale,
} from '../../../../src/core/model/index.ts';
import type { Appender } from '../../../../src/core/source/source.ts';
import type { StoredSeriesSet } from '../../../../src/core/tsdb/block/index.ts';

export type Value = number | 'stale' | Histogram;

/** Labels of the series `name`. */
export function series(name: string): Labels {
  return labelsFromObject({ __name__: name, job: 'test' });
}

/** Appends one sample after another; returns their outcomes. */
export function append(appender: Appender, samples: readonly (readonly [Labels, number, Value])[]): number[] {
  const v = new Float64Array(1);
  const outcome = new Uint8Array(1);
  return samples.map(([labels, t, value]) => {
    const ref = appender.ref(labels);
    if (typeof value === 'object') return appender.appendHistogram(ref, t, value);
    if (value === 'stale') writeStale(v, 0);
    else v[0] = value;
    appender.append(Uint32Array.of(ref), Float64Array.of(t), v, 0, 1, outcome);
    return outcome[0];
  });
}

/** A histogram with so many observations. */
export function histogram(count: number, isFloat = false): Histogram {
  return {
    isFloat,
    counterReset: 0,
    schema: 0,
    zeroThreshold: 0.001,
    zeroCount: 0,
    count,
    sum: count,
    stale: false,
    positiveSpans: [{ offset: 0, length: 1 }],
    negativeSpans: [],
    positiveBuckets: Float64Array.of(count),
    negativeBuckets: new Float64Array(0),
    customValues: new Float64Array(0),
  };
}

/** By labels: `t value`, in order. Series of which all is deleted are left out. */
export function contents(set: StoredSeriesSet): Record<string, string[]> {
  const out: Record<string, string[]> = {};
  const columns = new SampleColumns();
  for (let i = 0; i < set.length; i++) {
    columns.clear();
    set.read(i, columns);
    const rows: string[] = [];
    for (let row = 0; row < columns.length; row++) rows.push(`${columns.t[row]} ${valueText(columns, row)}`);
    if (rows.length > 0) out[set.labels(i).toString()] = rows;
  }
  return out;
}

const bits = new Uint32Array(2);

function valueText(columns: SampleColumns, row: number): string {
  const h = columns.histograms?.[row];
  if (h) return `${h.isFloat ? 'float ' : ''}histogram ${h.stale ? 'stale' : h.count}`;
  if (!Number.isNaN(columns.v[row])) return String(columns.v[row]);
  readBits(columns.v, row, bits);
  return bits[0] === 0x7ff00000 && bits[1] === 2 ? 'stale' : `NaN ${bits[0].toString(16)} ${bits[1]}`;
}
