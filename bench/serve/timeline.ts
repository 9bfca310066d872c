/** What happened when: measurements with their times, and what there is of them in some windows. */

export interface Window {
  /** ms since the epoch. */
  from: number;
  to: number;
}

export class Timeline {
  private readonly times: number[] = [];
  private readonly values: number[] = [];

  /** `t` in ms since the epoch. */
  add(t: number, value: number): void {
    this.times.push(t);
    this.values.push(value);
  }

  within(windows: readonly Window[]): number[] {
    return this.values.filter((_, i) =>
      windows.some(({ from, to }) => this.times[i] >= from && this.times[i] <= to),
    );
  }
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

/** In order, those that touch as one. */
export function joined(windows: readonly Window[]): Window[] {
  const out: Window[] = [];
  for (const { from, to } of [...windows].sort((a, b) => a.from - b.from)) {
    const last = out.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else out.push({ from, to });
  }
  return out;
}

/** The share of requests that are taken for punctual: those that came soonest after their interval began. */
const PUNCTUAL = 0.1;

/**
 * How late requests came, ms, each with when it came, by the times of one target's requests. They are due one interval
 * after another; when, tells the promptest tenth of them.
 */
export function lateness(arrivals: readonly number[], intervalMs: number): [t: number, late: number][] {
  const phases = arrivals.map((t) => {
    const since = t - arrivals[0];
    return since - Math.round(since / intervalMs) * intervalMs;
  });
  const due = quantile(phases, PUNCTUAL);
  return arrivals.map((t, i) => {
    const late = phases[i] - due;
    // Much too soon is far too late.
    return [t, late < -intervalMs / 4 ? late + intervalMs : Math.max(0, late)];
  });
}
