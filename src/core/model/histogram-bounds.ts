/**
 * Where the buckets of native histograms begin and end.
 * Specified in https://prometheus.io/docs/specs/native_histograms/
 *
 * In schema n each power of two is divided into 2^n buckets: bucket i of the positive side is
 * (2^((i-1)/2^n), 2^(i/2^n)]. The negative side mirrors it. Custom buckets are given by their upper bounds.
 */
import { CUSTOM_BUCKETS_SCHEMA, MAX_EXPONENTIAL_SCHEMA, MIN_EXPONENTIAL_SCHEMA } from './histogram.ts';

export function isCustomSchema(schema: number): boolean {
  return schema === CUSTOM_BUCKETS_SCHEMA;
}

export function isExponentialSchema(schema: number): boolean {
  return schema >= MIN_EXPONENTIAL_SCHEMA && schema <= MAX_EXPONENTIAL_SCHEMA;
}

/** Schemas that may arrive: those beyond the greatest one used are reduced to it (`reduceResolution`). */
export function isKnownSchema(schema: number): boolean {
  return isCustomSchema(schema) || (schema >= -9 && schema <= 52);
}

/**
 * Half of the growth factor 2^(2^-schema), for schemas from 1 on, with the rounding on which Prometheus and its
 * clients agree (the first is one bit below the nearest float). All other bounds follow from these.
 */
const HALF_FACTORS = [
  0.7071067811865475, 0.5946035575013605, 0.5452538663326288, 0.5221368912137069, 0.5109485743270583,
  0.5054446430258502, 0.5027149505564014, 0.5013556375251013,
];

/**
 * The fractions 2^(i/2^schema) / 2 for 0 <= i < 2^schema, per schema: each is that of the schema below where it
 * has one there, else the one before it times the growth factor.
 */
const fractions: Float64Array[] = [Float64Array.of(0.5)];

function fractionsOf(schema: number): Float64Array {
  for (let s = fractions.length; s <= schema; s++) {
    const below = fractions[s - 1];
    const table = new Float64Array(2 ** s);
    const factor = 2 * HALF_FACTORS[s - 1];
    for (let i = 0; i < table.length; i++) table[i] = i % 2 === 0 ? below[i / 2] : table[i - 1] * factor;
    fractions.push(table);
  }
  return fractions[schema];
}

/** The upper bound of bucket `index` on the positive side of an exponential schema. */
export function exponentialBound(index: number, schema: number): number {
  let fraction = 0.5;
  let exponent: number;
  if (schema < 0) {
    exponent = index * 2 ** -schema + 1;
  } else {
    const perOctave = 2 ** schema;
    const octave = Math.floor(index / perOctave);
    fraction = fractionsOf(schema)[index - octave * perOctave];
    exponent = octave + 1;
  }
  // The last bucket of finite numbers ends with them; the one after it holds the infinities.
  if (fraction === 0.5 && exponent === 1025) return Number.MAX_VALUE;
  return scaleByPower(fraction, exponent);
}

/** The upper bound of bucket `index` (the lower one of bucket `index + 1`) on the positive side. */
export function bucketBound(index: number, schema: number, customValues: Float64Array): number {
  if (!isCustomSchema(schema)) return exponentialBound(index, schema);
  if (index < 0) return Number.NEGATIVE_INFINITY;
  return index < customValues.length ? customValues[index] : Number.POSITIVE_INFINITY;
}

/** `fraction * 2^exponent`, rounded once. */
function scaleByPower(fraction: number, exponent: number): number {
  if (exponent > 1000) return fraction * 2 ** (exponent - 600) * 2 ** 600;
  // Below the normal range the last of the factors must do all the rounding.
  if (exponent < -1000) return fraction * 2 ** (exponent + 600) * 2 ** -600;
  return fraction * 2 ** exponent;
}
