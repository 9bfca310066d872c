export * from './columns.ts';
export * from './exemplar.ts';
export * from './family.ts';
export * from './histogram.ts';
export * from './labels.ts';
export * from './matcher.ts';
export * from './metadata.ts';
export * from './value.ts';
