/**
 * Arithmetic, comparison and trim operators between two instant vectors: series are matched once for the query, then
 * each output series is worked out over all steps.
 *
 * An output is a label set with the pairs of series that contribute to it. Which pair does may change from step to
 * step (series come and go), and two pairs at one step are an error. `fill` adds pairs with one side made up.
 */
import type { Labels } from '../../../model/labels.ts';
import { LabelsBuilder } from '../../../model/labels-builder.ts';
import { labelsInBraces } from '../../../model/labels-text.ts';
import { ABSENT, FLOAT, StepColumn } from '../../functions/column.ts';
import type { Binary, VectorMatching } from '../../parser/ast.ts';
import { mayAnnotate } from '../../plan/may-annotate.ts';
import type { QueryContext } from '../context.ts';
import { groupByLabels } from '../distinct.ts';
import { QueryError } from '../errors.ts';
import { nameRemoved, withoutName } from '../names.ts';
import type { SeriesMeta, VectorOperator } from '../operator.ts';
import { ColumnCache, prepareRight } from './column-cache.ts';
import { ElementOperation, valueAt } from './element.ts';
import { type MatchGroup, matchGroups } from './match-groups.ts';
import { dropsName } from './vector-scalar.ts';

/** One side is made up by `fill`. */
const FILLED = -1;

interface Pair {
  left: number;
  right: number;
  group: MatchGroup;
}

export class VectorMatch implements VectorOperator {
  readonly kind = 'vector';
  series: readonly SeriesMeta[] = [];
  private readonly context: QueryContext;
  private readonly expr: Binary;
  private readonly matching: VectorMatching;
  private readonly left: VectorOperator;
  private readonly right: VectorOperator;
  private readonly steps: number;
  private readonly operation: ElementOperation;
  private outputs: Pair[][] = [];
  private leftColumns!: ColumnCache;
  private rightColumns!: ColumnCache;
  /** The made-up side of a filled pair. */
  private readonly filled: { left: StepColumn | null; right: StepColumn | null };

  constructor(
    context: QueryContext,
    expr: Binary,
    left: VectorOperator,
    right: VectorOperator,
    steps: number,
  ) {
    this.context = context;
    this.expr = expr;
    this.matching = expr.matching!;
    this.left = left;
    this.right = right;
    this.steps = steps;
    this.operation = new ElementOperation(expr, context.annotations);
    this.filled = {
      left: constantColumn(this.matching.fillLeft, steps),
      right: constantColumn(this.matching.fillRight, steps),
    };
  }

  async prepare(): Promise<void> {
    await this.left.prepare();
    this.leftColumns = new ColumnCache(this.context, this.left, this.steps);
    await prepareRight(this.right, this.leftColumns);
    this.rightColumns = new ColumnCache(this.context, this.right, this.steps);
    if (mayAnnotate(this.expr.lhs)) this.context.atEnd(() => this.leftColumns.drain());
    if (mayAnnotate(this.expr.rhs)) this.context.atEnd(() => this.rightColumns.drain());
    const groups = matchGroups(this.left.series, this.right.series, this.matching);
    try {
      this.plan(groups);
      this.verifyOneSide(groups);
      if (this.matching.card === 'one-to-one') for (const group of groups) this.verifyManySide(group);
    } catch (fault) {
      // What is wrong with either side comes before what is wrong between them.
      this.leftColumns.drain();
      this.rightColumns.drain();
      throw fault;
    }
  }

  evaluate(i: number, out: StepColumn): void {
    this.context.checkpoint();
    out.clear();
    const pairs = this.outputs[i];
    const taken = pairs.length > 1 ? new Uint8Array(this.steps) : null;
    for (const pair of pairs) this.evaluatePair(pair, out, taken);
  }

  /** Pairs up the members of each group and gathers the pairs by the labels of their result. */
  private plan(groups: readonly MatchGroup[]): void {
    const pairs: Pair[] = [];
    const metas: SeriesMeta[] = [];
    const add = (left: number, right: number, group: MatchGroup) => {
      pairs.push({ left, right, group });
      metas.push(this.resultMeta(left, right, group));
    };
    for (const group of groups) {
      for (const left of group.left) {
        for (const right of group.right) add(left, right, group);
        if (this.filled.right !== null) add(left, FILLED, group);
      }
      if (this.filled.left !== null) for (const right of group.right) add(FILLED, right, group);
    }
    const shared = groupByLabels(metas);
    this.outputs =
      shared === null ? pairs.map((pair) => [pair]) : shared.map((numbers) => numbers.map((n) => pairs[n]));
    this.series = shared === null ? metas : shared.map((numbers) => metas[numbers[0]]);
    for (const pair of pairs) {
      for (const left of this.leftOf(pair)) this.leftColumns.expectUse(left);
      for (const right of this.rightOf(pair)) this.rightColumns.expectUse(right);
    }
  }

  /** The left series that decide about a pair: a filled one stands for the absence of all of its group. */
  private leftOf(pair: Pair): readonly number[] {
    return pair.left === FILLED ? pair.group.left : [pair.left];
  }

  private rightOf(pair: Pair): readonly number[] {
    return pair.right === FILLED ? pair.group.right : [pair.right];
  }

  private evaluatePair(pair: Pair, out: StepColumn, taken: Uint8Array | null): void {
    const left = pair.left === FILLED ? this.filled.left! : this.leftColumns.take(pair.left);
    const right = pair.right === FILLED ? this.filled.right! : this.rightColumns.take(pair.right);
    const present = this.presenceForFill(pair);
    const { operation } = this;
    for (let step = 0; step < out.length; step++) {
      const a = left.kind[step];
      const b = right.kind[step];
      if (a === ABSENT || b === ABSENT || (present !== null && present[step] !== 0)) continue;
      if (taken !== null) {
        if (taken[step] !== 0) throw this.multipleMatches();
        taken[step] = 1;
      }
      if (a === FLOAT && b === FLOAT) operation.floats(left.v[step], right.v[step], out, step);
      else operation.mixed(valueAt(left, step), valueAt(right, step), out, step);
    }
    for (const i of this.leftOf(pair)) this.leftColumns.done(i);
    for (const i of this.rightOf(pair)) this.rightColumns.done(i);
  }

  /** For a filled pair: the steps at which the side that is filled is there after all. */
  private presenceForFill(pair: Pair): Uint8Array | null {
    if (pair.left !== FILLED && pair.right !== FILLED) return null;
    const present = new Uint8Array(this.steps);
    const fillsLeft = pair.left === FILLED;
    const cache = fillsLeft ? this.leftColumns : this.rightColumns;
    for (const i of fillsLeft ? pair.group.left : pair.group.right) {
      const { kind } = cache.take(i);
      for (let step = 0; step < present.length; step++) if (kind[step] !== ABSENT) present[step] = 1;
    }
    return present;
  }

  /** The labels of `left op right`, where a filled side has just the compared labels. */
  private resultMeta(left: number, right: number, group: MatchGroup): SeriesMeta {
    const { card, on, labels, include } = this.matching;
    const swapped = card === 'one-to-many';
    const leftMeta = left === FILLED ? { labels: group.key, dropName: false } : this.left.series[left];
    const rightMeta = right === FILLED ? { labels: group.key, dropName: false } : this.right.series[right];
    const many = swapped ? rightMeta : leftMeta;
    const one = swapped ? leftMeta : rightMeta;
    // As in Prometheus arithmetic takes the name at once, and a filter forgets that it was to be taken.
    let meta: SeriesMeta = { labels: many.labels, dropName: false };
    if (this.expr.bool) meta = withoutName(meta, this.context);
    else if (dropsName(this.expr)) meta = nameRemoved(meta);
    let result: Labels = meta.labels;
    if (card === 'one-to-one') result = result.filter((name) => labels.includes(name) === on);
    if (include.length > 0) {
      const builder = new LabelsBuilder(result);
      for (const name of include) builder.set(name, one.labels.get(name));
      result = builder.labels();
    }
    return { labels: result, dropName: meta.dropName };
  }

  /** The "one" side must have at most one series of a group at any step at which the other side has any at all. */
  private verifyOneSide(groups: readonly MatchGroup[]): void {
    const leftIsOne = this.matching.card === 'one-to-many';
    const input = leftIsOne ? this.left : this.right;
    const cache = leftIsOne ? this.leftColumns : this.rightColumns;
    let first: (Clash & { group: MatchGroup }) | null = null;
    let otherPresent: Uint8Array | null = null;
    for (const group of groups) {
      const members = leftIsOne ? group.left : group.right;
      if (members.length < 2) continue;
      otherPresent ??= presence(leftIsOne ? this.right : this.left, this.steps);
      const clash = firstClash(members, cache, otherPresent);
      if (clash !== null && (first === null || isBefore(clash, first))) first = { ...clash, group };
    }
    if (first === null) return;
    const [a, b] = first.members.map((i) => labelsInBraces(input.series[i].labels)).sort();
    throw new QueryError(
      `found duplicate series for the match group ${labelsInBraces(first.group.key)} on the ` +
        `${leftIsOne ? 'left' : 'right'} hand-side of the operation: [${a}, ${b}];many-to-many matching ` +
        'not allowed: matching labels must be unique on one side',
      this.expr.range,
    );
  }

  private verifyManySide(group: MatchGroup): void {
    if (group.left.length < 2 || group.right.length === 0) return;
    const present = new Uint8Array(this.steps);
    for (const right of group.right) {
      this.rightColumns.expectUse(right);
      markPresent(this.rightColumns.take(right), present);
      this.rightColumns.done(right);
    }
    if (firstClash(group.left, this.leftColumns, present) !== null) throw this.multipleMatches();
  }

  private multipleMatches(): QueryError {
    const reason =
      this.matching.card === 'one-to-one'
        ? 'many-to-one matching must be explicit (group_left/group_right)'
        : 'grouping labels must ensure unique matches';
    return new QueryError(`multiple matches for labels: ${reason}`, this.expr.range);
  }
}

interface Clash {
  step: number;
  members: [number, number];
}

/** Whether Prometheus, which goes step by step and through each step's series in order, meets `a` before `b`. */
function isBefore(a: Clash, b: Clash): boolean {
  return a.step !== b.step ? a.step < b.step : a.members[1] < b.members[1];
}

/** The first step with `where` set at which two of the series both have a value. */
function firstClash(members: readonly number[], cache: ColumnCache, where: Uint8Array): Clash | null {
  const owner = new Int32Array(where.length).fill(-1);
  let clash: Clash | null = null;
  for (const i of members) {
    cache.expectUse(i);
    const { kind } = cache.take(i);
    for (let step = 0; step < where.length; step++) {
      if (kind[step] === ABSENT || where[step] === 0) continue;
      if (owner[step] < 0) owner[step] = i;
      else if (clash === null || step < clash.step) clash = { step, members: [owner[step], i] };
    }
    cache.done(i);
  }
  return clash;
}

/** 1 at the steps at which any series has a value. */
function presence(input: VectorOperator, steps: number): Uint8Array {
  const present = new Uint8Array(steps);
  const column = new StepColumn(steps);
  for (let i = 0; i < input.series.length && present.includes(0); i++) {
    input.evaluate(i, column);
    markPresent(column, present);
  }
  return present;
}

function markPresent({ kind }: StepColumn, present: Uint8Array): void {
  for (let step = 0; step < kind.length; step++) if (kind[step] !== ABSENT) present[step] = 1;
}

function constantColumn(value: number | null, steps: number): StepColumn | null {
  if (value === null) return null;
  const column = new StepColumn(steps);
  column.kind.fill(FLOAT);
  column.v.fill(value);
  return column;
}
