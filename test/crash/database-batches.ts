/** What the killed process and the test that kills it agree on. */

/** Series that each batch has a sample of. */
export const BATCH_SERIES = 40;
/** How much too late the samples of the series `late` are. */
export const LATE_MS = 90_000;
/** After so many batches some samples of the series `deleted` are deleted. */
export const DELETE_EVERY = 37;

/** The stretch that is deleted after a batch, ms, both ends included. */
export function deletedRange(batch: number, base: number): [mint: number, maxt: number] {
  return [base + (batch - 30) * 1000, base + (batch - 20) * 1000];
}
