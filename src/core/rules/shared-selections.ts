/**
 * Rules of one file select the same series again and again. What several of them select is looked up once and decoded
 * once, for as long as the times are the same.
 */
import { InputError } from '../errors.ts';
import type { SampleColumns } from '../model/columns.ts';
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { Expr } from '../promql/parser/index.ts';
import type { SelectHints, SeriesSet, Source } from '../source/source.ts';
import { selectorsOf } from './dependencies.ts';
import { type PlacedRule, reachOf } from './order.ts';
import { PackedSamples } from './packed-samples.ts';
import { type Prefetched, prefetch } from './prefetch.ts';
import { SourceOver } from './source-over.ts';

/** Samples that are kept decoded, 16 bytes each. */
const MOST_SAMPLES = 4_000_000;
/** Fewer selections than these are looked up one by one. */
const LEAST_PREFETCHED = 4;
/** Rules that look further back than this are left to look for themselves, ms. */
const LONGEST_REACH = 2 * 3_600_000;

export class SharedSelections extends SourceOver {
  /** How many rules select by these matchers. */
  private readonly uses = new Map<string, number>();
  private readonly sets = new Map<string, Promise<SharedSet>>();
  private readonly budget = { left: MOST_SAMPLES };
  /** Metrics that rules select by name, and how far back they look, ms. */
  private readonly names = new Set<string>();
  private reachMs = 0;
  private tooMuch = false;
  private prefetched: Prefetched | undefined = undefined;

  constructor(base: Source, rules: readonly PlacedRule[], lookbackMs: number) {
    super(base);
    for (const { config } of rules) {
      this.note(config.parsed, lookbackMs);
      for (const key of new Set(selectorsOf(config.parsed).map(({ matchers }) => keyOf(matchers)))) {
        this.uses.set(key, (this.uses.get(key) ?? 0) + 1);
      }
    }
  }

  /**
   * Reads what most rules need at times from `from` to `to` (ms). False where that is too much; then nothing is read
   * ahead any more, unless the caller tries shorter times (`again`).
   */
  async begin(from: number, to: number, again = false): Promise<boolean> {
    if (this.names.size === 0 || this.uses.size < LEAST_PREFETCHED) return true;
    if (this.tooMuch && !again) return false;
    const names = [...this.names];
    try {
      this.prefetched = await prefetch(this.base, names, from - this.reachMs, to, MOST_SAMPLES);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      // Whether that is a fault of what a rule needs will be seen when it asks for it.
    }
    this.tooMuch = this.prefetched === undefined;
    return !this.tooMuch;
  }

  override select(matchers: readonly Matcher[], hints: SelectHints): Promise<SeriesSet> {
    const here = this.prefetched?.select(matchers, hints);
    if (here !== undefined) return Promise.resolve(here);
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
    this.prefetched = undefined;
    this.budget.left = MOST_SAMPLES;
  }

  private note(expr: Expr, lookbackMs: number): void {
    const reachMs = reachOf(expr, lookbackMs);
    if (reachMs > LONGEST_REACH) return;
    this.reachMs = Math.max(this.reachMs, reachMs);
    for (const { matchers } of selectorsOf(expr)) {
      const name = matchers.find((matcher) => matcher.type === '=' && matcher.name === METRIC_NAME);
      if (name !== undefined && name.value !== '') this.names.add(name.value);
    }
  }
}

function keyOf(matchers: readonly Matcher[]): string {
  return matchers.join();
}

class SharedSet implements SeriesSet {
  private readonly inner: SeriesSet;
  private readonly budget: { left: number };
  private readonly kept = new PackedSamples();
  /** The number of each series among those kept, plus 1; 0 where it was not read, or is not kept. */
  private readonly numbers: Uint32Array;
  private readonly names: (Labels | undefined)[] = [];

  constructor(inner: SeriesSet, budget: { left: number }) {
    this.inner = inner;
    this.budget = budget;
    this.numbers = new Uint32Array(inner.length);
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
    if (this.numbers[i] === 0 && !this.keep(i)) {
      this.inner.read(i, out);
      return;
    }
    this.kept.copy(this.numbers[i] - 1, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, out);
  }

  private keep(i: number): boolean {
    const { kept, budget } = this;
    const before = kept.rows;
    if (budget.left <= 0 || !kept.add(this.inner, i)) return false;
    budget.left -= kept.rows - before;
    this.numbers[i] = kept.count;
    return true;
  }
}
