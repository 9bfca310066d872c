export { collectGarbage, type Garbage, type GarbageOptions } from './garbage.ts';
