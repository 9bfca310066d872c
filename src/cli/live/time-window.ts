/** The stretch of time that a live view shows: it follows the clock, or stands still. */

export interface TimeWindow {
  /** Milliseconds. */
  spanMs: number;
  /** Milliseconds since the epoch, or null to follow the clock. */
  end: number | null;
}

/** Spans that zooming goes through. */
const SPANS_MS: readonly number[] = [
  ...[1, 5, 10, 15, 30].map((minutes) => minutes * 60_000),
  ...[1, 2, 3, 6, 12].map((hours) => hours * 3_600_000),
  ...[1, 2, 4, 7, 14, 30, 90, 365].map((days) => days * 86_400_000),
];

/** A part of the span; more would lose what was in view. */
const PAN = 0.5;

export function zoomed(window: TimeWindow, direction: 'in' | 'out', now: number): TimeWindow {
  const { spanMs } = window;
  const next =
    direction === 'in' ? SPANS_MS.findLast((span) => span < spanMs) : SPANS_MS.find((span) => span > spanMs);
  if (next === undefined) return window;
  if (window.end === null) return { spanMs: next, end: null };
  // Around the middle, as far as there is a future to show.
  const end = window.end - spanMs / 2 + next / 2;
  return end >= now ? { spanMs: next, end: null } : { spanMs: next, end: Math.round(end) };
}

export function panned({ spanMs, end }: TimeWindow, direction: -1 | 1, now: number): TimeWindow {
  const moved = (end ?? now) + direction * spanMs * PAN;
  return { spanMs, end: moved >= now ? null : Math.round(moved) };
}

export function rangeOf({ spanMs, end }: TimeWindow, now: number): { start: number; end: number } {
  const to = end ?? now;
  return { start: to - spanMs, end: to };
}

/** Whole seconds, as many as it takes to give a graph of `columns` characters about a point for each. */
export function stepFor(spanMs: number, columns: number): number {
  return Math.max(1, Math.ceil(spanMs / 1000 / Math.max(10, columns))) * 1000;
}
