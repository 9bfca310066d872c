/** What became of an appended sample; anything but `ok` leaves the store as it was. */
export const Outcome = {
  ok: 0,
  /** Same series, time and value: dropped without harm. */
  duplicate: 1,
  /** Same series and time, another value. */
  conflict: 2,
  outOfOrder: 3,
  /** Older than what the store still takes. */
  tooOld: 4,
  /** Further ahead of the clock than Prometheus takes from a scrape (10 minutes). */
  tooFarAhead: 5,
  /** An exemplar whose labels have more characters than OpenMetrics allows. */
  tooLong: 6,
} as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

/** Why a sample was refused, in upstream's words. */
export function outcomeText(outcome: Outcome, t: number): string {
  switch (outcome) {
    case Outcome.conflict:
      return `duplicate sample for timestamp ${t}; overrides not allowed`;
    case Outcome.outOfOrder:
      return 'out of order sample';
    case Outcome.tooFarAhead:
      return 'out of bounds: timestamp is too far in the future';
    default:
      return 'out of bounds';
  }
}
