/** The tables of refs that appenders have given out, as long as there are these appenders. */
import type { Handles } from './handles.ts';
import type { SeriesTable } from './series-table.ts';

export class HandleTables {
  private tables: WeakRef<Handles>[] = [];
  /** Tables, some of which may be gone, that are looked through when there are twice as many. */
  private kept = 64;

  add(handles: Handles): void {
    if (this.tables.length >= this.kept * 2) this.sweep();
    this.tables.push(new WeakRef(handles));
  }

  /** The series of the rows `gone`, which are marked in `isGone`, are about to go. */
  keepLabels(series: SeriesTable, gone: readonly number[], isGone: Uint8Array): void {
    this.sweep();
    for (const table of this.tables) table.deref()?.keepLabels(series, gone, isGone);
  }

  private sweep(): void {
    this.tables = this.tables.filter((table) => table.deref() !== undefined);
    this.kept = Math.max(64, this.tables.length);
  }
}
