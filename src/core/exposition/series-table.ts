/**
 * The series of one target or one input stream, numbered from 0 in order of appearance, and the families they
 * belong to. Parsers fill it; a series keeps its number however its labels are spelled or ordered in the input.
 *
 * A loop that scrapes one target for months calls `nextGeneration` before each scrape and `evict` now and then, so
 * that series which are gone do not stay forever. Numbers of evicted series are given to new ones.
 */

import { copied } from '../encoding/grown.ts';
import { hashKey } from '../encoding/hash-key.ts';
import { halfSipHash } from '../encoding/siphash.ts';
import { EMPTY_LABELS, type Labels, METRIC_NAME } from '../model/labels.ts';
import type { Metadata } from '../model/metadata.ts';
import type { Family } from './family.ts';
import { familyNames, isOfFamily, sampleNames } from './family-suffix.ts';

export type { Family };

const NO_FAMILY = -1;
/** A search that passes this many others is no accident in a table that is half empty. */
const LONG_SEARCH = 200;
/** Arrays of 64 bytes are part of the heap's objects, and most of ten thousand targets are small. */
const INITIAL_SERIES = 16;
/** Series between two pauses of `evicting`: some milliseconds. */
const STEP = 1 << 14;
const digest = new Uint32Array(2);

export class SeriesTable {
  /** Labels of each series as exposed (before relabelling), including `__name__`; empty for an evicted one. */
  readonly labels: Labels[] = [];
  /** Index into `families` of each series, or -1 where no metadata preceded it. */
  readonly familyOf: number[] = [];
  /**
   * Labels that a series was exposed with and that have no value, by series; few have any. They are not in its label
   * set, but `instance=""` keeps the target's own `instance` away where labels are honoured.
   */
  readonly emptyLabels: Map<number, readonly string[]> = new Map();
  /** Families in order of appearance; an entry is replaced, not changed, when its metadata changes. */
  readonly families: Family[] = [];
  /** The generation in which each series was seen last, 0 for an evicted one. Replaced when it grows. */
  seen: Uint32Array = new Uint32Array(INITIAL_SERIES);
  /** `evictions` as it was when each number was given to its series: tells an evicted series from its successor. */
  born: Uint32Array = new Uint32Array(INITIAL_SERIES);
  /** Counts passes (scrapes) over the same series; see `nextGeneration`. */
  generation = 1;
  /** How often series were evicted; what was remembered of their numbers before is void then. */
  evictions = 0;
  private slots: Int32Array = new Int32Array(2 * INITIAL_SERIES).fill(-1);
  /** Of the labels of each series: what a search looks at before it looks at labels. */
  private hashes: Int32Array = new Int32Array(INITIAL_SERIES);
  private used = 0;
  private free: number[] = [];
  /** Label sets come from strangers: when they collide too often, they are hashed under this key. */
  private key: Int32Array | null = null;
  private readonly familyByName = new Map<string, number>();
  /** Metric name -> series that no family has claimed. */
  private readonly orphans = new Map<string, number[]>();

  /** Numbers given out so far, those of evicted series included. */
  get size(): number {
    return this.labels.length;
  }

  /** The number of a series, or -1. */
  find(labels: Labels): number {
    const hash = this.hash(labels);
    const mask = this.slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = this.slots[slot];
      if (id < 0 || (this.hashes[id] === hash && this.labels[id].equals(labels))) return id;
    }
  }

  private hash(labels: Labels): number {
    if (this.key === null) return labels.hash() | 0;
    const bytes = Buffer.from(JSON.stringify([labels.names, labels.values]));
    halfSipHash(this.key[0], this.key[1], bytes, 0, bytes.length, digest, 0);
    return digest[0] | 0;
  }

  /**
   * The number of a series, which is new or known, and which counts as seen in this generation. `family` is the one
   * it belongs to, where the caller knows; else the table finds it by the metric's name.
   */
  intern(labels: Labels, family: number = NO_FAMILY): number {
    const known = this.find(labels);
    const id = known < 0 ? this.add(labels) : known;
    this.seen[id] = this.generation;
    if (family !== NO_FAMILY) this.familyOf[id] = family;
    else if (known < 0) this.adopt(id);
    return id;
  }

  /** The index of the family with this very name, or -1. */
  findFamily(name: string): number {
    return this.familyByName.get(name) ?? NO_FAMILY;
  }

  /** The family that a sample of this name belongs to, by its own name or by name and suffix, or -1. */
  familyOfSample(name: string): number {
    for (const candidate of familyNames(name)) {
      const index = this.findFamily(candidate);
      if (index >= 0 && isOfFamily(name, this.families[index])) return index;
    }
    return NO_FAMILY;
  }

  /** Enters what is known of a family, new or not; what is left out stays as it was. Returns its index. */
  declare(name: string, known: Partial<Metadata>): number {
    const index = this.familyByName.get(name);
    if (index === undefined) {
      const added = this.families.push({ name, type: 'unknown', help: '', unit: '', ...known }) - 1;
      this.familyByName.set(name, added);
      this.claim(added);
      return added;
    }
    const old = this.families[index];
    const changed = { ...old, ...known };
    if (changed.type === old.type && changed.help === old.help && changed.unit === old.unit) return index;
    this.families[index] = changed;
    if (changed.type !== old.type) this.claim(index);
    return index;
  }

  /** Starts the next pass: what is seen from now on has the new generation. */
  nextGeneration(): void {
    this.generation++;
  }

  /** Whether the series was seen in the current generation. */
  isCurrent(id: number): boolean {
    return this.seen[id] === this.generation;
  }

  /**
   * Forgets the series that were not seen in the last `keep` generations (the current one included); `onEvict` is
   * told of each number before it can be given out again. Returns how many there were. Costs a pass over all series.
   */
  evict(keep: number, onEvict?: (id: number) => void): number {
    return drained(this.evicting(keep, onEvict));
  }

  /** As `evict`, in steps of some thousand series; the table must not be changed in between. */
  *evicting(keep: number, onEvict?: (id: number) => void): Generator<undefined, number> {
    const oldest = this.generation - keep;
    const before = this.free.length;
    for (let id = 0; id < this.labels.length; id++) {
      if (id % STEP === STEP - 1) yield;
      if (this.seen[id] === 0 || this.seen[id] > oldest) continue;
      this.labels[id] = EMPTY_LABELS;
      this.familyOf[id] = NO_FAMILY;
      this.seen[id] = 0;
      this.emptyLabels.delete(id);
      this.free.push(id);
      onEvict?.(id);
    }
    const evicted = this.free.length - before;
    if (evicted === 0) return 0;
    this.evictions++;
    let slots = 2 * INITIAL_SERIES;
    while (slots < 4 * (this.used - evicted)) slots *= 2;
    yield* this.rebuilding(Math.min(slots, this.slots.length));
    this.orphans.clear();
    for (let id = 0; id < this.labels.length; id++) {
      if (id % STEP === STEP - 1) yield;
      if (this.seen[id] !== 0 && this.familyOf[id] === NO_FAMILY) this.addOrphan(id);
    }
    return evicted;
  }

  private add(labels: Labels): number {
    const id = this.free.pop() ?? this.labels.length;
    this.labels[id] = labels;
    this.familyOf[id] = NO_FAMILY;
    if (id >= this.seen.length) {
      this.seen = copied(this.seen, new Uint32Array(this.seen.length * 2));
      this.born = copied(this.born, new Uint32Array(this.born.length * 2));
      this.hashes = copied(this.hashes, new Int32Array(this.hashes.length * 2));
    }
    this.hashes[id] = this.hash(labels);
    this.born[id] = this.evictions;
    this.used++;
    if (this.used * 2 > this.slots.length) this.rebuild(this.slots.length * 2, id);
    else if (this.enter(id) > LONG_SEARCH && this.key === null) this.turnToKey(id);
    return id;
  }

  /** Puts a series into the first free slot; returns how many were taken before it. */
  private enter(id: number): number {
    const mask = this.slots.length - 1;
    let slot = this.hashes[id] & mask;
    let passed = 0;
    for (; this.slots[slot] >= 0; slot = (slot + 1) & mask) passed++;
    this.slots[slot] = id;
    return passed;
  }

  private turnToKey(added: number): void {
    this.key = new Int32Array(hashKey(2));
    for (let id = 0; id < this.labels.length; id++) this.hashes[id] = this.hash(this.labels[id]);
    this.rebuild(this.slots.length, added);
  }

  /** `added` is a series that has no generation yet. */
  private rebuild(slots: number, added = -1): void {
    drained(this.rebuilding(slots, added));
  }

  private *rebuilding(slots: number, added = -1): Generator<undefined, void> {
    this.slots = new Int32Array(slots).fill(-1);
    this.used = 0;
    for (let id = 0; id < this.labels.length; id++) {
      if (id % STEP === STEP - 1) yield;
      if (this.seen[id] === 0 && id !== added) continue;
      this.enter(id);
      this.used++;
    }
  }

  /** Gives a series the family that its name says, or notes that it has none yet. */
  private adopt(id: number): void {
    const family = this.familyOfSample(this.labels[id].get(METRIC_NAME));
    if (family === NO_FAMILY) this.addOrphan(id);
    else this.familyOf[id] = family;
  }

  private addOrphan(id: number): void {
    const name = this.labels[id].get(METRIC_NAME);
    const same = this.orphans.get(name);
    if (same === undefined) this.orphans.set(name, [id]);
    else same.push(id);
  }

  /** Metadata may come after the first samples: their series join the family then. */
  private claim(family: number): void {
    if (this.orphans.size === 0) return;
    for (const name of sampleNames(this.families[family])) {
      const ids = this.orphans.get(name);
      if (ids === undefined) continue;
      for (const id of ids) this.familyOf[id] = family;
      this.orphans.delete(name);
    }
  }
}

function drained<T>(steps: Generator<undefined, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
