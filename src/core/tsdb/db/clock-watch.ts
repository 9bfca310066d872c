/**
 * The time that old samples are judged by. A clock that was set ahead by mistake would make all samples old in a
 * moment, and what is removed then does not come back when the clock does: so such a step counts only when it has
 * lasted. A step back counts at once, since it only keeps more.
 */
import type { Clock } from '../../clock.ts';

const HOUR = 60 * 60 * 1000;
/** Smaller steps ahead are not looked at, and larger ones when they have lasted so long, ms. */
const STEP_MS = HOUR;
const LASTING_MS = 24 * HOUR;

export class ClockWatch {
  private readonly clock: Clock;
  /** How far the clock that can be set is ahead of the one that cannot, as far as that is believed. */
  private offset: number;
  /** Since when it has been further ahead, by the latter. */
  private aheadSince: number | undefined = undefined;

  constructor(clock: Clock) {
    this.clock = clock;
    this.offset = clock.now() - clock.monotonic();
  }

  /** Milliseconds since the epoch. To be asked every few minutes. */
  now(): number {
    const monotonic = this.clock.monotonic();
    const offset = this.clock.now() - monotonic;
    if (offset - this.offset < STEP_MS) {
      this.offset = offset;
      this.aheadSince = undefined;
    } else {
      this.aheadSince ??= monotonic;
      if (monotonic - this.aheadSince >= LASTING_MS) this.offset = offset;
    }
    return monotonic + this.offset;
  }
}
