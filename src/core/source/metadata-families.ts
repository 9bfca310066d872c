/** Metadata that storage keeps by series' names, by the names of their families. */
import { SUFFIXES } from '../exposition/family-suffix.ts';
import { type Metadata, sameMetadata } from '../model/metadata.ts';

/** What `# TYPE` calls the family; of a counter, its samples' own name, which the text format has. */
export function familyName(sample: string, { type }: Metadata): string {
  if (type === 'counter') return sample;
  const suffix = SUFFIXES[type].find((s) => sample.endsWith(s));
  return suffix === undefined ? sample : sample.slice(0, -suffix.length);
}

/** `x_bucket`, `x_sum` and `x_count` of a histogram become `x`; what several say alike is said once. */
export function metadataByFamily(byName: ReadonlyMap<string, readonly Metadata[]>): Map<string, Metadata[]> {
  const byFamily = new Map<string, Metadata[]>();
  for (const [name, entries] of byName) {
    for (const entry of entries) {
      const family = familyName(name, entry);
      const known = byFamily.get(family);
      if (known === undefined) byFamily.set(family, [entry]);
      else if (!known.some((other) => sameMetadata(other, entry))) known.push(entry);
    }
  }
  return byFamily;
}
