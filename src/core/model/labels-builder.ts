/** Changes to a label set, gathered: for relabelling and label functions, which touch a few labels of many sets. */
import { compareStrings, EMPTY_LABELS, Labels } from './labels.ts';

/** One builder is reused for many sets (`reset`); a set that was not changed comes out as the object it was. */
export class LabelsBuilder {
  private base: Labels;
  /** Sorted; the base's own arrays until the first change. */
  private names: string[];
  private values: string[];
  private changed = false;
  /** Names in the order in which they were set since the last reset; null until one was. */
  private setOrder: string[] | null = null;

  constructor(base: Labels = EMPTY_LABELS) {
    this.base = base;
    // Not written to while `changed` is false.
    this.names = base.names as string[];
    this.values = base.values as string[];
  }

  reset(base: Labels): this {
    this.base = base;
    this.names = base.names as string[];
    this.values = base.values as string[];
    this.changed = false;
    this.setOrder = null;
    return this;
  }

  /** Labels at present. */
  get size(): number {
    return this.names.length;
  }

  /** The value of label `name`, or '' where the set has none. */
  get(name: string): string {
    const names = this.names;
    for (let i = 0; i < names.length; i++) if (names[i] === name) return this.values[i];
    return '';
  }

  /** Sets a label; an empty value removes it. */
  set(name: string, value: string): this {
    const i = this.indexOf(name);
    const found = i < this.names.length && this.names[i] === name;
    this.noteOrder(name, value !== '');
    if (found ? this.values[i] === value : value === '') return this;
    this.own();
    if (!found) {
      this.names.splice(i, 0, name);
      this.values.splice(i, 0, value);
    } else if (value === '') {
      this.names.splice(i, 1);
      this.values.splice(i, 1);
    } else {
      this.values[i] = value;
    }
    return this;
  }

  delete(name: string): this {
    return this.set(name, '');
  }

  /** Removes the labels whose name fails `keep`. */
  retain(keep: (name: string) => boolean): this {
    for (let i = this.names.length - 1; i >= 0; i--) if (!keep(this.names[i])) this.delete(this.names[i]);
    return this;
  }

  /**
   * The labels at this moment, as arrays that later changes do not touch: first those of the base, then those set
   * since, in that order. (Prometheus goes through labels so, and where two are mapped to one name the last wins.)
   */
  entries(): [name: string, value: string][] {
    const order = this.setOrder ?? [];
    const names = this.names.filter((name) => !order.includes(name)).concat(order);
    return names.map((name) => [name, this.get(name)]);
  }

  /** The set as it is now; the builder may be used on. */
  labels(): Labels {
    if (!this.changed) return this.base;
    if (this.names.length === 0) return EMPTY_LABELS;
    return new Labels(this.names.slice(), this.values.slice());
  }

  private noteOrder(name: string, isSet: boolean): void {
    if (this.setOrder === null) {
      if (isSet) this.setOrder = [name];
      return;
    }
    const at = this.setOrder.indexOf(name);
    if (isSet && at < 0) this.setOrder.push(name);
    else if (!isSet && at >= 0) this.setOrder.splice(at, 1);
  }

  /** Where `name` is or belongs. */
  private indexOf(name: string): number {
    let low = 0;
    let high = this.names.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareStrings(this.names[middle], name) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private own(): void {
    if (this.changed) return;
    this.names = this.names.slice();
    this.values = this.values.slice();
    this.changed = true;
  }
}
