/** `count_values("label", …)`: how many series of a group have each value; the value becomes a label. */
import { formatHistogram } from '../../../model/histogram-format.ts';
import { LabelsBuilder } from '../../../model/labels-builder.ts';
import { formatF } from '../../../model/number.ts';
import { ABSENT, FLOAT, StepColumn } from '../../functions/column.ts';
import type { Aggregate } from '../../parser/ast.ts';
import type { QueryContext } from '../context.ts';
import { groupByLabels } from '../distinct.ts';
import type { SeriesMeta, VectorOperator } from '../operator.ts';
import { groupSeries } from './grouping.ts';
import { ValueNumbers } from './value-numbers.ts';

/** How often a value occurs. Most values of a busy metric are met once or twice, and others at every step. */
interface Occurrences {
  group: number;
  /** The value as a label. */
  text: string;
  /** The steps, as often as the value occurs at each; null where `counts` has taken over. */
  steps: number[] | null;
  /** Occurrences at each step. */
  counts: Float64Array | null;
}

export class CountValues implements VectorOperator {
  readonly kind = 'vector';
  series: readonly SeriesMeta[] = [];
  private readonly context: QueryContext;
  private readonly expr: Aggregate;
  private readonly input: VectorOperator;
  private readonly label: string;
  private readonly steps: number;
  /** Of each series the values that it counts: one, unless groups differed in the label alone. */
  private counted: readonly Occurrences[][] = [];

  /** `label` must be a valid label name. */
  constructor(context: QueryContext, expr: Aggregate, input: VectorOperator, label: string, steps: number) {
    this.context = context;
    this.expr = expr;
    this.input = input;
    this.label = label;
    this.steps = steps;
  }

  async prepare(): Promise<void> {
    await this.input.prepare();
    const { groupOf, groups } = groupSeries(this.input.series, this.expr);
    const values = new Values(this.context, this.steps);
    const column = new StepColumn(this.steps);
    for (let i = 0; i < groupOf.length; i++) {
      this.context.checkpoint();
      this.input.evaluate(i, column);
      values.add(column, groupOf[i]);
    }
    this.gather(groups, values.all);
  }

  evaluate(i: number, out: StepColumn): void {
    out.clear();
    for (const { steps, counts } of this.counted[i]) {
      if (steps !== null) for (const step of steps) addTo(out, step, 1);
      else
        for (let step = 0; step < out.length; step++) if (counts![step] > 0) addTo(out, step, counts![step]);
    }
  }

  private gather(groups: readonly SeriesMeta[], values: Occurrences[]): void {
    // In the order of the groups, and within one in that of first appearance.
    values.sort((a, b) => a.group - b.group);
    const builder = new LabelsBuilder();
    // `without` takes the new label too, where it names it.
    const keepsLabel = !(this.expr.without && this.expr.grouping.includes(this.label));
    const metas: SeriesMeta[] = values.map(({ group, text }) => {
      builder.reset(groups[group].labels);
      if (keepsLabel) builder.set(this.label, text);
      return { labels: builder.labels(), dropName: false };
    });
    // Where the label was one of those grouped by, groups that differed in it alone are one series now.
    const mayBeShared = !keepsLabel || groups.some(({ labels }) => labels.has(this.label));
    const shared = mayBeShared ? groupByLabels(metas) : null;
    this.series = shared === null ? metas : shared.map((numbers) => metas[numbers[0]]);
    this.counted =
      shared === null
        ? values.map((value) => [value])
        : shared.map((numbers) => numbers.map((number) => values[number]));
  }
}

function addTo(out: StepColumn, step: number, count: number): void {
  if (out.kind[step] === FLOAT) out.v[step] += count;
  else out.setFloat(step, count);
}

/** All values of all groups. */
class Values {
  readonly all: Occurrences[] = [];
  private readonly context: QueryContext;
  private readonly steps: number;
  private readonly numbers = new ValueNumbers();
  /** What `numbers` numbers, by number. */
  private readonly floats: Occurrences[] = [];
  /** By group and text. */
  private readonly histograms = new Map<string, Occurrences>();

  constructor(context: QueryContext, steps: number) {
    this.context = context;
    this.steps = steps;
  }

  add(column: StepColumn, group: number): void {
    const { kind, v } = column;
    const bits = new Int32Array(v.buffer, v.byteOffset, v.length * 2);
    let held = 0;
    for (let step = 0; step < kind.length; step++) {
      if (kind[step] === ABSENT) continue;
      const value =
        kind[step] === FLOAT
          ? this.float(group, v[step], bits[step * 2 + 1], bits[step * 2])
          : this.histogram(group, formatHistogram(column.histogramAt(step)));
      if (value.steps === null) {
        value.counts![step]++;
        continue;
      }
      value.steps.push(step);
      held++;
      if (value.steps.length * 4 <= this.steps) continue;
      held += this.steps - value.steps.length;
      value.counts = new Float64Array(this.steps);
      for (const occupied of value.steps) value.counts[occupied]++;
      value.steps = null;
    }
    this.context.hold(held);
  }

  private float(group: number, v: number, high: number, low: number): Occurrences {
    // All NaN are one value, whatever their bits.
    const number = Number.isNaN(v) ? this.numbers.of(group, -1, -1) : this.numbers.of(group, high, low);
    return number < this.floats.length ? this.floats[number] : this.newFloat(group, v);
  }

  private newFloat(group: number, v: number): Occurrences {
    const value = { group, text: formatF(v), steps: [], counts: null };
    this.floats.push(value);
    this.all.push(value);
    return value;
  }

  private histogram(group: number, text: string): Occurrences {
    const key = `${group} ${text}`;
    let value = this.histograms.get(key);
    if (value === undefined) {
      value = { group, text, steps: [], counts: null };
      this.histograms.set(key, value);
      this.all.push(value);
    }
    return value;
  }
}
