/** Counts what a rewrite would change of samples that are in no block yet, or anywhere else. */
import { SampleColumns } from '../../model/index.ts';
import { countJoined, RenamedSeries, type StoredSeriesSet } from '../block/index.ts';
import { fateOf, noRewrites, type RewriteCounts, type RewriteRules } from './rules.ts';

const STEP = 1024;

/** In steps of some milliseconds. */
export function* countRewrites(set: StoredSeriesSet, rules: RewriteRules): Generator<void, RewriteCounts> {
  const counts = noRewrites();
  counts.series = set.length;
  const columns = new SampleColumns();
  const kept = new RenamedSeries([set], (labels) => fateOf(labels, rules).labels);
  for (let series = 0; series < set.length; series++) {
    if (series % STEP === STEP - 1) yield;
    const labels = set.labels(series);
    const fate = fateOf(labels, rules);
    let isLeft = fate.labels !== null;
    if (!isLeft || fate.isDeleted) {
      columns.clear();
      set.read(series, columns);
      const rest = isLeft ? outside(columns, rules.deletion!) : 0;
      counts.samples += columns.length - rest;
      isLeft = isLeft && rest > 0;
    }
    if (!isLeft) {
      counts.dropped++;
      continue;
    }
    if (fate.labels !== labels) counts.renamed++;
    kept.add(fate.labels!, 0, series);
  }
  if (counts.renamed > 0) counts.joined = yield* countJoined(kept);
  return counts;
}

function outside({ t, length }: SampleColumns, { mint, maxt }: { mint: number; maxt: number }): number {
  let count = 0;
  for (let row = 0; row < length; row++) if (t[row] < mint || t[row] > maxt) count++;
  return count;
}
