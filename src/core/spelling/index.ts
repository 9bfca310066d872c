/** Guesses at what was meant by a misspelt word. */
export { editDistance, guessLimit } from './edit-distance.ts';
export { nearestName } from './nearest-name.ts';
