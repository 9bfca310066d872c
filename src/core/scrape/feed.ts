/**
 * Feeds what a target exposes to a parser in stretches of whole lines. Between two stretches a scrape that has taken
 * long lets others run, and one that is too large is noticed before all of it is in memory as series.
 */

import type { Batch } from '../exposition/batch.ts';
import type { ExpositionFormat } from '../exposition/parser.ts';
import type { SeriesTable } from '../exposition/series-table.ts';
import type { MetricFamily } from '../model/family.ts';
import { LabelsIndex } from './labels-index.ts';

const STRETCH_BYTES = 1 << 18;
const NEWLINE = 0x0a;

/**
 * The stretches of `bytes`, each ending with a line; of a format without lines all of it, because a parser keeps what
 * is incomplete, and again and again would copy a long message.
 */
export function* stretches(bytes: Uint8Array, format: ExpositionFormat): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; ) {
    let end = bytes.length;
    if (format !== 'protobuf' && start + STRETCH_BYTES < bytes.length) {
      const newline = bytes.indexOf(NEWLINE, start + STRETCH_BYTES);
      if (newline >= 0) end = newline + 1;
    }
    yield bytes.subarray(start, end);
    start = end;
  }
}

/** Enters families into a table as a parser would: the rows of one collection after another, series by their labels. */
export class FamilyFeed {
  readonly table: SeriesTable;
  private readonly index = new LabelsIndex();
  private readonly familyByName = new Map<string, number>();

  constructor(table: SeriesTable) {
    this.table = table;
  }

  add(families: readonly MetricFamily[], batch: Batch): void {
    for (const family of families) {
      const number = this.family(family);
      for (const sample of family.samples) {
        const series = this.index.enter(sample.labels);
        this.table.labels[series] = sample.labels;
        this.table.familyOf[series] = number;
        const row = batch.push(series, sample.t ?? Number.NaN, sample.v);
        if (sample.histogram !== undefined) batch.histograms.set(row, sample.histogram);
        if (sample.exemplar !== undefined) batch.exemplars.push({ row, exemplar: sample.exemplar });
      }
    }
  }

  private family({ name, type, help, unit }: MetricFamily): number {
    const known = this.familyByName.get(name);
    const { families } = this.table;
    if (known === undefined) {
      this.familyByName.set(name, families.length);
      return families.push({ name, type, help, unit }) - 1;
    }
    const now = families[known];
    if (now.type !== type || now.help !== help || now.unit !== unit)
      families[known] = { name, type, help, unit };
    return known;
  }
}
