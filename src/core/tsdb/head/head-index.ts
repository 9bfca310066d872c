/** The labels of a head's series as a LabelIndex, by row: what matchers are evaluated on. */
import { compareStrings } from '../../model/index.ts';
import { type LabelIndex, NO_POSTINGS } from '../index/index.ts';
import type { SeriesTable } from './series-table.ts';

export class HeadIndex implements LabelIndex {
  private readonly series: SeriesTable;

  constructor(series: SeriesTable) {
    this.series = series;
  }

  allPostings(): Uint32Array {
    return this.series.all();
  }

  /** A view, valid until the next change. */
  postings(name: string, value: string): Uint32Array {
    const { series } = this;
    const { sets } = series;
    const nameSymbol = sets.symbols.findText(name);
    const valueSymbol = nameSymbol < 0 ? -1 : sets.symbols.findText(value);
    const pair = valueSymbol < 0 ? -1 : sets.findPair(nameSymbol, valueSymbol);
    return pair < 0 ? NO_POSTINGS : series.rowsWith(pair);
  }

  postingsWhere(name: string, prefix: string, keep: (value: string) => boolean): Uint32Array[] {
    const { series } = this;
    const { sets } = series;
    const found: Uint32Array[] = [];
    // A label like `id` has a value for each series: those are one list, not a million.
    const single: number[] = [];
    this.eachPair(name, (pair) => {
      const value = sets.symbols.text(sets.values[pair]);
      if (!value.startsWith(prefix) || !keep(value)) return;
      const rows = series.rowsWith(pair);
      if (rows.length === 1) single.push(rows[0]);
      else found.push(rows);
    });
    if (single.length > 0) found.push(Uint32Array.from(single).sort());
    return found;
  }

  labelNames(): string[] {
    const { series } = this;
    const { sets } = series;
    const names: string[] = [];
    for (const symbol of sets.nameSymbols()) {
      let inUse = false;
      sets.eachPairOf(symbol, (pair) => {
        inUse ||= series.isInUse(pair);
      });
      if (inUse) names.push(sets.symbols.text(symbol));
    }
    return names.sort(compareStrings);
  }

  labelValues(name: string): string[] {
    const { sets } = this.series;
    const values: string[] = [];
    this.eachPair(name, (pair) => values.push(sets.symbols.text(sets.values[pair])));
    return values.sort(compareStrings);
  }

  labelNamesOf(rows: Uint32Array): Set<string> {
    const { series } = this;
    const { sets } = series;
    const found = new Set<number>();
    for (const row of rows) {
      const place = series.labelsOf(row);
      const piece = sets.piece(place);
      const at = sets.offset(place);
      for (let i = 1; i <= piece[at]; i++) found.add(sets.names[piece[at + i]]);
    }
    return new Set([...found].map((symbol) => sets.symbols.text(symbol)));
  }

  labelValuesOf(rows: Uint32Array, name: string): Set<string> {
    const { series } = this;
    const { sets } = series;
    const symbol = sets.symbols.findText(name);
    const found = new Set<number>();
    for (const row of rows) found.add(sets.valueOf(series.labelsOf(row), symbol));
    found.delete(-1);
    return new Set([...found].map((value) => sets.symbols.text(value)));
  }

  valueCount(name: string): number {
    const { sets } = this.series;
    return sets.pairsOf(sets.symbols.findText(name));
  }

  filter(rows: Uint32Array, name: string, keep: (value: string) => boolean): Uint32Array {
    const { series } = this;
    const { sets } = series;
    const symbol = sets.symbols.findText(name);
    const answers = new Map<number, boolean>();
    return rows.filter((row) => {
      const value = sets.valueOf(series.labelsOf(row), symbol);
      let answer = answers.get(value);
      if (answer === undefined) {
        answer = keep(value < 0 ? '' : sets.symbols.text(value));
        answers.set(value, answer);
      }
      return answer;
    });
  }

  /** Calls `each` with the pairs of a name that any series has. */
  private eachPair(name: string, each: (pair: number) => void): void {
    const { series } = this;
    const { sets } = series;
    const symbol = sets.symbols.findText(name);
    if (symbol < 0) return;
    sets.eachPairOf(symbol, (pair) => {
      if (series.isInUse(pair)) each(pair);
    });
  }
}
