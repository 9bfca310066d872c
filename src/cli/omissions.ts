/** What an output format could not carry, in words: nothing may get lost unnoticed. */
import type { Omitted } from '../core/exposition/writer.ts';
import { plural } from './plural.ts';

/** `3 native histograms`, and so on; empty where nothing was left out. */
export function omissions(omitted: Omitted): string[] {
  const kinds: [number, string][] = [
    [omitted.histograms, 'native histogram'],
    [omitted.staleMarkers, 'stale marker'],
    [omitted.exemplars, 'exemplar'],
    [omitted.startTimestamps, 'start timestamp'],
    [omitted.nameless, 'nameless sample'],
  ];
  return kinds.filter(([count]) => count > 0).map(([count, what]) => plural(count, what));
}
