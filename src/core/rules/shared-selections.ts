/**
 * Rules of one file select the same series again and again. What several of them select is looked up once and decoded
 * once, for as long as the times are the same.
 */
import type { SampleColumns } from '../model/columns.ts';
import type { Histogram } from '../model/histogram.ts';
import type { Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { SampleRows } from '../source/memory.ts';
import type { SelectHints, SeriesSet, Source } from '../source/source.ts';
import { selectorsOf } from './dependencies.ts';
import type { PlacedRule } from './order.ts';
import { SourceOver } from './source-over.ts';

/** Samples that are kept decoded, 16 bytes each. */
const MOST_SAMPLES = 4_000_000;

export class SharedSelections extends SourceOver {
  /** How many rules select by these matchers. */
  private readonly uses = new Map<string, number>();
  private readonly sets = new Map<string, Promise<SharedSet>>();
  private readonly budget = { left: MOST_SAMPLES };

  constructor(base: Source, rules: readonly PlacedRule[]) {
    super(base);
    for (const { config } of rules) {
      for (const key of new Set(selectorsOf(config.parsed).map(({ matchers }) => keyOf(matchers)))) {
        this.uses.set(key, (this.uses.get(key) ?? 0) + 1);
      }
    }
  }

  override select(matchers: readonly Matcher[], hints: SelectHints): Promise<SeriesSet> {
    const key = keyOf(matchers);
    if ((this.uses.get(key) ?? 0) < 2 || hints.labelsOnly || hints.limit)
      return this.base.select(matchers, hints);
    const timed = `${hints.mint} ${hints.maxt} ${key}`;
    let set = this.sets.get(timed);
    if (set === undefined) {
      set = this.base.select(matchers, hints).then((found) => new SharedSet(found, this.budget));
      this.sets.set(timed, set);
      // The rule that asked hears of it.
      set.catch(() => this.sets.delete(timed));
    }
    return set;
  }

  /** The times change: nothing of what is kept will be asked for again. */
  forget(): void {
    this.sets.clear();
    this.budget.left = MOST_SAMPLES;
  }
}

function keyOf(matchers: readonly Matcher[]): string {
  return matchers.join();
}

class SharedSet implements SeriesSet {
  private readonly inner: SeriesSet;
  private readonly budget: { left: number };
  private readonly rows: (SampleRows | undefined)[] = [];
  private readonly names: (Labels | undefined)[] = [];

  constructor(inner: SeriesSet, budget: { left: number }) {
    this.inner = inner;
    this.budget = budget;
  }

  get length(): number {
    return this.inner.length;
  }

  labels(i: number): Labels {
    let labels = this.names[i];
    if (labels === undefined) this.names[i] = labels = this.inner.labels(i);
    return labels;
  }

  read(i: number, out: SampleColumns): void {
    const kept = this.rows[i];
    if (kept !== undefined) {
      copyRows(kept, out);
      return;
    }
    const from = out.length;
    this.inner.read(i, out);
    const length = out.length - from;
    // Start timestamps are rare, and not kept.
    if (this.budget.left < length || out.st !== null) return;
    this.budget.left -= length;
    this.rows[i] = {
      length,
      t: out.t.slice(from, out.length),
      v: out.v.slice(from, out.length),
      histograms: out.histograms === null ? null : out.histograms.slice(from, out.length),
    };
  }
}

function copyRows({ t, v, histograms, length }: SampleRows, out: SampleColumns): void {
  const base = out.length;
  out.reserve(base + length);
  out.t.set(t, base);
  out.v.set(v, base);
  if (histograms !== null && out.histograms === null) {
    out.histograms = new Array<Histogram | null>(base).fill(null);
  }
  if (out.histograms !== null) {
    for (let row = 0; row < length; row++) out.histograms[base + row] = histograms?.[row] ?? null;
  }
  out.length = base + length;
}
