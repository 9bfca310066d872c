/**
 * The strings and the label pairs of the series that an index is being written for, numbered in order of
 * appearance, and later sorted. This is what an index writer holds in memory.
 */
import { compareStrings, type Labels } from '../../model/index.ts';

const TWO_27 = 2 ** 27;
const TWO_32 = 2 ** 32;

export class LabelPairs {
  /** In order of appearance. The empty string stands for the label of all series, and is in every index. */
  private readonly strings: string[] = [''];
  private readonly idOf = new Map<string, number>([['', 0]]);
  private readonly pairOf = new Map<number, number>();
  private names = new Uint32Array(1024);
  private values = new Uint32Array(1024);
  private counts = new Uint32Array(1024);
  private size = 0;
  private previous: Labels | null = null;
  private previousPairs = new Uint32Array(16);

  /** Label pairs that were seen. */
  get length(): number {
    return this.size;
  }

  /** Series that have pair `pair`. */
  countOf(pair: number): number {
    return this.counts[pair];
  }

  /** The numbers of a series' pairs, in label order: valid until the next call. Counts the series for each. */
  add(labels: Labels): Uint32Array {
    const n = labels.size;
    if (n > this.previousPairs.length) {
      const wider = new Uint32Array(n * 2);
      wider.set(this.previousPairs);
      this.previousPairs = wider;
    }
    const pairs = this.previousPairs;
    const previous = this.previous;
    for (let i = 0; i < n; i++) {
      const name = labels.names[i];
      const value = labels.values[i];
      // Series come sorted, so that most labels are those of the series before.
      if (previous === null || previous.values[i] !== value || previous.names[i] !== name) {
        pairs[i] = this.pair(this.id(name), this.id(value));
      }
      this.counts[pairs[i]]++;
    }
    this.previous = labels;
    return pairs.subarray(0, n);
  }

  /** Sorts strings and pairs; nothing may be added afterwards. */
  sorted(): SortedPairs {
    const { strings, size } = this;
    const order = sortStrings(strings);
    const rank = new Uint32Array(strings.length);
    for (let i = 0; i < order.length; i++) rank[this.idOf.get(order[i])!] = i;

    const byName = new Map<number, number[]>();
    for (let pair = 0; pair < size; pair++) {
      const name = rank[this.names[pair]];
      const pairs = byName.get(name);
      if (pairs === undefined) byName.set(name, [pair]);
      else pairs.push(pair);
    }
    const pairs = new Uint32Array(size);
    let n = 0;
    for (const name of [...byName.keys()].sort((a, b) => a - b)) {
      const ofName = byName.get(name)!;
      // One number a pair, so that the sort needs no comparison function.
      const keys = new Float64Array(ofName.length);
      for (let i = 0; i < keys.length; i++) keys[i] = rank[this.values[ofName[i]]] * TWO_27 + ofName[i];
      keys.sort();
      for (let i = 0; i < keys.length; i++) pairs[n++] = keys[i] % TWO_27;
    }
    const nameSymbols = new Uint32Array(size);
    const valueSymbols = new Uint32Array(size);
    for (let pair = 0; pair < size; pair++) {
      nameSymbols[pair] = rank[this.names[pair]];
      valueSymbols[pair] = rank[this.values[pair]];
    }
    return { symbols: order, pairs, nameSymbols, valueSymbols };
  }

  private id(text: string): number {
    let id = this.idOf.get(text);
    if (id === undefined) {
      id = this.strings.length;
      this.strings.push(text);
      this.idOf.set(text, id);
    }
    return id;
  }

  private pair(name: number, value: number): number {
    const key = name * TWO_32 + value;
    let pair = this.pairOf.get(key);
    if (pair === undefined) {
      pair = this.size++;
      if (pair === TWO_27) throw new RangeError('more label pairs than an index can have');
      if (pair === this.names.length) {
        this.names = doubled(this.names);
        this.values = doubled(this.values);
        this.counts = doubled(this.counts);
      }
      this.names[pair] = name;
      this.values[pair] = value;
      this.pairOf.set(key, pair);
    }
    return pair;
  }
}

export interface SortedPairs {
  /** All strings, in order: the symbols. */
  symbols: string[];
  /** Numbers of the pairs, by name and value. */
  pairs: Uint32Array;
  /** Symbols of each pair, by the pair's number. */
  nameSymbols: Uint32Array;
  valueSymbols: Uint32Array;
}

/** A copy in the order of UTF-8, which is that of UTF-16 (and of `sort`) where there are no surrogates. */
function sortStrings(strings: readonly string[]): string[] {
  const copy = [...strings];
  return strings.some((text) => /[\ud800-\uffff]/.test(text)) ? copy.sort(compareStrings) : copy.sort();
}

function doubled(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const out = new Uint32Array(array.length * 2);
  out.set(array);
  return out;
}
