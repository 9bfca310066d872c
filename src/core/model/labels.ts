/**
 * Label sets: immutable, sorted by name, without empty values (an empty value is the same as no label, as in
 * Prometheus). A set's hash is computed once; equality looks at the reference first.
 */

import { isLegacyLabelName, isLegacyMetricName } from './names.ts';
import { goQuote } from './quote.ts';

export { isLegacyLabelName, isLegacyMetricName } from './names.ts';

export const METRIC_NAME = '__name__';
/** What upstream's feature `type-and-unit-labels` adds to every series. */
export const METRIC_TYPE = '__type__';
export const METRIC_UNIT = '__unit__';

export class Labels {
  /** Sorted by `compareStrings`; parallel to `values`. Never modified after construction. */
  readonly names: readonly string[];
  readonly values: readonly string[];
  private cachedHash: number;

  /**
   * `names` must be sorted and unique and `values` non-empty: use `labelsFrom…` for anything else. `hash` is what
   * `finishHash` makes of the pairs, where the caller has it; 0 otherwise.
   */
  constructor(names: readonly string[], values: readonly string[], hash = 0) {
    this.names = names;
    this.values = values;
    this.cachedHash = hash;
  }

  get size(): number {
    return this.names.length;
  }

  /** The value of label `name`, or '' where the set has none. */
  get(name: string): string {
    const names = this.names;
    // Sets are short: a linear scan beats a binary search up to a few dozen labels.
    for (let i = 0; i < names.length; i++) if (names[i] === name) return this.values[i];
    return '';
  }

  has(name: string): boolean {
    return this.names.includes(name);
  }

  /** A 32-bit hash, stable within one version of tsmon only; never 0. */
  hash(): number {
    if (this.cachedHash === 0) this.cachedHash = hashLabels(this.names, this.values);
    return this.cachedHash;
  }

  equals(other: Labels): boolean {
    if (this === other) return true;
    const n = this.names.length;
    if (n !== other.names.length || this.hash() !== other.hash()) return false;
    for (let i = 0; i < n; i++) {
      if (this.names[i] !== other.names[i] || this.values[i] !== other.values[i]) return false;
    }
    return true;
  }

  /** Prometheus' order: name by name, value by value, a prefix before what extends it. */
  compare(other: Labels): number {
    const n = Math.min(this.names.length, other.names.length);
    for (let i = 0; i < n; i++) {
      const byName = compareStrings(this.names[i], other.names[i]);
      if (byName !== 0) return byName;
      const byValue = compareStrings(this.values[i], other.values[i]);
      if (byValue !== 0) return byValue;
    }
    return this.names.length - other.names.length;
  }

  /** A copy with label `name` set, or removed where `value` is ''; `this` where that changes nothing. */
  with(name: string, value: string): Labels {
    if (this.get(name) === value) return this;
    const names: string[] = [];
    const values: string[] = [];
    let pending = value !== '';
    for (let i = 0; i < this.names.length; i++) {
      if (pending && compareStrings(name, this.names[i]) < 0) {
        names.push(name);
        values.push(value);
        pending = false;
      }
      if (this.names[i] === name) continue;
      names.push(this.names[i]);
      values.push(this.values[i]);
    }
    if (pending) {
      names.push(name);
      values.push(value);
    }
    return new Labels(names, values);
  }

  /** A copy without the named labels; `this` where there is nothing to remove. */
  without(...drop: readonly string[]): Labels {
    return this.filter((name) => !drop.includes(name));
  }

  /** A copy with those labels for which `keep` holds; `this` where that is all of them. */
  filter(keep: (name: string, value: string) => boolean): Labels {
    const names: string[] = [];
    const values: string[] = [];
    for (let i = 0; i < this.names.length; i++) {
      if (!keep(this.names[i], this.values[i])) continue;
      names.push(this.names[i]);
      values.push(this.values[i]);
    }
    return names.length === this.names.length ? this : new Labels(names, values);
  }

  /** A plain object in the set's order, without a prototype so that no label name can collide with one. */
  toObject(): Record<string, string> {
    const out: Record<string, string> = Object.create(null);
    for (let i = 0; i < this.names.length; i++) out[this.names[i]] = this.values[i];
    return out;
  }

  *[Symbol.iterator](): Iterator<[string, string]> {
    for (let i = 0; i < this.names.length; i++) yield [this.names[i], this.values[i]];
  }

  /** As PromQL would select it: `up{job="node"}`; names that need it are quoted. */
  toString(): string {
    const metric = this.get(METRIC_NAME);
    const bare = metric !== '' && isLegacyMetricName(metric);
    const parts: string[] = [];
    if (metric !== '' && !bare) parts.push(goQuote(metric));
    for (let i = 0; i < this.names.length; i++) {
      const name = this.names[i];
      if (name === METRIC_NAME) continue;
      parts.push(`${isLegacyLabelName(name) ? name : goQuote(name)}=${goQuote(this.values[i])}`);
    }
    if (bare) return parts.length === 0 ? metric : `${metric}{${parts.join(', ')}}`;
    return `{${parts.join(', ')}}`;
  }
}

export const EMPTY_LABELS = new Labels([], []);

/** Sorts, and drops empty values. Throws RangeError when a name occurs twice. */
export function labelsFromPairs(pairs: Iterable<readonly [string, string]>): Labels {
  const sorted: (readonly [string, string])[] = [];
  for (const pair of pairs) if (pair[1] !== '') sorted.push(pair);
  if (sorted.length === 0) return EMPTY_LABELS;
  sorted.sort((a, b) => compareStrings(a[0], b[0]));
  const names = new Array<string>(sorted.length);
  const values = new Array<string>(sorted.length);
  for (let i = 0; i < sorted.length; i++) {
    if (i > 0 && sorted[i][0] === names[i - 1])
      throw new RangeError(`duplicate label name ${goQuote(names[i - 1])}`);
    names[i] = sorted[i][0];
    values[i] = sorted[i][1];
  }
  return new Labels(names, values);
}

export function labelsFromObject(pairs: Readonly<Record<string, string>>): Labels {
  return labelsFromPairs(Object.entries(pairs));
}

/**
 * The order of Go strings, which is that of their UTF-8 bytes, which is that of code points. JavaScript's `<`
 * compares UTF-16 units and differs where a surrogate meets a unit above it.
 */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    let x = a.charCodeAt(i);
    let y = b.charCodeAt(i);
    if (x === y) continue;
    // Lift surrogates (astral code points) above U+E000..U+FFFF, as their code points are.
    if (x >= 0xd800 && y >= 0xd800) {
      if (x <= 0xdfff) x += 0x2000;
      else x -= 0x800;
      if (y <= 0xdfff) y += 0x2000;
      else y -= 0x800;
    }
    return x - y;
  }
  return a.length - b.length;
}

/** The sum of its pairs' hashes, so that one who has those of the strings need not go through them again. */
function hashLabels(names: readonly string[], values: readonly string[]): number {
  let sum = 0;
  for (let i = 0; i < names.length; i++) sum += hashPair(hashText(names[i]), hashText(values[i]));
  return finishHash(sum);
}

/** FNV-1a over UTF-16 units. */
export function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h;
}

/** The hash of a label, from those of its name and its value. */
export function hashPair(name: number, value: number): number {
  let h = Math.imul(name ^ (name >>> 15), 0x85ebca6b) ^ value;
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** The hash of a label set from the sum of its pairs' hashes. */
export function finishHash(sum: number): number {
  const h = Math.imul(sum ^ (sum >>> 16), 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0 || 1;
}

/** A double-quoted string as the exposition formats write it: only `"`, `\\` and the line feed are escaped. */
export function quote(text: string): string {
  let out = '"';
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '"' || c === '\\') out += `\\${c}`;
    else if (c === '\n') out += '\\n';
    else out += c;
  }
  return `${out}"`;
}
