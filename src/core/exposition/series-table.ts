/**
 * The series of one target or one input stream, numbered from 0 in order of appearance, and the families they
 * belong to. The parsers' known-series path is a lookup of a series' raw bytes here.
 */
import type { Labels } from '../model/labels.ts';
import type { Metadata } from '../model/metadata.ts';

/** What `# TYPE`, `# HELP` and `# UNIT` said of a family. */
export interface Family extends Metadata {
  name: string;
}

export class SeriesTable {
  /** Labels of each series as exposed (before relabelling), including `__name__`. */
  readonly labels: Labels[] = [];
  /** Index into `families` of each series, or -1 where no metadata preceded it. */
  readonly familyOf: number[] = [];
  /** Families in order of appearance; an entry is replaced, not changed, when its metadata changes. */
  readonly families: Family[] = [];

  get size(): number {
    return this.labels.length;
  }
}
