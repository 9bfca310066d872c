export { type Cardinality, cardinality, cardinalityTable } from './cardinality.ts';
export { readFamilies } from './families.ts';
export type { LintFamily } from './family-set.ts';
export { type Finding, lint } from './rules.ts';
export { toText } from './to-text.ts';
