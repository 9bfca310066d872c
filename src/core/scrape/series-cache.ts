/**
 * The series of one target. The parser numbers them as exposed; here each such number leads to the series' final
 * labels (with the target's labels, after relabelling), worked out once, so that a series that was seen before costs
 * an array look-up.
 */
import { type Family, SeriesTable } from '../exposition/series-table.ts';
import type { Labels } from '../model/labels.ts';

/** Final number of a series that relabelling drops. */
export const DROPPED = -1;
const UNRESOLVED = -2;

/** Series are forgotten when so many more than one scrape has were new since the last time. */
const SLACK = 1000;
/** Generations that a series is remembered: the current one, and the one whose series may end in it. */
const KEPT_GENERATIONS = 2;

/**
 * Final labels of an exposed series, or null to drop it; `empty` names the labels that it was exposed with and that
 * have no value. Throws InputError to fail the scrape.
 */
export type Relabeller = (exposed: Labels, empty: readonly string[]) => Labels | null;

const NONE: readonly string[] = [];

export class SeriesCache {
  /** What the parser fills. */
  readonly exposed = new SeriesTable();
  /** Under their final labels; the scrape's own series come first. */
  readonly final = new SeriesTable();
  /** By final number: the last generation that had the series, and the last from which its absence means its end. */
  seen: Uint32Array = new Uint32Array(16);
  tracked: Uint32Array = new Uint32Array(16);
  private finalOf: Int32Array = new Int32Array(16).fill(UNRESOLVED);
  private readonly relabel: Relabeller;
  private readonly reportFamilies: readonly Family[];
  private readonly reportSize: number;
  private readonly onForget: ((final: number) => void) | undefined;
  /** What the final table knows of families, by the number that the parser gave them. */
  private readonly declared: Family[] = [];
  private newSeries = 0;

  /** `report` has the label sets of the families that the scrape adds, or is empty where it adds none. */
  constructor(
    relabel: Relabeller,
    families: readonly Family[],
    report: readonly Labels[],
    onForget?: (final: number) => void,
  ) {
    this.relabel = relabel;
    this.reportFamilies = families;
    this.reportSize = report.length;
    this.onForget = onForget;
    for (const family of report.length === 0 ? [] : families) this.final.declare(family.name, family);
    for (const labels of report) this.final.intern(labels);
  }

  /**
   * Starts the next scrape; returns its generation. `usualRows` is how many series a scrape of this target has: what
   * has gone is forgotten when much more than that was new.
   */
  nextGeneration(usualRows: number): number {
    for (const _ of this.forgetting(usualRows));
    this.exposed.nextGeneration();
    this.final.nextGeneration();
    // A target cannot have the series that its scrape adds.
    this.seen.fill(this.final.generation, 0, this.reportSize);
    return this.final.generation;
  }

  /** What `nextGeneration` begins with where it is time: in steps, before it. The cache must not be used in between. */
  *forgetting(usualRows: number): Generator<undefined> {
    if (this.newSeries <= usualRows + SLACK) return;
    const { exposed, final } = this;
    yield* exposed.evicting(KEPT_GENERATIONS);
    // The table's own idea of what was seen is older: the rows of known series do not pass through it.
    for (let id = 0; id < final.size; id++) if (final.seen[id] !== 0) final.seen[id] = this.seen[id] || 1;
    yield* final.evicting(KEPT_GENERATIONS, (id) => {
      this.seen[id] = 0;
      this.tracked[id] = 0;
      this.onForget?.(id);
    });
    this.finalOf.fill(UNRESOLVED);
    this.newSeries = 0;
  }

  /** The final number of an exposed series, or DROPPED. Throws what relabelling throws. */
  finalNumber(exposed: number): number {
    const known = exposed < this.finalOf.length ? this.finalOf[exposed] : UNRESOLVED;
    return known === UNRESOLVED ? this.resolve(exposed) : known;
  }

  /** Takes over what the parser has learnt about families since the last call. */
  refreshFamilies(): void {
    const { families } = this.exposed;
    for (let i = 0; i < families.length; i++) {
      const family = families[i];
      if (this.declared[i] === family) continue;
      this.declared[i] = family;
      if (!this.isOurs(family.name)) this.final.declare(family.name, family);
    }
  }

  /** The relabeller has changed: every series' final labels are worked out when it comes next. */
  resolveAnew(): void {
    this.finalOf.fill(UNRESOLVED);
  }

  /** The final number of a series, which may be new. */
  enter(labels: Labels): number {
    const final = this.final.intern(labels);
    if (final >= this.seen.length) {
      this.seen = widened(this.seen, final);
      this.tracked = widened(this.tracked, final);
    }
    return final;
  }

  private isOurs(name: string): boolean {
    return this.reportSize > 0 && this.reportFamilies.some((family) => family.name === name);
  }

  private resolve(exposed: number): number {
    this.newSeries++;
    const empty = this.exposed.emptyLabels.get(exposed) ?? NONE;
    const relabelled = this.relabel(this.exposed.labels[exposed], empty);
    const final = relabelled === null ? DROPPED : this.enter(relabelled);
    if (exposed >= this.finalOf.length) {
      const wider = new Int32Array(Math.max(this.finalOf.length * 2, exposed + 1)).fill(UNRESOLVED);
      wider.set(this.finalOf);
      this.finalOf = wider;
    }
    this.finalOf[exposed] = final;
    return final;
  }
}

function widened(column: Uint32Array, index: number): Uint32Array {
  const wider = new Uint32Array(Math.max(column.length * 2, index + 1));
  wider.set(column);
  return wider;
}
