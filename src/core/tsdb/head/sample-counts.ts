/** What became of the samples that were given to a head since it was opened. */
import { Outcome } from '../../model/outcome.ts';

export class SampleCounts {
  /** Committed. */
  appended = 0;
  /** Of these, the ones that came out of order. */
  appendedLate = 0;
  /** Refused: older than the series' newest one, or another value for the same time. */
  outOfOrder = 0;
  /** Refused: older than what the head takes, with no window for samples out of order, and with one. */
  outOfBounds = 0;
  tooOld = 0;

  refuse(outcome: Outcome, window: number): void {
    if (outcome === Outcome.outOfOrder) this.outOfOrder++;
    else if (outcome === Outcome.tooFarAhead) this.outOfBounds++;
    else if (outcome === Outcome.tooOld) {
      if (window > 0) this.tooOld++;
      else this.outOfBounds++;
    }
  }
}
