/** `and`, `or`, `unless`: by the presence of a matching series at each step; values and names stay as they are. */
import { ABSENT, StepColumn } from '../../functions/column.ts';
import type { Binary } from '../../parser/ast.ts';
import { mayAnnotate } from '../../plan/may-annotate.ts';
import type { QueryContext } from '../context.ts';
import { groupByLabels, mergeInto } from '../distinct.ts';
import { besideNamed } from '../names.ts';
import type { SeriesMeta, VectorOperator } from '../operator.ts';
import { ColumnCache, prepareRight } from './column-cache.ts';
import { type MatchGroup, matchGroups } from './match-groups.ts';

interface Member {
  side: 'left' | 'right';
  number: number;
}

export class SetOperation implements VectorOperator {
  readonly kind = 'vector';
  series: readonly SeriesMeta[] = [];
  private readonly context: QueryContext;
  private readonly expr: Binary;
  private readonly left: VectorOperator;
  private readonly right: VectorOperator;
  private readonly steps: number;
  private outputs: Member[][] = [];
  private leftGroup: MatchGroup[] = [];
  private rightGroup: MatchGroup[] = [];
  private leftColumns!: ColumnCache;
  private rightColumns!: ColumnCache;
  /** Of a group: the steps at which any series of the deciding side has a value. */
  private readonly presence = new Map<MatchGroup, Uint8Array>();
  private readonly scratch: StepColumn;

  constructor(
    context: QueryContext,
    expr: Binary,
    left: VectorOperator,
    right: VectorOperator,
    steps: number,
  ) {
    this.context = context;
    this.expr = expr;
    this.left = left;
    this.right = right;
    this.steps = steps;
    this.scratch = new StepColumn(steps);
  }

  async prepare(): Promise<void> {
    await this.left.prepare();
    this.leftColumns = new ColumnCache(this.context, this.left, this.steps);
    await prepareRight(this.right, this.leftColumns);
    const { op } = this.expr;
    this.rightColumns = new ColumnCache(this.context, this.right, this.steps);
    if (mayAnnotate(this.expr.lhs)) this.context.atEnd(() => this.leftColumns.drain());
    if (mayAnnotate(this.expr.rhs)) this.context.atEnd(() => this.rightColumns.drain());
    const members: Member[] = [];
    for (const group of matchGroups(this.left.series, this.right.series, this.expr.matching!)) {
      for (const i of group.left) this.leftGroup[i] = group;
      for (const i of group.right) this.rightGroup[i] = group;
    }
    for (let i = 0; i < this.left.series.length; i++) {
      // Nothing on the right ever: `and` cannot let the series through.
      if (op === 'and' && this.leftGroup[i].right.length === 0) continue;
      members.push({ side: 'left', number: i });
      this.leftColumns.expectUse(i);
    }
    if (op === 'or') {
      for (let i = 0; i < this.right.series.length; i++) {
        members.push({ side: 'right', number: i });
        this.rightColumns.expectUse(i);
      }
    }
    this.expectPresenceUses();
    const metas = members.map(({ side, number }) => {
      const meta = (side === 'left' ? this.left : this.right).series[number];
      return op === 'or' ? besideNamed(meta) : meta;
    });
    const shared = groupByLabels(metas);
    this.outputs =
      shared === null ? members.map((m) => [m]) : shared.map((numbers) => numbers.map((n) => members[n]));
    this.series = shared === null ? metas : shared.map((numbers) => metas[numbers[0]]);
  }

  evaluate(i: number, out: StepColumn): void {
    this.context.checkpoint();
    out.clear();
    const members = this.outputs[i];
    for (const member of members) {
      if (members.length === 1) {
        this.evaluateMember(member, out);
        return;
      }
      this.scratch.clear();
      this.evaluateMember(member, this.scratch);
      mergeInto(out, this.scratch);
    }
  }

  private evaluateMember({ side, number }: Member, out: StepColumn): void {
    const cache = side === 'left' ? this.leftColumns : this.rightColumns;
    const column = cache.take(number);
    out.copyFrom(column);
    cache.done(number);
    if (this.expr.op === 'or' && side === 'left') return;
    const group = (side === 'left' ? this.leftGroup : this.rightGroup)[number];
    const present = this.presenceOf(group);
    const keepWhere = this.expr.op === 'and' ? 1 : 0;
    for (let step = 0; step < out.length; step++) if (present[step] !== keepWhere) out.kind[step] = ABSENT;
  }

  /** `and` and `unless` ask whether the right side is there, `or` whether the left one is. */
  private presenceOf(group: MatchGroup): Uint8Array {
    let present = this.presence.get(group);
    if (present !== undefined) return present;
    present = new Uint8Array(this.steps);
    const [members, cache] =
      this.expr.op === 'or' ? [group.left, this.leftColumns] : [group.right, this.rightColumns];
    for (const i of members) {
      const { kind } = cache.take(i);
      for (let step = 0; step < present.length; step++) if (kind[step] !== ABSENT) present[step] = 1;
      cache.done(i);
    }
    this.presence.set(group, present);
    return present;
  }

  /** Every series of the deciding side of a group that is asked about is looked at once for its presence. */
  private expectPresenceUses(): void {
    if (this.expr.op === 'or') {
      for (const group of new Set(this.rightGroup)) for (const i of group.left) this.leftColumns.expectUse(i);
    } else {
      for (const group of new Set(this.leftGroup))
        for (const i of group.right) this.rightColumns.expectUse(i);
    }
  }
}
