/** Counter reset hints of histograms as they leave a selector or a subquery. */
import type { SampleColumns } from '../../model/columns.ts';
import { CounterReset, type Histogram } from '../../model/histogram.ts';
import { detectReset } from '../../model/histogram-reset.ts';

/** Makes every unknown hint definite that follows another histogram: what `selectorsOfStats` need. In place. */
export function resolveHints({ histograms, length }: SampleColumns): void {
  if (histograms === null) return;
  for (let i = length - 1; i > 0; i--) {
    const h = histograms[i] ?? null;
    const before = histograms[i - 1] ?? null;
    if (h === null || before === null || h.stale || before.stale) continue;
    if (h.counterReset !== CounterReset.unknown) continue;
    const counterReset = detectReset(h, before) ? CounterReset.reset : CounterReset.notReset;
    histograms[i] = { ...h, counterReset };
  }
}

/** A counter without its hint, which speaks of a sample that a subquery may not have seen. */
export function withoutHint(h: Histogram): Histogram {
  if (h.counterReset === CounterReset.unknown || h.counterReset === CounterReset.gauge) return h;
  return { ...h, counterReset: CounterReset.unknown };
}
