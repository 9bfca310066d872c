/** Guesses at a misspelt name among many. */
import { editDistance, guessLimit } from './edit-distance.ts';

const MOST_GUESSES = 3;

/** The names most like `name`, best first: a few letters wrong, or `name` as a part of them; none where none is near. */
export function nearestName(name: string, names: readonly string[]): string[] {
  const lower = name.toLowerCase();
  const limit = guessLimit(name);
  const guesses: { candidate: string; distance: number }[] = [];
  for (const candidate of names) {
    let distance = editDistance(lower, candidate.toLowerCase(), limit);
    // A name that was left unfinished, or whose beginning was forgotten.
    if (distance >= limit && name.length >= 3 && candidate.toLowerCase().includes(lower))
      distance = limit + candidate.length - name.length;
    else if (distance >= limit) continue;
    guesses.push({ candidate, distance });
  }
  guesses.sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  const best = guesses[0]?.distance ?? 0;
  // A guess that is much worse than the best one only distracts.
  return guesses
    .slice(0, MOST_GUESSES)
    .filter(({ distance }) => distance <= best + 2 || best >= limit)
    .map(({ candidate }) => candidate);
}
