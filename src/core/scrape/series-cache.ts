/**
 * The series of one target. The parser numbers them as exposed; here each such number leads to the series' final
 * labels (with the target's labels, after relabelling), worked out once, so that a series that was seen before costs
 * an array look-up.
 */

import { type Family, SeriesTable } from '../exposition/series-table.ts';
import type { BatchSeries } from '../exposition/writer.ts';
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import { LabelsIndex } from './labels-index.ts';
import { REPORT_FAMILIES } from './report.ts';

/** Final number of a series that relabelling drops. */
export const DROPPED = -1;
const UNRESOLVED = -2;

/** Final labels of an exposed series, or null to drop it. Throws InputError to fail the scrape. */
export type Relabeller = (exposed: Labels) => Labels | null;

export class SeriesCache implements BatchSeries {
  readonly familyOf: number[] = [];
  /** Those of the scrape's own series, then the parser's. */
  readonly families: Family[] = [...REPORT_FAMILIES];
  /** What the parser fills. */
  readonly exposed = new SeriesTable();
  /** By final number: the last iteration that had the series, and the last from which its absence means its end. */
  seen: Uint32Array = new Uint32Array(256);
  tracked: Uint32Array = new Uint32Array(256);
  private finalOf: Int32Array = new Int32Array(256).fill(UNRESOLVED);
  private readonly index = new LabelsIndex();
  private readonly relabel: Relabeller;
  private readonly reportSize: number;

  constructor(relabel: Relabeller, report: readonly Labels[]) {
    this.relabel = relabel;
    this.reportSize = report.length;
    for (let i = 0; i < report.length; i++) this.enter(report[i], i);
  }

  /** Final labels by final number; the scrape's own series come first. */
  get labels(): readonly Labels[] {
    return this.index.labels;
  }

  /** The final number of an exposed series, or DROPPED. Throws what relabelling throws. */
  final(exposed: number): number {
    const known = exposed < this.finalOf.length ? this.finalOf[exposed] : UNRESOLVED;
    return known === UNRESOLVED ? this.resolve(exposed) : known;
  }

  /** Enters a series that an older cache of the same target had, so that it is known here too; returns its number. */
  carry(labels: Labels, seen: number, tracked: number): number {
    const id = this.enter(labels, -1);
    this.seen[id] = seen;
    this.tracked[id] = tracked;
    return id;
  }

  /** Takes over what the parser has learnt about families since the last call. */
  refreshFamilies(): void {
    const exposed = this.exposed.families;
    for (let i = 0; i < exposed.length; i++) this.families[REPORT_FAMILIES.length + i] = exposed[i];
  }

  private resolve(exposed: number): number {
    const labels = this.exposed.labels[exposed];
    const relabelled = this.relabel(labels);
    let final = DROPPED;
    if (relabelled !== null) {
      const family = this.exposed.familyOf[exposed];
      // What a target says of a family is not about a series that relabelling gave another name.
      const sameName = relabelled.get(METRIC_NAME) === labels.get(METRIC_NAME);
      final = this.enter(relabelled, family >= 0 && sameName ? family + REPORT_FAMILIES.length : -1);
    }
    if (exposed >= this.finalOf.length) {
      const wider = new Int32Array(Math.max(this.finalOf.length * 2, exposed + 1)).fill(UNRESOLVED);
      wider.set(this.finalOf);
      this.finalOf = wider;
    }
    this.finalOf[exposed] = final;
    return final;
  }

  private enter(labels: Labels, family: number): number {
    const id = this.index.enter(labels);
    if (id === this.seen.length) {
      this.seen = widened(this.seen);
      this.tracked = widened(this.tracked);
    }
    // A target cannot say what the scrape's own series are about.
    if (id >= this.reportSize || id === this.familyOf.length) this.familyOf[id] = family;
    return id;
  }
}

function widened(column: Uint32Array): Uint32Array {
  const wider = new Uint32Array(column.length * 2);
  wider.set(column);
  return wider;
}
