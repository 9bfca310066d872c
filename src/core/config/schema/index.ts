/** The parts that sections of the configuration are described with. */
export { list, mapOf, optional } from './collections.ts';
export * from './scalars.ts';
export { type Checked, field, type Inline, join, optionalField, type Part, Struct } from './struct.ts';
export type { Type } from './type.ts';
