/**
 * A source as rules see it that are evaluated for times past: what they write now takes the place of what they, or an
 * older version of them, had written for these times.
 */
import type { SampleColumns } from '../model/columns.ts';
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import { mergeSources } from '../source/merge.ts';
import type { SelectHints, SeriesSet, Source } from '../source/source.ts';
import type { PlacedRule } from './order.ts';
import { type LabelPairs, labelsOf } from './rule-file.ts';
import { SourceOver } from './source-over.ts';

/** Which series rules write. */
export class RuleOutputs {
  /** By the name of the metric the labels that every series of a rule has. */
  private readonly recorded = new Map<string, LabelPairs[]>();
  private readonly alerts = new Map<string, LabelPairs[]>();

  constructor(rules: readonly PlacedRule[]) {
    for (const { config, group } of rules) {
      const known = config.kind === 'record' ? this.recorded : this.alerts;
      const labels = labelsOf(group, config).filter(([, value]) => !value.includes('{{'));
      known.set(config.name, [...(known.get(config.name) ?? []), labels]);
    }
  }

  /** Whether some output could be among what these matchers find. */
  mayMatch(matchers: readonly Matcher[]): boolean {
    const name = matchers.find((matcher) => matcher.name === METRIC_NAME && matcher.type === '=');
    return name === undefined || this.recorded.has(name.value) || isAlertMetric(name.value);
  }

  has(labels: Labels): boolean {
    const name = labels.get(METRIC_NAME);
    const known = isAlertMetric(name) ? this.alerts.get(labels.get('alertname')) : this.recorded.get(name);
    return known?.some((pairs) => pairs.every(([label, value]) => labels.get(label) === value)) === true;
  }
}

function isAlertMetric(name: string): boolean {
  return name === 'ALERTS' || name === 'ALERTS_FOR_STATE';
}

/** `base` without what the rules have written from `fromMs` on, and beside it what they write now. */
export function withOutputs(base: Source, written: Source, outputs: RuleOutputs, fromMs: number): Source {
  return mergeSources([new WithoutOutputs(base, outputs, fromMs), written]);
}

class WithoutOutputs extends SourceOver {
  private readonly outputs: RuleOutputs;
  private readonly fromMs: number;

  constructor(base: Source, outputs: RuleOutputs, fromMs: number) {
    super(base);
    this.outputs = outputs;
    this.fromMs = fromMs;
  }

  override async select(matchers: readonly Matcher[], hints: SelectHints): Promise<SeriesSet> {
    const set = await this.base.select(matchers, hints);
    if (hints.maxt < this.fromMs || !this.outputs.mayMatch(matchers)) return set;
    return {
      length: set.length,
      labels: (i) => set.labels(i),
      read: (i, out) => {
        const before = out.length;
        set.read(i, out);
        if (this.outputs.has(set.labels(i))) cut(out, before, this.fromMs);
      },
    };
  }
}

/** Takes away the rows from `from` on whose time is `t` or later. */
function cut(columns: SampleColumns, from: number, t: number): void {
  while (columns.length > from && columns.t[columns.length - 1] >= t) columns.length--;
}
