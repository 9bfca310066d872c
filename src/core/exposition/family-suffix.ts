/** Which sample names belong to a family: its own, and those with the suffixes of its type. */
import type { MetricType } from '../model/metadata.ts';
import type { Family } from './family.ts';

/** What samples can have behind their family's name, beside nothing. */
export const SUFFIXES: Readonly<Record<MetricType, readonly string[]>> = {
  counter: ['_total', '_created'],
  gauge: [],
  histogram: ['_bucket', '_count', '_sum', '_created'],
  gaugehistogram: ['_bucket', '_gcount', '_gsum'],
  summary: ['_count', '_sum', '_created'],
  info: ['_info'],
  stateset: [],
  unknown: [],
};

export function isOfFamily(sample: string, family: Family): boolean {
  const { name } = family;
  if (sample.length === name.length) return sample === name;
  if (!sample.startsWith(name)) return false;
  for (const suffix of SUFFIXES[family.type]) {
    if (sample.length === name.length + suffix.length && sample.endsWith(suffix)) return true;
  }
  return false;
}

/** The names that the family of `sample` can have, the longest first. */
export function familyNames(sample: string): string[] {
  const underscore = sample.lastIndexOf('_');
  return underscore > 0 ? [sample, sample.slice(0, underscore)] : [sample];
}

/** The names of samples that a family of this name and type can have. */
export function sampleNames(family: Family): string[] {
  return [family.name, ...SUFFIXES[family.type].map((suffix) => family.name + suffix)];
}
