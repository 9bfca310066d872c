/**
 * One data point of any kind, as both decoders give it: an object that is filled again for each, so that a request of
 * many points costs no objects. A field means something for the kinds that have it only.
 * The fields are those of opentelemetry/proto/metrics/v1/metrics.proto.
 */

/** Keys and the texts of values, side by side, in the order of the request. */
export class Attributes {
  readonly keys: string[] = [];
  readonly values: string[] = [];

  get length(): number {
    return this.keys.length;
  }

  clear(): void {
    this.keys.length = 0;
    this.values.length = 0;
  }

  add(key: string, value: string): void {
    this.keys.push(key);
    this.values.push(value);
  }

  /** The value of the first of that key. */
  get(key: string): string | undefined {
    const i = this.keys.indexOf(key);
    return i < 0 ? undefined : this.values[i];
  }
}

/** Numbers whose count is not known beforehand. */
export class NumberList {
  values: Float64Array = new Float64Array(16);
  length = 0;

  clear(): void {
    this.length = 0;
  }

  push(value: number): void {
    if (this.length === this.values.length) {
      const grown = new Float64Array(this.length * 2);
      grown.set(this.values);
      this.values = grown;
    }
    this.values[this.length++] = value;
  }

  copy(): Float64Array {
    return this.values.slice(0, this.length);
  }
}

/** Consecutive buckets of an exponential histogram. */
export class ExponentialBuckets {
  offset = 0;
  readonly counts: NumberList = new NumberList();

  clear(): void {
    this.offset = 0;
    this.counts.clear();
  }
}

export interface PointExemplar {
  /** Milliseconds since the epoch. */
  t: number;
  /** Undefined where the request gives none. */
  v: number | undefined;
  /** Hexadecimal; '' for none. */
  traceId: string;
  spanId: string;
  attributes: Attributes;
}

const NOTHING = new Uint8Array(0);

export class DataPoint {
  /** Where the attributes stand in the request, if together: `keyStart` is -1 where they do not. */
  bytes: Uint8Array = NOTHING;
  keyStart = -1;
  keyEnd = -1;
  /** Milliseconds since the epoch. */
  t = 0;
  /** When what is counted began; 0 for unknown. */
  startT = 0;
  /** The flag "no recorded value". */
  isMissing = false;
  /** The value or, of a histogram or summary, the sum: one row of a column, as a NaN's bits matter. */
  readonly value: Float64Array = new Float64Array(1);
  /** Whether a histogram has a sum. */
  hasSum = false;
  count = 0;
  /** Of a histogram, not cumulative; one more than there are bounds. */
  readonly bucketCounts: NumberList = new NumberList();
  readonly bounds: NumberList = new NumberList();
  /** Of an exponential histogram. */
  scale = 0;
  zeroCount = 0;
  readonly positive: ExponentialBuckets = new ExponentialBuckets();
  readonly negative: ExponentialBuckets = new ExponentialBuckets();
  /** Of a summary, with `quantileValues` beside it. */
  readonly quantiles: NumberList = new NumberList();
  readonly quantileValues: NumberList = new NumberList();
  exemplars: PointExemplar[] = [];
  protected readonly pairs: Attributes = new Attributes();

  /** They may be read when asked for only. */
  get attributes(): Attributes {
    return this.pairs;
  }

  clear(): void {
    this.pairs.clear();
    this.keyStart = -1;
    this.keyEnd = -1;
    this.t = 0;
    this.startT = 0;
    this.isMissing = false;
    this.value[0] = 0;
    this.hasSum = false;
    this.count = 0;
    this.bucketCounts.clear();
    this.bounds.clear();
    this.scale = 0;
    this.zeroCount = 0;
    this.positive.clear();
    this.negative.clear();
    this.quantiles.clear();
    this.quantileValues.clear();
    if (this.exemplars.length > 0) this.exemplars = [];
  }
}
