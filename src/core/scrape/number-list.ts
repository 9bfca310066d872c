/** A list of whole numbers below 2^32 that is filled again and again without allocating. */
export class NumberList {
  length = 0;
  /** Those in use are the first `length`. */
  values: Uint32Array = new Uint32Array(16);

  push(value: number): void {
    if (this.length === this.values.length) {
      const wider = new Uint32Array(this.values.length * 2);
      wider.set(this.values);
      this.values = wider;
    }
    this.values[this.length++] = value;
  }

  clear(): void {
    this.length = 0;
  }
}
