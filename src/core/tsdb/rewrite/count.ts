/** Counts what a rewrite would change of samples that are in no block yet, or anywhere else. */
import { type Labels, SampleColumns } from '../../model/index.ts';
import type { StoredSeriesSet } from '../block/index.ts';
import { fateOf, noRewrites, type RewriteCounts, type RewriteRules } from './rules.ts';

const STEP = 1024;

/** In steps of some milliseconds. */
export function* countRewrites(set: StoredSeriesSet, rules: RewriteRules): Generator<void, RewriteCounts> {
  const counts = noRewrites();
  counts.series = set.length;
  const columns = new SampleColumns();
  const named = new Map<number, Labels[]>();
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
    if (isNew(named, fate.labels!)) continue;
    counts.joined++;
  }
  return counts;
}

/** Enters labels; false where they are known. */
function isNew(named: Map<number, Labels[]>, labels: Labels): boolean {
  const same = named.get(labels.hash());
  if (same === undefined) {
    named.set(labels.hash(), [labels]);
    return true;
  }
  if (same.some((other) => other.equals(labels))) return false;
  same.push(labels);
  return true;
}

function outside({ t, length }: SampleColumns, { mint, maxt }: { mint: number; maxt: number }): number {
  let count = 0;
  for (let row = 0; row < length; row++) if (t[row] < mint || t[row] > maxt) count++;
  return count;
}
