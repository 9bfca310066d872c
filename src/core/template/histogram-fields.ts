/** What templates read of a native histogram: `$value.Count`, as far as the fields of upstream's type are numbers. */
import type { Histogram } from '../model/histogram.ts';
import { GoInt, type GoValue } from './value.ts';

/** The field of that name, or undefined where there is none. */
export function histogramField(h: Histogram, name: string): { value: GoValue } | undefined {
  switch (name) {
    case 'Count':
      return { value: h.count };
    case 'Sum':
      return { value: h.sum };
    case 'ZeroCount':
      return { value: h.zeroCount };
    case 'ZeroThreshold':
      return { value: h.zeroThreshold };
    case 'Schema':
      return { value: new GoInt(h.schema, 'int32') };
    default:
      return undefined;
  }
}
