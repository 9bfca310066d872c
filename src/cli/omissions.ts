/** What an output format could not carry, in words: nothing may get lost unnoticed. */
import type { Omitted } from '../core/exposition/writer.ts';

/** `3 native histograms`, and so on; empty where nothing was left out. */
export function omissions(omitted: Omitted): string[] {
  const kinds: [number, string][] = [
    [omitted.histograms, 'native histograms'],
    [omitted.staleMarkers, 'stale markers'],
    [omitted.exemplars, 'exemplars'],
    [omitted.startTimestamps, 'start timestamps'],
    [omitted.nameless, 'samples of series without a name'],
  ];
  return kinds.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
}
