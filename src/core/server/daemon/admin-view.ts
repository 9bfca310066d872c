/** What `/api/v1/admin/tsdb/…` does to the database. */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { Database } from '../../tsdb/db/index.ts';
import type { AdminView } from '../views.ts';

export function adminView(db: Database, clock: Clock): AdminView {
  return {
    deleteSeries: (matchers, mint, maxt) => db.delete(matchers, mint, maxt),
    cleanTombstones: () => db.cleanTombstones(),
    snapshot: async (withHead) => {
      const name = snapshotName(clock.now());
      const all = join(db.dir, 'snapshots');
      mkdirSync(all, { recursive: true });
      await db.snapshot(join(all, name), { skipHead: !withHead });
      return name;
    },
  };
}

/** `20261120T121500Z-1a2b3c4d5e6f7081`, as Prometheus names them. */
function snapshotName(now: number): string {
  const time = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  return `${time}-${randomBytes(8).toString('hex')}`;
}
