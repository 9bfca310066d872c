/**
 * A steady clock for repeated scrapes: ticks lie a whole number of intervals after the first and never drift, one
 * that passes while a scrape still runs is skipped (a little late is not too late), and scrapes on time get the tick's own time, because regular
 * timestamps compress better (Prometheus does the same).
 */
import type { Clock } from '../clock.ts';

/** How late a scrape may start and still get its tick's time: as in Prometheus. */
const TOLERANCE_MS = 2;
const TOLERANCE_SHARE = 0.01;
/** A tick is made up for, and not skipped, while no more than this share of the interval has passed since. */
const LATE_SHARE = 0.1;

export interface Tick {
  /** When it was due; ms. */
  due: number;
  /** Ticks that passed since the last one without a scrape. */
  skipped: number;
}

export class Schedule {
  private readonly clock: Clock;
  private readonly intervalMs: number;
  private readonly toleranceMs: number;
  private first: number;
  /** Number of the next tick, counted from `first`. */
  private next = 0;

  /**
   * With `align` ticks lie `offsetMs` after whole multiples of the interval since the epoch; else the first is now.
   */
  constructor(clock: Clock, intervalMs: number, align: boolean, offsetMs = 0) {
    this.clock = clock;
    this.intervalMs = intervalMs;
    this.toleranceMs = Math.min(TOLERANCE_MS, intervalMs * TOLERANCE_SHARE);
    const now = clock.now();
    this.first = align ? Math.ceil((now - offsetMs) / intervalMs) * intervalMs + offsetMs : now;
  }

  /** Waits for the next tick. Rejects with the signal's reason when that aborts. */
  async tick(signal?: AbortSignal): Promise<Tick> {
    const { clock, intervalMs } = this;
    const due = () => this.first + this.next * intervalMs;
    let skipped = 0;
    const late = clock.now() - due();
    if (this.next > 0 && late > intervalMs * LATE_SHARE) {
      skipped = Math.ceil(late / intervalMs);
      this.next += skipped;
    }
    for (;;) {
      const wait = due() - clock.now();
      if (wait <= 0) break;
      // Somebody set the clock back: count from the new time rather than stand still.
      if (wait > 2 * intervalMs) this.first += clock.now() - due();
      else await clock.sleep(wait, signal);
    }
    const tick = { due: Math.round(due()), skipped };
    this.next++;
    return tick;
  }

  /** The time for the samples of a scrape that starts now, ms: the tick's own, or the true one where that is late. */
  timeOf({ due }: Tick): number {
    const now = this.clock.now();
    return Math.abs(now - due) <= this.toleranceMs ? due : now;
  }
}
