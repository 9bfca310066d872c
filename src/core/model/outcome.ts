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
} as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];
