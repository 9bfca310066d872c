/** The times at which an expression is evaluated: `count` of them, `stepMs` apart. An instant query has one. */
export class StepGrid {
  /** Milliseconds since the epoch. */
  readonly start: number;
  readonly stepMs: number;
  readonly count: number;
  private allTimes: Float64Array | null = null;

  constructor(start: number, stepMs: number, count: number) {
    this.start = start;
    this.stepMs = stepMs;
    this.count = count;
  }

  time(i: number): number {
    return this.start + i * this.stepMs;
  }

  /** The times of all steps. Everybody's: not to be changed. */
  get times(): Float64Array {
    if (this.allTimes === null) {
      this.allTimes = new Float64Array(this.count);
      for (let i = 0; i < this.count; i++) this.allTimes[i] = this.time(i);
    }
    return this.allTimes;
  }

  /** Time of the last step; before `start` where the grid is empty. */
  get end(): number {
    return this.time(this.count - 1);
  }
}

/** The steps from `start` to at most `end`. */
export function gridBetween(start: number, end: number, stepMs: number): StepGrid {
  const count = end < start ? 0 : Math.floor((end - start) / stepMs) + 1;
  return new StepGrid(start, stepMs, count);
}
