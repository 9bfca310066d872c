/** What can be read of several places of which some are damaged: the faults are told, and the rest is read without. */
import { sep } from 'node:path';
import { CorruptionError } from '../../errors.ts';
import { mergingSeriesSets, type StoredSeriesSet } from './series-set.ts';
import { runSteps } from './steps.ts';

/** Throws what it is told where nothing is to be read without what is damaged. */
export type OnDamage = (error: CorruptionError) => void;

/** The series of one block, or of the head, all of whose files are below `dir`. */
export interface PlacedSet {
  dir: string;
  set: StoredSeriesSet;
}

/** What `ask` says of each place, in its steps; those that are too damaged to say are left out. */
export function* askingEach<P, T>(
  places: readonly P[],
  ask: (place: P) => Generator<void, T>,
  onDamage: OnDamage,
): Generator<void, T[]> {
  const out: T[] = [];
  for (const place of places) {
    try {
      out.push(yield* ask(place));
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      onDamage(error);
    }
  }
  return out;
}

/** All series, as mergeSeriesSets, without damaged samples, and without places of which the labels cannot be read. */
export function mergeReadable(selections: readonly PlacedSet[], onDamage: OnDamage): StoredSeriesSet {
  return runSteps(mergingReadable(selections, onDamage));
}

/** The same in steps, as mergingSeriesSets. */
export function* mergingReadable(
  selections: readonly PlacedSet[],
  onDamage: OnDamage,
): Generator<void, StoredSeriesSet> {
  const left = selections.map(({ dir, set }) => ({ dir, set: withoutDamaged(set, onDamage) }));
  for (;;) {
    try {
      return yield* mergingSeriesSets(left.map(({ set }) => set));
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      const damaged = left.findIndex(({ dir }) => error.place.file?.startsWith(dir + sep));
      if (damaged < 0) throw error;
      onDamage(error);
      left.splice(damaged, 1);
    }
  }
}

/** A set that reports damaged samples and goes on without them. */
function withoutDamaged(set: StoredSeriesSet, onDamage: OnDamage): StoredSeriesSet {
  return {
    length: set.length,
    labels: (i) => set.labels(i),
    read: (i, out) => {
      const before = out.length;
      try {
        set.read(i, out);
      } catch (error) {
        if (!(error instanceof CorruptionError)) throw error;
        out.length = before;
        onDamage(error);
      }
    },
  };
}
