/**
 * The alerts of one rule over a stretch of times, from the columns of one range query: the same state machine that a
 * server runs, fed from the columns a step after the other. Labels are made once a series where they do not depend on
 * its value.
 */
import type { Histogram } from '../model/histogram.ts';
import { formatHistogram } from '../model/histogram-format.ts';
import type { Labels } from '../model/labels.ts';
import type { ResultSeries } from '../promql/index.ts';
import type { AlertSlot } from './active-alerts.ts';
import { type Alert, alertSeries, alertStateSeries } from './alert.ts';
import type { OnStepFailure, Steps } from './play-recording.ts';
import { type AlertingRule, AlertTemplates, type RuleContext, SAME_ALERT } from './rule.ts';
import type { LabelPairs } from './rule-file.ts';
import type { OutputSeries, RuleOutput } from './rule-output.ts';

const ONE = Float64Array.of(1);
/** Slots of alerts whose labels hold values; there may be a new one for every value. */
const MOST_SLOTS = 100_000;

export class AlertPlayer {
  readonly rule: AlertingRule;
  private readonly context: RuleContext;
  private readonly offsetMs: number;
  private readonly limit: number;
  private readonly steady: boolean;
  /** By the text of the series, and its value where labels depend on it. */
  private readonly slots = new Map<string, AlertSlot>();
  private readonly slotsByAlert = new Map<string, AlertSlot>();
  /** The series of the result that an alert stands for, by the alert's labels. */
  private readonly seriesOf = new Map<string, Labels>();

  constructor(rule: AlertingRule, context: RuleContext, offsetMs: number, limit: number) {
    this.rule = rule;
    this.context = context;
    this.offsetMs = offsetMs;
    this.limit = limit;
    this.steady = labelsAreSteady(rule.labels);
  }

  /** Plays the steps of a result; writes `ALERTS` and `ALERTS_FOR_STATE` where `output` is not null. */
  async play(
    result: readonly ResultSeries[],
    steps: Steps,
    output: RuleOutput | null,
    onFailure: OnStepFailure,
  ): Promise<void> {
    const { first, stepMs, count } = steps;
    const slots: AlertSlot[][] = [];
    for (const series of result) slots.push(await this.slotsFor(series));
    const { starts, order } = pointsByStep(result, steps);
    const cursors = new Uint32Array(result.length);
    const written = new Map<Alert, { alert: OutputSeries; state: OutputSeries; as: string }>();
    const { active } = this.rule;
    const stateValue = new Float64Array(1);
    let ended = false;
    for (let step = 0; step < count; step++) {
      // An idle rule costs nothing.
      if (starts[step] === starts[step + 1] && active.size === 0) {
        if (!ended) output?.endAbsent(first + step * stepMs);
        ended = true;
        continue;
      }
      const at = first + step * stepMs;
      const t = at + this.offsetMs;
      let same = false;
      for (let i = starts[step]; i < starts[step + 1]; i++) {
        const s = order[i];
        const row = cursors[s]++;
        const slot = slots[s][slots[s].length === 1 ? 0 : row];
        if (!active.hold(slot, result[s].v[row], [], t)) same = true;
      }
      if (same) {
        active.clear(t);
        onFailure(step, SAME_ALERT);
        continue;
      }
      const current = active.advance(t);
      if (this.limit > 0 && current.length > this.limit) {
        onFailure(step, `exceeded limit of ${this.limit} with ${current.length} alerts`);
        active.clear(t);
        continue;
      }
      if (output === null) continue;
      for (const alert of current) {
        let out = written.get(alert);
        if (out === undefined || out.as !== alert.state) {
          out = {
            alert: output.series(alertSeries(alert, this.rule.labels)),
            state: output.series(alertStateSeries(alert, this.rule.labels)),
            as: alert.state,
          };
          written.set(alert, out);
        }
        stateValue[0] = Math.floor(alert.activeAt / 1000);
        out.alert.addFloat(at, ONE, 0);
        out.state.addFloat(at, stateValue, 0);
      }
      output.endAbsent(at);
      ended = false;
    }
  }

  /** Fills in the annotations of the active alerts, as of time `t` (ms). */
  async annotate(t: number): Promise<void> {
    for (const alert of this.rule.alerts()) {
      const series = this.seriesOf.get(alert.labels.toString());
      if (series === undefined || alert.state === 'inactive') continue;
      alert.annotations = await this.rule.expandAnnotations(this.templates(series, alert.value, t));
    }
  }

  private templates(series: Labels, value: number | Histogram, t: number): AlertTemplates {
    return new AlertTemplates(this.rule.config.name, this.context, series, value, t, this.offsetMs);
  }

  /** The alert of a series: one for all its points, or one for each. */
  private async slotsFor({ labels, t, v, histograms }: ResultSeries): Promise<AlertSlot[]> {
    const text = labels.toString();
    if (this.steady) return [await this.slotFor(text, labels, v[0], t[0])];
    const slots: AlertSlot[] = [];
    for (let i = 0; i < t.length; i++) {
      const value = histograms?.[i] ?? v[i];
      const shown = typeof value === 'number' ? value : formatHistogram(value);
      slots.push(await this.slotFor(`${text}\0${shown}`, labels, value, t[i]));
    }
    // One slot stands for all points; one point has one slot.
    return slots;
  }

  private async slotFor(
    key: string,
    series: Labels,
    value: number | Histogram,
    at: number,
  ): Promise<AlertSlot> {
    const known = this.slots.get(key);
    if (known !== undefined) return known;
    const labels = await this.rule.expandLabels(this.templates(series, value, at + this.offsetMs));
    const fresh = this.rule.active.slot(labels);
    // Two series that stand for one alert share its slot.
    const slot = this.slotsByAlert.get(fresh.key) ?? fresh;
    if (this.slots.size > MOST_SLOTS) {
      this.slots.clear();
      this.slotsByAlert.clear();
    }
    this.slots.set(key, slot);
    this.slotsByAlert.set(slot.key, slot);
    this.seriesOf.set(slot.key, series);
    return slot;
  }
}

/** Whether labels come out the same whatever the value of a series and the time. */
function labelsAreSteady(labels: LabelPairs): boolean {
  return labels.every(
    ([, text]) => !text.includes('{{') || !/value|Value|query|now|[$.](?![A-Za-z])/.test(text),
  );
}

/** Numbers of the series that have a point at each step: `order[starts[step]]` to `order[starts[step + 1] - 1]`. */
function pointsByStep(
  result: readonly ResultSeries[],
  { first, stepMs, count }: Steps,
): { starts: Uint32Array; order: Uint32Array } {
  const starts = new Uint32Array(count + 1);
  for (const { t } of result)
    for (let i = 0; i < t.length; i++) starts[Math.round((t[i] - first) / stepMs) + 1]++;
  for (let step = 0; step < count; step++) starts[step + 1] += starts[step];
  const next = starts.slice();
  const order = new Uint32Array(starts[count]);
  for (const [s, { t }] of result.entries()) {
    for (let i = 0; i < t.length; i++) order[next[Math.round((t[i] - first) / stepMs)]++] = s;
  }
  return { starts, order };
}
