/** `count_values("label", …)`: how many series of a group have each value; the value becomes a label. */
import type { Histogram } from '../../../model/histogram.ts';
import { formatHistogram } from '../../../model/histogram-format.ts';
import { Labels } from '../../../model/labels.ts';
import { formatF } from '../../../model/number.ts';
import { ABSENT, FLOAT, StepColumn } from '../../functions/column.ts';
import type { Aggregate } from '../../parser/ast.ts';
import type { QueryContext } from '../context.ts';
import { groupByLabels } from '../distinct.ts';
import type { FewPoints, SeriesMeta, VectorOperator } from '../operator.ts';
import { groupSeries } from './grouping.ts';
import { doubled, ValueNumbers } from './value-numbers.ts';

/** How often a value occurs. Most values of a busy metric are met once or twice, and others at every step. */
interface Occurrences {
  group: number;
  /** The value as a label. */
  text: string;
  /** How often in all, and the place of the newest in the list of steps, while the value is rare. */
  length: number;
  newest: number;
  /** Occurrences at each step, of a value that is not rare any more. */
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
  private counted: readonly (Occurrences | readonly Occurrences[])[] = [];
  private values: Values | null = null;

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
    this.values = values;
    this.gather(groups, values.all);
  }

  evaluate(i: number, out: StepColumn): void {
    out.clear();
    const counted = this.counted[i];
    if ('newest' in counted) this.values!.addTo(out, counted);
    else for (const value of counted) this.values!.addTo(out, value);
  }

  fewPoints(i: number): FewPoints | null {
    const counted = this.counted[i];
    return 'newest' in counted ? this.values!.fewPoints(counted) : null;
  }

  private gather(groups: readonly SeriesMeta[], values: Occurrences[]): void {
    // In the order of the groups, and within one in that of first appearance.
    if (groups.length > 1) values.sort((a, b) => a.group - b.group);
    // `without` takes the new label too, where it names it.
    const keepsLabel = !(this.expr.without && this.expr.grouping.includes(this.label));
    const places = groups.map(({ labels }) => placeOf(this.label, labels));
    const metas: SeriesMeta[] = values.map(({ group, text }) => ({
      labels: keepsLabel ? labelled(places[group], text) : groups[group].labels,
      dropName: false,
    }));
    // Where the label was one of those grouped by, groups that differed in it alone are one series now.
    const mayBeShared = !keepsLabel || groups.some(({ labels }) => labels.has(this.label));
    const shared = mayBeShared ? groupByLabels(metas) : null;
    this.series = shared === null ? metas : shared.map((numbers) => metas[numbers[0]]);
    this.counted =
      shared === null ? values : shared.map((numbers) => numbers.map((number) => values[number]));
  }
}

/** Where a group's series have the new label. */
interface LabelPlace {
  /** Of all series of the group. */
  names: readonly string[];
  /** With whatever value at `at`. */
  values: readonly string[];
  at: number;
}

function placeOf(label: string, labels: Labels): LabelPlace {
  const { names, values } = labels.with(label, ' ');
  return { names, values, at: names.indexOf(label) };
}

function labelled({ names, values, at }: LabelPlace, value: string): Labels {
  const own = values.slice();
  own[at] = value;
  return new Labels(names, own);
}

const NO_STEP = -1;
/** Occurrences that are put in order one by one. */
const FEW = 24;

/** Lists of steps, all in two columns: each has the step, and where the one before it in its list is. */
class StepLists {
  step = new Int32Array(256);
  before = new Int32Array(256);
  private length = 0;

  /** Adds a step to the list that ends at `before`; returns where it ends now. */
  push(step: number, before: number): number {
    if (this.length === this.step.length) {
      this.step = doubled(this.step);
      this.before = doubled(this.before);
    }
    this.step[this.length] = step;
    this.before[this.length] = before;
    return this.length++;
  }
}

/** All values of all groups. */
class Values {
  readonly all: Occurrences[] = [];
  private readonly context: QueryContext;
  private readonly stepCount: number;
  private readonly steps = new StepLists();
  private readonly numbers = new ValueNumbers();
  /** What `numbers` numbers, by number. */
  private readonly floats: Occurrences[] = [];
  private lastHistogram: Histogram | null = null;
  private lastText = '';
  /** By group and text. */
  private readonly histograms = new Map<string, Occurrences>();
  private readonly few: FewPoints = { length: 0, steps: new Int32Array(FEW), v: new Float64Array(FEW) };

  constructor(context: QueryContext, stepCount: number) {
    this.context = context;
    this.stepCount = stepCount;
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
          : this.histogram(group, column.histogramAt(step));
      if (value.counts !== null) {
        value.counts[step]++;
        continue;
      }
      value.newest = this.steps.push(step, value.newest);
      value.length++;
      held++;
      if (value.length * 4 > this.stepCount) {
        held += this.stepCount - value.length;
        value.counts = this.countsOf(value);
      }
    }
    this.context.hold(held);
  }

  /** Counts a value's occurrences at their steps. */
  addTo(out: StepColumn, { newest, counts }: Occurrences): void {
    if (counts !== null) {
      for (let step = 0; step < counts.length; step++) if (counts[step] > 0) count(out, step, counts[step]);
      return;
    }
    const { step, before } = this.steps;
    for (let at = newest; at !== NO_STEP; at = before[at]) count(out, step[at], 1);
  }

  fewPoints({ newest, length, counts }: Occurrences): FewPoints | null {
    if (counts !== null || length > FEW) return null;
    const { few, steps: lists } = this;
    const { steps, v } = few;
    let n = 0;
    // Of one series the newest comes first, but several may have the value.
    for (let at = newest; at !== NO_STEP; at = lists.before[at]) {
      const step = lists.step[at];
      let to = 0;
      while (to < n && steps[to] < step) to++;
      if (to < n && steps[to] === step) {
        v[to]++;
        continue;
      }
      steps.copyWithin(to + 1, to, n);
      v.copyWithin(to + 1, to, n);
      steps[to] = step;
      v[to] = 1;
      n++;
    }
    few.length = n;
    return few;
  }

  private countsOf({ newest }: Occurrences): Float64Array {
    const counts = new Float64Array(this.stepCount);
    const { step, before } = this.steps;
    for (let at = newest; at !== NO_STEP; at = before[at]) counts[step[at]]++;
    return counts;
  }

  private float(group: number, v: number, high: number, low: number): Occurrences {
    // All NaN are one value, whatever their bits.
    const number = Number.isNaN(v) ? this.numbers.of(group, -1, -1) : this.numbers.of(group, high, low);
    return number < this.floats.length ? this.floats[number] : this.newFloat(group, v);
  }

  private newFloat(group: number, v: number): Occurrences {
    const value = { group, text: formatF(v), length: 0, newest: NO_STEP, counts: null };
    this.floats.push(value);
    this.all.push(value);
    return value;
  }

  private histogram(group: number, h: Histogram): Occurrences {
    // A sample is seen by all the steps until the next one.
    if (h !== this.lastHistogram) {
      this.lastHistogram = h;
      this.lastText = formatHistogram(h);
    }
    const text = this.lastText;
    const key = `${group} ${text}`;
    let value = this.histograms.get(key);
    if (value === undefined) {
      value = { group, text, length: 0, newest: NO_STEP, counts: null };
      this.histograms.set(key, value);
      this.all.push(value);
    }
    return value;
  }
}

function count(out: StepColumn, step: number, times: number): void {
  if (out.kind[step] === FLOAT) out.v[step] += times;
  else out.setFloat(step, times);
}
