/**
 * Aggregations that fold series into their group one after another (`sum`, `max`, `count`, …): the state of a group
 * is a few numbers a step, kept in columns, so memory is that of the output whatever the number of series.
 *
 * A cell is one step of one group: cell = group * steps + step.
 */
import { nextLost } from '../../functions/kahan.ts';

export interface FloatFold {
  /** Takes `values[step]` at every step where `present[step]` is FLOAT into the cells from `base` on. */
  add(present: Uint8Array, values: Float64Array, base: number): void;
  /** The result of a cell that has taken at least one value. */
  result(cell: number): number;
}

const FLOAT = 1;

export class SumFold implements FloatFold {
  private readonly sum: Float64Array;
  private readonly lost: Float64Array;

  constructor(cells: number) {
    this.sum = new Float64Array(cells);
    this.lost = new Float64Array(cells);
  }

  add(present: Uint8Array, values: Float64Array, base: number): void {
    const { sum, lost } = this;
    for (let step = 0; step < present.length; step++) {
      if (present[step] !== FLOAT) continue;
      const cell = base + step;
      const v = values[step];
      const before = sum[cell];
      const t = before + v;
      lost[cell] = nextLost(before, v, t, lost[cell]);
      sum[cell] = t;
    }
  }

  result(cell: number): number {
    return this.sum[cell] + this.lost[cell];
  }
}

/** A sum over a count, until the sum overflows; from then on a running mean. */
export class AvgFold implements FloatFold {
  private readonly sum: Float64Array;
  private readonly lost: Float64Array;
  private readonly count: Float64Array;
  /** 1 where `sum` holds the running mean. */
  private readonly incremental: Uint8Array;

  constructor(cells: number) {
    this.sum = new Float64Array(cells);
    this.lost = new Float64Array(cells);
    this.count = new Float64Array(cells);
    this.incremental = new Uint8Array(cells);
  }

  add(present: Uint8Array, values: Float64Array, base: number): void {
    for (let step = 0; step < present.length; step++) {
      if (present[step] === FLOAT) this.addOne(base + step, values[step]);
    }
  }

  private addOne(cell: number, v: number): void {
    const { sum, lost, count } = this;
    count[cell]++;
    if (count[cell] === 1) {
      sum[cell] = v;
      return;
    }
    const n = count[cell];
    if (this.incremental[cell] === 0) {
      const before = sum[cell];
      const t = before + v;
      if (Number.isFinite(t) || Number.isNaN(t)) {
        lost[cell] = nextLost(before, v, t, lost[cell]);
        sum[cell] = t;
        return;
      }
      this.incremental[cell] = 1;
      sum[cell] = before / (n - 1);
      lost[cell] /= n - 1;
    }
    const q = (n - 1) / n;
    const mean = q * sum[cell];
    const t = mean + v / n;
    lost[cell] = nextLost(mean, v / n, t, q * lost[cell]);
    sum[cell] = t;
  }

  result(cell: number): number {
    if (this.incremental[cell] === 1) return this.sum[cell] + this.lost[cell];
    const n = this.count[cell];
    return this.sum[cell] / n + this.lost[cell] / n;
  }
}

export class ExtremeFold implements FloatFold {
  private readonly best: Float64Array;
  private readonly seen: Uint8Array;
  private readonly sign: 1 | -1;

  /** `sign` is 1 for the largest value, -1 for the smallest. A NaN gives way to any number. */
  constructor(cells: number, sign: 1 | -1) {
    this.best = new Float64Array(cells);
    this.seen = new Uint8Array(cells);
    this.sign = sign;
  }

  add(present: Uint8Array, values: Float64Array, base: number): void {
    const { best, seen, sign } = this;
    for (let step = 0; step < present.length; step++) {
      if (present[step] !== FLOAT) continue;
      const cell = base + step;
      const v = values[step];
      if (seen[cell] === 0 || sign * v > sign * best[cell] || Number.isNaN(best[cell])) best[cell] = v;
      seen[cell] = 1;
    }
  }

  result(cell: number): number {
    return this.best[cell];
  }
}

/** Welford's running variance. */
export class VarianceFold implements FloatFold {
  private readonly count: Float64Array;
  private readonly mean: Float64Array;
  private readonly squares: Float64Array;
  private readonly squareRoot: boolean;

  constructor(cells: number, squareRoot: boolean) {
    this.count = new Float64Array(cells);
    this.mean = new Float64Array(cells);
    this.squares = new Float64Array(cells);
    this.squareRoot = squareRoot;
  }

  add(present: Uint8Array, values: Float64Array, base: number): void {
    const { count, mean, squares } = this;
    for (let step = 0; step < present.length; step++) {
      if (present[step] !== FLOAT) continue;
      const cell = base + step;
      const v = values[step];
      count[cell]++;
      if (count[cell] === 1) {
        mean[cell] = v;
        squares[cell] = Number.isFinite(v) ? 0 : Number.NaN;
        continue;
      }
      const delta = v - mean[cell];
      mean[cell] += delta / count[cell];
      squares[cell] += delta * (v - mean[cell]);
    }
  }

  result(cell: number): number {
    const variance = this.squares[cell] / this.count[cell];
    return this.squareRoot ? Math.sqrt(variance) : variance;
  }
}
