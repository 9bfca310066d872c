/** What distinguishes `rate`, `increase`, `delta` and their instant forms. */
export interface RateKind {
  /** Correct for counter resets. */
  isCounter: boolean;
  /** Divide by the window. */
  perSecond: boolean;
}
