/** Finds the families of a SeriesTable by name, and keeps them up to date. */
import type { MetricType } from '../model/metadata.ts';
import type { SeriesTable } from './series-table.ts';

export class FamilyIndex {
  private readonly table: SeriesTable;
  private readonly byName = new Map<string, number>();

  constructor(table: SeriesTable) {
    this.table = table;
    for (let i = 0; i < table.families.length; i++) this.byName.set(table.families[i].name, i);
  }

  /** The index of family `name`, which is new, or replaced where what is said of it has changed. */
  declare(name: string, type: MetricType, help: string, unit: string): number {
    const families = this.table.families;
    const index = this.byName.get(name);
    if (index === undefined) {
      this.byName.set(name, families.length);
      return families.push({ name, type, help, unit }) - 1;
    }
    const known = families[index];
    if (known.type !== type || known.help !== help || known.unit !== unit) {
      families[index] = { name, type, help, unit };
    }
    return index;
  }
}
