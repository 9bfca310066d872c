/** Prometheus' features that concern scraping, for the commands that scrape or store what was scraped. */
import { Flags } from '@oclif/core';
import type { GlobalSwitch } from '../core/config/index.ts';
import { InputError } from '../core/errors.ts';
import { nearestName } from '../core/spelling/index.ts';

/** Series that say when they began get a zero at that time. */
export const CREATED_ZEROS = 'created-timestamp-zero-ingestion';

/** What features set in `global`, where the configuration says nothing of it. */
export const CONFIG_FEATURES: Readonly<Record<string, readonly GlobalSwitch[]>> = {
  'native-histograms': ['scrape_native_histograms'],
  'extra-scrape-metrics': ['extra_scrape_metrics'],
  [CREATED_ZEROS]: ['scrape_protocols'],
};

export function featureFlag(description: string, helpGroup?: string) {
  return Flags.string({
    description,
    helpValue: 'NAME,…',
    ...(helpGroup !== undefined && { helpGroup }),
    multiple: true,
    multipleNonGreedy: true,
  });
}

/** The names in `given`, of which each may be a list with commas. */
export function splitFeatures(given: readonly string[] | undefined): string[] {
  return (given ?? [])
    .flatMap((list) => list.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** As `splitFeatures`. Throws InputError for one that is not among `known`. */
export function featuresAmong(given: readonly string[] | undefined, known: readonly string[]): string[] {
  const names = splitFeatures(given);
  const odd = names.find((name) => !known.includes(name));
  if (odd === undefined) return names;
  const near = nearestName(odd, known);
  const hint = near.length === 0 ? `; there is ${known.join(', ')}` : `; did you mean ${near.join(' or ')}?`;
  throw new InputError('bad_feature', `--enable-feature: "${odd}" has no effect here${hint}`);
}

export function switchesOf(features: readonly string[]): GlobalSwitch[] {
  return features.flatMap((name) => CONFIG_FEATURES[name] ?? []);
}
