/** What a recording and an alerting rule do at one moment. */
import type { Histogram } from '../model/histogram.ts';
import { EMPTY_LABELS, type Labels, METRIC_NAME } from '../model/labels.ts';
import { LabelsBuilder } from '../model/labels-builder.ts';
import { type EngineOptions, instantQuery, parsedInstantQuery, type QueryValue } from '../promql/index.ts';
import type { Source } from '../source/source.ts';
import { expandAlertTemplate, TemplateError, type TemplateSample } from '../template/index.ts';
import { type Alert, alertSeries, alertStateSeries, annotationsFrom } from './alert.ts';
import type { AlertingRuleConfig, LabelPairs, RecordingRuleConfig } from './rule-file.ts';

export interface RuleContext {
  source: Source;
  engine: EngineOptions;
  externalLabels: Labels;
  externalUrl: string;
}

/** One row of a rule's result. The float is row 0 of a column of its own, so that NaN payloads survive. */
export interface RuleSample {
  labels: Labels;
  v: Float64Array;
  histogram: Histogram | null;
}

/** The rule could not be evaluated; the others of its group can. */
export class RuleError extends Error {}

/** How long a resolved alert is remembered, so that its end can be told. */
const RESOLVED_RETENTION_MS = 15 * 60_000;

export abstract class Rule {
  abstract readonly config: RecordingRuleConfig | AlertingRuleConfig;

  /**
   * The series of the rule at `t` (ms), evaluated on what was there `offsetMs` before. Rejects with RuleError or
   * InputError.
   */
  abstract evaluate(context: RuleContext, t: number, offsetMs: number, limit: number): Promise<RuleSample[]>;
}

export class RecordingRule extends Rule {
  override readonly config: RecordingRuleConfig;
  private readonly labels: LabelPairs;

  /** `labels` are the rule's and its group's. */
  constructor(config: RecordingRuleConfig, labels: LabelPairs) {
    super();
    this.config = config;
    this.labels = labels;
  }

  override async evaluate(
    context: RuleContext,
    t: number,
    offsetMs: number,
    limit: number,
  ): Promise<RuleSample[]> {
    const result = await queryRule(context, this.config, t - offsetMs);
    const builder = new LabelsBuilder();
    const seen = new SeenLabels();
    const samples = result.map((sample) => {
      builder.reset(sample.labels).set(METRIC_NAME, this.config.name);
      for (const [name, value] of this.labels) builder.set(name, value);
      const labels = builder.labels();
      if (!seen.add(labels)) {
        throw new RuleError('vector contains metrics with the same labelset after applying rule labels');
      }
      return { ...sample, labels };
    });
    if (limit > 0 && samples.length > limit) {
      throw new RuleError(`exceeded limit of ${limit} with ${samples.length} series`);
    }
    return samples;
  }
}

export class AlertingRule extends Rule {
  override readonly config: AlertingRuleConfig;
  private readonly labels: LabelPairs;
  private active = new Map<string, Alert>();
  /** Whether `ALERTS` and `ALERTS_FOR_STATE` are written: not before a restarted server knows what was active. */
  restored: boolean;

  constructor(config: AlertingRuleConfig, labels: LabelPairs, restored = true) {
    super();
    this.config = config;
    this.labels = labels;
    this.restored = restored;
  }

  /** Pending, firing and lately resolved ones. */
  alerts(): readonly Alert[] {
    return [...this.active.values()];
  }

  override async evaluate(
    context: RuleContext,
    t: number,
    offsetMs: number,
    limit: number,
  ): Promise<RuleSample[]> {
    const result = await queryRule(context, this.config, t - offsetMs);
    const found = new Map<string, Alert>();
    for (const sample of result) {
      const alert = await this.alertOf(sample, context, t, offsetMs);
      const key = alert.labels.toString();
      if (found.has(key)) {
        this.active.clear();
        throw new RuleError('vector contains metrics with the same labelset after applying alert labels');
      }
      found.set(key, alert);
    }
    for (const [key, alert] of found) {
      const known = this.active.get(key);
      if (known === undefined || known.state === 'inactive') this.active.set(key, alert);
      else {
        known.value = alert.value;
        known.annotations = alert.annotations;
      }
    }
    const samples: RuleSample[] = [];
    let count = 0;
    for (const [key, alert] of this.active) {
      if (!this.advance(alert, key, found.has(key), t)) continue;
      count++;
      if (!this.restored) continue;
      samples.push(row(alertSeries(alert, this.labels), 1));
      samples.push(row(alertStateSeries(alert, this.labels), Math.floor(alert.activeAt / 1000)));
    }
    if (limit > 0 && count > limit) {
      this.active.clear();
      throw new RuleError(`exceeded limit of ${limit} with ${count} alerts`);
    }
    return samples;
  }

  /** The next state of an alert whose condition holds or not; false where it has ended. */
  private advance(alert: Alert, key: string, holds: boolean, t: number): boolean {
    if (!holds) {
      let keepFiring = false;
      if (alert.state === 'firing' && this.config.keepFiringForMs > 0) {
        alert.keepFiringSince ??= t;
        keepFiring = t - alert.keepFiringSince < this.config.keepFiringForMs;
      }
      const old = alert.resolvedAt !== undefined && t - alert.resolvedAt > RESOLVED_RETENTION_MS;
      if (alert.state === 'pending' || old) this.active.delete(key);
      if (alert.state !== 'inactive' && !keepFiring) {
        alert.state = 'inactive';
        alert.resolvedAt = t;
      }
      if (!keepFiring) return false;
    } else {
      alert.keepFiringSince = undefined;
    }
    if (alert.state === 'pending' && t - alert.activeAt >= this.config.forMs) {
      alert.state = 'firing';
      alert.firedAt = t;
    }
    return true;
  }

  private async alertOf(
    sample: RuleSample,
    context: RuleContext,
    t: number,
    offsetMs: number,
  ): Promise<Alert> {
    const data = {
      labels: sample.labels,
      externalLabels: context.externalLabels,
      externalUrl: context.externalUrl,
      value: sample.v[0],
    };
    const options = {
      name: `__alert_${this.config.name}`,
      nowMs: t,
      query: async (expr: string): Promise<TemplateSample[]> =>
        (await query(context, expr, t - offsetMs)).map(({ labels, v }) => ({ labels, value: v[0] })),
    };
    const expand = async (text: string): Promise<string> => {
      try {
        return await expandAlertTemplate(text, data, options);
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        return `<error expanding template: ${error.reason}>`;
      }
    };
    const builder = new LabelsBuilder(sample.labels).delete(METRIC_NAME);
    for (const [name, text] of this.labels) builder.set(name, await expand(text));
    builder.set('alertname', this.config.name);
    const annotations: [string, string][] = [];
    for (const [name, text] of this.config.annotations) annotations.push([name, await expand(text)]);
    return {
      state: 'pending',
      labels: builder.labels(),
      annotations: annotationsFrom(annotations),
      value: sample.v[0],
      activeAt: t,
      firedAt: undefined,
      resolvedAt: undefined,
      keepFiringSince: undefined,
    };
  }
}

/** An instant query, as rows. */
async function query({ source, engine }: RuleContext, expr: string, t: number): Promise<RuleSample[]> {
  return rowsOf((await instantQuery(source, expr, t, engine)).value);
}

/** The rule's own expression. */
async function queryRule(
  { source, engine }: RuleContext,
  { expr, parsed }: RecordingRuleConfig | AlertingRuleConfig,
  t: number,
): Promise<RuleSample[]> {
  return rowsOf((await parsedInstantQuery(source, expr, parsed, t, engine)).value);
}

function rowsOf(value: QueryValue): RuleSample[] {
  if (value.type === 'scalar') return [row(EMPTY_LABELS, value.v)];
  if (value.type !== 'vector') throw new RuleError('rule result is not a vector or scalar');
  return value.series.map(({ labels, v, histograms }) => ({ labels, v, histogram: histograms?.[0] ?? null }));
}

function row(labels: Labels, value: number): RuleSample {
  return { labels, v: Float64Array.of(value), histogram: null };
}

/** Which label sets have been seen. */
class SeenLabels {
  private readonly byHash = new Map<number, Labels[]>();

  /** False where the set was there already. */
  add(labels: Labels): boolean {
    const same = this.byHash.get(labels.hash());
    if (same === undefined) this.byHash.set(labels.hash(), [labels]);
    else if (same.some((other) => other.equals(labels))) return false;
    else same.push(labels);
    return true;
  }
}
