/**
 * The best k values of each cell (a group at a step), as binary heaps side by side in flat columns.
 *
 * Among equal values it depends on the heap which one stays, so the moves are those of Go's container/heap.
 */

/** Up to this size a heap is sorted by insertion, without making a list. */
const SMALL = 32;

export class Heaps {
  /** Where the heap of each cell begins, and after the last one where it ends. */
  private readonly starts: Float64Array;
  private readonly sizes: Int32Array;
  /** Of each place in a heap: the series' number and its value. The one to be replaced next is first. */
  private readonly numbers: Int32Array;
  private readonly values: Float64Array;
  private readonly sign: 1 | -1;
  private readonly small = new Int32Array(SMALL);

  /** `capacities` are the most values that each cell may keep; `sign` is 1 for the largest, -1 for the smallest. */
  constructor(capacities: ArrayLike<number>, sign: 1 | -1) {
    this.sign = sign;
    this.starts = new Float64Array(capacities.length + 1);
    let total = 0;
    for (let cell = 0; cell < capacities.length; cell++) {
      this.starts[cell] = total;
      total += capacities[cell];
    }
    this.starts[capacities.length] = total;
    this.sizes = new Int32Array(capacities.length);
    this.numbers = new Int32Array(total);
    this.values = new Float64Array(total);
  }

  /** Offers a value; returns whether the cell keeps one more than before. */
  offer(cell: number, number: number, v: number): boolean {
    const { numbers, values } = this;
    const start = this.starts[cell];
    const size = this.sizes[cell];
    if (size < this.starts[cell + 1] - start) {
      numbers[start + size] = number;
      values[start + size] = v;
      this.sizes[cell] = size + 1;
      this.up(start, size);
      return true;
    }
    const worst = values[start];
    if (this.sign * worst < this.sign * v || (Number.isNaN(worst) && !Number.isNaN(v))) {
      numbers[start] = number;
      values[start] = v;
      this.down(start, size);
    }
    return false;
  }

  /** Calls `each` with what a cell keeps, from the best value to the worst. */
  eachRanked(cell: number, each: (number: number, v: number) => void): void {
    const start = this.starts[cell];
    const size = this.sizes[cell];
    if (size > SMALL) {
      const places = Array.from({ length: size }, (_, i) => start + i);
      places.sort((a, b) => (this.less(b, a) ? -1 : this.less(a, b) ? 1 : 0));
      for (const place of places) each(this.numbers[place], this.values[place]);
      return;
    }
    const { small } = this;
    for (let i = 0; i < size; i++) {
      let at = i;
      for (; at > 0 && this.less(small[at - 1], start + i); at--) small[at] = small[at - 1];
      small[at] = start + i;
    }
    for (let i = 0; i < size; i++) each(this.numbers[small[i]], this.values[small[i]]);
  }

  /** Whether the value at place `i` is to be replaced before the one at `j`; NaN is before everything. */
  private less(i: number, j: number): boolean {
    const v = this.values[i];
    return Number.isNaN(v) || this.sign * v < this.sign * this.values[j];
  }

  private swap(i: number, j: number): void {
    const { numbers, values } = this;
    const number = numbers[i];
    const v = values[i];
    numbers[i] = numbers[j];
    values[i] = values[j];
    numbers[j] = number;
    values[j] = v;
  }

  private up(start: number, last: number): void {
    let j = last;
    while (j > 0) {
      const i = (j - 1) >> 1;
      if (!this.less(start + j, start + i)) return;
      this.swap(start + i, start + j);
      j = i;
    }
  }

  private down(start: number, size: number): void {
    let i = 0;
    for (;;) {
      const left = 2 * i + 1;
      if (left >= size) return;
      let j = left;
      if (left + 1 < size && this.less(start + left + 1, start + left)) j = left + 1;
      if (!this.less(start + j, start + i)) return;
      this.swap(start + i, start + j);
      i = j;
    }
  }
}
