/** How well a text fits what somebody remembers of it: 0 not at all, up to 1. */
export type SearchScore = (term: string, text: string) => number;

/** The characters of the term in their order, with others between: the closer together, the better. */
function subsequence(term: string, text: string): number {
  let at = -1;
  let first = -1;
  for (const c of term) {
    at = text.indexOf(c, at + 1);
    if (at < 0) return 0;
    if (first < 0) first = at;
  }
  return term.length / (at - first + 1);
}

const PREFIX_WEIGHT = 0.1;
const MAX_PREFIX = 4;

/** Jaro's similarity, better where both begin alike (Winkler, 1990). */
function jaroWinkler(term: string, text: string): number {
  const reach = Math.max(0, Math.floor(Math.max(term.length, text.length) / 2) - 1);
  const taken = new Uint8Array(text.length);
  const matched: string[] = [];
  for (let i = 0; i < term.length; i++) {
    const to = Math.min(text.length, i + reach + 1);
    for (let k = Math.max(0, i - reach); k < to; k++) {
      if (taken[k] === 1 || text[k] !== term[i]) continue;
      taken[k] = 1;
      matched.push(term[i]);
      break;
    }
  }
  const n = matched.length;
  if (n === 0) return 0;
  let swapped = 0;
  let i = 0;
  for (let k = 0; k < text.length; k++) if (taken[k] === 1 && text[k] !== matched[i++]) swapped++;
  const jaro = (n / term.length + n / text.length + (n - swapped / 2) / n) / 3;
  let prefix = 0;
  while (prefix < MAX_PREFIX && prefix < term.length && term[prefix] === text[prefix]) prefix++;
  return jaro + prefix * PREFIX_WEIGHT * (1 - jaro);
}

export const SEARCH_SCORES: Readonly<Record<'subsequence' | 'jarowinkler', SearchScore>> = {
  subsequence,
  jarowinkler: jaroWinkler,
};
