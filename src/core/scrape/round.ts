/**
 * Scrapes many targets, so many at a time: once, with results in the order of the targets, or again and again, each
 * target on its own schedule and never twice at a time.
 */
import type { Clock } from '../clock.ts';
import { Schedule } from './schedule.ts';
import type { ScrapeResult, Scraper } from './scraper.ts';

export interface RoundOptions {
  clock: Clock;
  /** Scrapes under way at a time. */
  concurrency: number;
  signal?: AbortSignal | undefined;
}

export interface RepeatOptions extends RoundOptions {
  intervalMs: number;
  /** Scrapes per target; Infinity until the signal aborts. */
  count: number;
  /** Tick on whole multiples of the interval. */
  align: boolean;
}

/** A result is valid until `result` returns. What these throw ends everything. */
export interface ScrapeListener {
  result(result: ScrapeResult): void;
  /** So many ticks passed while a scrape of the target was still running. */
  skipped?(scraper: Scraper, ticks: number): void;
}

/** Scrapes each target once, and delivers the results in the order of the targets. */
export async function scrapeOnce(
  scrapers: readonly Scraper[],
  options: RoundOptions,
  listener: ScrapeListener,
): Promise<void> {
  const slots = new Slots(options.concurrency);
  const finished: (ScrapeResult | undefined)[] = new Array(scrapers.length).fill(undefined);
  let delivered = 0;
  await allOrNone(options.signal, scrapers, async (scraper, i, signal) => {
    finished[i] = await slots.run(() => scraper.scrape(options.clock.now(), signal), signal);
    for (; delivered < finished.length && finished[delivered] !== undefined; delivered++) {
      listener.result(finished[delivered]!);
    }
  });
}

/** Scrapes each target `count` times. Resolves after the last one, or rejects with the signal's reason. */
export async function scrapeRepeatedly(
  scrapers: readonly Scraper[],
  options: RepeatOptions,
  listener: ScrapeListener,
): Promise<void> {
  const slots = new Slots(options.concurrency);
  await allOrNone(options.signal, scrapers, async (scraper, _i, signal) => {
    const schedule = new Schedule(options.clock, options.intervalMs, options.align);
    for (let done = 0; done < options.count; done++) {
      const tick = await schedule.tick(signal);
      if (tick.skipped > 0) listener.skipped?.(scraper, tick.skipped);
      listener.result(await slots.run(() => scraper.scrape(schedule.timeOf(tick), signal), signal));
    }
  });
}

/** Runs `work` for every item at once; the first that fails aborts the others. */
async function allOrNone<T>(
  outer: AbortSignal | undefined,
  items: readonly T[],
  work: (item: T, i: number, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const abort = new AbortController();
  const onAbort = () => abort.abort(outer!.reason);
  if (outer?.aborted) onAbort();
  outer?.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.all(items.map((item, i) => work(item, i, abort.signal)));
  } catch (error) {
    abort.abort(error);
    throw error;
  } finally {
    outer?.removeEventListener('abort', onAbort);
  }
}

/** At most so many at a time; the others wait their turn. */
class Slots {
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(count: number) {
    this.free = count;
  }

  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.free++;
      else next();
    }
  }
}
