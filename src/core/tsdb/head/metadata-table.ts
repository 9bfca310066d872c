/** What is known about the metrics of a head: a number for each series, since most share theirs with others. */

import { copied, grownLength } from '../../encoding/grown.ts';
import { type Metadata, sameMetadata } from '../../model/metadata.ts';

export class MetadataTable {
  /** Distinct entries; number 0 is none. */
  private readonly entries: (Metadata | undefined)[] = [undefined];
  private readonly numbers = new Map<string, number>();
  private readonly uses: number[] = [0];
  private readonly unused: number[] = [];
  private ofRow = new Uint32Array(0);

  /** The number of the series' entry, which is the same for the same metadata; 0 where it has none. */
  numberOf(row: number): number {
    return row < this.ofRow.length ? this.ofRow[row] : 0;
  }

  of(row: number): Metadata | undefined {
    return row < this.ofRow.length ? this.entries[this.ofRow[row]] : undefined;
  }

  /** Whether the series has just this already. */
  has(row: number, metadata: Metadata): boolean {
    const known = this.of(row);
    return known !== undefined && sameMetadata(known, metadata);
  }

  set(row: number, { type, unit, help }: Metadata): void {
    if (row >= this.ofRow.length) {
      this.ofRow = copied(this.ofRow, new Uint32Array(grownLength(this.ofRow.length, row + 1)));
    }
    const key = keyOf({ type, unit, help });
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = this.unused.pop() ?? this.entries.length;
      this.entries[number] = { type, unit, help };
      this.uses[number] = 0;
      this.numbers.set(key, number);
    }
    this.uses[number]++;
    this.release(this.ofRow[row]);
    this.ofRow[row] = number;
  }

  drop(row: number): void {
    if (row >= this.ofRow.length) return;
    this.release(this.ofRow[row]);
    this.ofRow[row] = 0;
  }

  private release(number: number): void {
    if (number === 0 || --this.uses[number] > 0) return;
    this.numbers.delete(keyOf(this.entries[number]!));
    this.entries[number] = undefined;
    this.unused.push(number);
  }
}

function keyOf({ type, unit, help }: Metadata): string {
  return `${type}\0${unit}\0${help}`;
}
