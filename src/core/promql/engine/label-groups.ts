/**
 * Puts label sets into groups by a part of their labels: those of `by` and `on`, or all but those of `without` and
 * `ignoring`. A hash table over the label sets as they are: nothing is made for a set whose group is there already.
 */
import { finishHash, hashPair, hashText, Labels } from '../../model/labels.ts';

const INITIAL_SLOTS = 64;

export class LabelGroups {
  /** The labels that the members of each group share, by its number: groups are numbered as they appear. */
  readonly keys: Labels[] = [];
  private readonly names: ReadonlySet<string>;
  private readonly isKept: boolean;
  /** Group + 1 in each slot, 0 where there is none. */
  private slots = new Int32Array(INITIAL_SLOTS);
  /** Of each group. */
  private hashes = new Int32Array(INITIAL_SLOTS);
  /** Sets one after another mostly have the same names, of which it is worked out once where the kept ones are. */
  private lastNames: readonly string[] = [];
  private kept: number[] = [];
  private keptHashes: number[] = [];
  private keptNames: readonly string[] = [];

  /** Groups are made by the labels with these names (`isKept`), or by all others. */
  constructor(names: Iterable<string>, isKept: boolean) {
    this.names = new Set(names);
    this.isKept = isKept;
  }

  /** The group of a label set, made where it is the first of it. */
  of(labels: Labels): number {
    const { names, values } = labels;
    if (names !== this.lastNames && !this.hasLastNames(names)) this.learn(names);
    const { kept, keptHashes } = this;
    let sum = 0;
    for (let i = 0; i < kept.length; i++) sum += hashPair(keptHashes[i], hashText(values[kept[i]]));
    const hash = finishHash(sum) | 0;
    const { slots, hashes } = this;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const group = slots[slot] - 1;
      if (group < 0) return this.add(slot, hash, labels);
      if (hashes[group] === hash && this.isKey(this.keys[group], values)) return group;
    }
  }

  private isKey(key: Labels, values: readonly string[]): boolean {
    const { kept, keptNames } = this;
    if (key.names.length !== kept.length) return false;
    for (let i = 0; i < kept.length; i++) {
      if (key.values[i] !== values[kept[i]] || key.names[i] !== keptNames[i]) return false;
    }
    return true;
  }

  private add(slot: number, hash: number, labels: Labels): number {
    const { kept } = this;
    const group = this.keys.length;
    if (group === this.hashes.length) {
      const hashes = new Int32Array(group * 2);
      hashes.set(this.hashes);
      this.hashes = hashes;
    }
    this.hashes[group] = hash;
    this.keys.push(
      kept.length === labels.names.length
        ? labels
        : new Labels(
            this.keptNames,
            kept.map((i) => labels.values[i]),
            hash >>> 0,
          ),
    );
    this.slots[slot] = group + 1;
    if (this.keys.length * 2 > this.slots.length) this.rehash();
    return group;
  }

  private rehash(): void {
    const slots = new Int32Array(this.slots.length * 4);
    const mask = slots.length - 1;
    for (let group = 0; group < this.keys.length; group++) {
      let slot = this.hashes[group] & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = group + 1;
    }
    this.slots = slots;
  }

  private hasLastNames(names: readonly string[]): boolean {
    const { lastNames } = this;
    if (names.length !== lastNames.length) return false;
    for (let i = 0; i < names.length; i++) if (names[i] !== lastNames[i]) return false;
    return true;
  }

  private learn(names: readonly string[]): void {
    this.lastNames = names;
    this.kept = [];
    for (let i = 0; i < names.length; i++) if (this.names.has(names[i]) === this.isKept) this.kept.push(i);
    this.keptNames = this.kept.map((i) => names[i]);
    this.keptHashes = this.keptNames.map(hashText);
  }
}
