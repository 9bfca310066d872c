/** What the writer of a log counts, for metrics. */
import { RecentValues } from '../../instrument/index.ts';

export class LogStats {
  /** Pages that were filled. */
  pages = 0;
  /** Writes to the kernel. */
  writes = 0;
  /** Fragments of records, and their bytes with headers. */
  parts = 0;
  partBytes = 0;
  /** What compression spared. */
  savedBytes = 0;
  /** How long syncs to the disk took, seconds. */
  readonly syncs = new RecentValues();

  synced(began: number): void {
    const now = performance.now();
    this.syncs.observe((now - began) / 1000, now);
  }
}
