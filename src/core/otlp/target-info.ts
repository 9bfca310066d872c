/**
 * The series `target_info` of a resource: 1 from the first of its points to the last, often enough for a query to find
 * it at any time between.
 */
import type { Labels } from '../model/labels.ts';
import type { Metadata } from '../model/metadata.ts';
import type { Intake } from './intake.ts';

const METADATA: Metadata = { type: 'gauge', help: 'Target metadata', unit: '' };

/** Who sends points of 1970 and of today gets no samples of all years between: the newest are enough. */
const MAX_SAMPLES = 10_000;

export class TargetInfo {
  private readonly stepMs: number;
  private labels: Labels | undefined = undefined;
  private mint = Number.POSITIVE_INFINITY;
  private maxt = Number.NEGATIVE_INFINITY;

  constructor(lookbackMs: number) {
    this.stepMs = Math.max(1, lookbackMs / 2);
  }

  /** `labels` is undefined where there is nothing to tell. */
  begin(labels: Labels | undefined): void {
    this.labels = labels;
    this.mint = Number.POSITIVE_INFINITY;
    this.maxt = Number.NEGATIVE_INFINITY;
  }

  /** Also of points that are not taken, as upstream does. */
  see(t: number): void {
    if (t < this.mint) this.mint = t;
    if (t > this.maxt) this.maxt = t;
  }

  addTo(intake: Intake): void {
    const { labels, mint, maxt, stepMs } = this;
    if (labels === undefined || mint > maxt) return;
    const ref = intake.series(labels);
    intake.setMetadata(ref, METADATA);
    const steps = Math.ceil((maxt - mint) / stepMs);
    for (let i = Math.max(0, steps - MAX_SAMPLES); i < steps; i++) {
      intake.add(ref, Math.floor(mint + i * stepMs), 1);
    }
    intake.add(ref, maxt, 1);
  }
}
