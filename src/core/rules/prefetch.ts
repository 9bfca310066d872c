/**
 * All series of some metrics over a stretch of time, read at once and kept decoded: what hundreds of rules select is
 * then found in memory, and a log is passed over once and not for each of them.
 */
import type { SampleColumns } from '../model/columns.ts';
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import { Matcher } from '../model/matcher.ts';
import type { SelectHints, SeriesSet, Source } from '../source/source.ts';
import { PackedSamples } from './packed-samples.ts';

const FIRST_SERIES = 99;
/** The first series are no good measure of all, but of this many times what is allowed they are. */
const SURELY_TOO_MANY = 1.5;

/**
 * Reads the metrics from `mint` to `maxt` (ms, inclusive); undefined where they have more than `mostSamples`, or
 * samples that have more to them than time and value.
 */
export async function prefetch(
  source: Source,
  names: readonly string[],
  mint: number,
  maxt: number,
  mostSamples: number,
): Promise<Prefetched | undefined> {
  const pattern = names.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|');
  const set = await source.select([new Matcher('=~', METRIC_NAME, pattern)], { mint, maxt });
  const samples = new PackedSamples();
  const labels: Labels[] = [];
  for (let i = 0; i < set.length; i++) {
    if (!samples.add(set, i) || samples.rows > mostSamples) return undefined;
    labels.push(set.labels(i));
    // By then it is known about how many there will be.
    if (i === FIRST_SERIES) {
      const expected = (samples.rows / (i + 1)) * set.length;
      if (expected > SURELY_TOO_MANY * mostSamples) return undefined;
      samples.reserve(Math.min(mostSamples, expected));
    }
  }
  return new Prefetched(names, labels, samples, mint, maxt);
}

export class Prefetched {
  private readonly mint: number;
  private readonly maxt: number;
  /** By number, which is their order. */
  private readonly labels: readonly Labels[];
  private readonly samples: PackedSamples;
  /** The numbers of the series of each metric, ascending, as all lists here. */
  private readonly byName = new Map<string, number[]>();
  /** By metric and label name: the series of each value. */
  private readonly byLabel = new Map<string, Map<string, number[]>>();

  constructor(
    names: readonly string[],
    labels: readonly Labels[],
    samples: PackedSamples,
    mint: number,
    maxt: number,
  ) {
    this.labels = labels;
    this.samples = samples;
    this.mint = mint;
    this.maxt = maxt;
    for (const name of names) this.byName.set(name, []);
    for (let i = 0; i < labels.length; i++) this.byName.get(labels[i].get(METRIC_NAME))!.push(i);
  }

  /** Undefined where more is asked for than is here. */
  select(matchers: readonly Matcher[], { mint, maxt, limit = 0 }: SelectHints): SeriesSet | undefined {
    const named = matchers.find((matcher) => matcher.type === '=' && matcher.name === METRIC_NAME);
    if (named === undefined || mint < this.mint || maxt > this.maxt || limit > 0) return undefined;
    const ofName = this.byName.get(named.value);
    if (ofName === undefined) return undefined;
    const equal = matchers.find(
      ({ type, name, value }) => type === '=' && name !== METRIC_NAME && value !== '',
    );
    const candidates =
      equal === undefined ? ofName : (this.valuesOf(named.value, equal.name).get(equal.value) ?? []);
    const others = matchers.filter((matcher) => matcher !== named && matcher !== equal);
    const found: number[] = [];
    for (let at = 0; at < candidates.length; at++) {
      const i = candidates[at];
      if (this.samples.overlaps(i, mint, maxt) && allMatch(others, this.labels[i])) found.push(i);
    }
    return new PrefetchedSet(this.labels, this.samples, found, mint, maxt);
  }

  private valuesOf(name: string, label: string): Map<string, number[]> {
    const key = `${name}\0${label}`;
    let values = this.byLabel.get(key);
    if (values !== undefined) return values;
    this.byLabel.set(key, (values = new Map()));
    for (const i of this.byName.get(name)!) {
      const value = this.labels[i].get(label);
      const known = values.get(value);
      if (known === undefined) values.set(value, [i]);
      else known.push(i);
    }
    return values;
  }
}

function allMatch(matchers: readonly Matcher[], labels: Labels): boolean {
  for (const matcher of matchers) if (!matcher.matches(labels.get(matcher.name))) return false;
  return true;
}

class PrefetchedSet implements SeriesSet {
  readonly length: number;
  private readonly all: readonly Labels[];
  private readonly samples: PackedSamples;
  private readonly found: readonly number[];
  private readonly mint: number;
  private readonly maxt: number;

  constructor(
    all: readonly Labels[],
    samples: PackedSamples,
    found: readonly number[],
    mint: number,
    maxt: number,
  ) {
    this.length = found.length;
    this.all = all;
    this.samples = samples;
    this.found = found;
    this.mint = mint;
    this.maxt = maxt;
  }

  labels(i: number): Labels {
    return this.all[this.found[i]];
  }

  read(i: number, out: SampleColumns): void {
    this.samples.copy(this.found[i], this.mint, this.maxt, out);
  }
}
