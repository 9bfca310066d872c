/** What a recording and an alerting rule do at one moment. */
import type { Histogram } from '../model/histogram.ts';
import { EMPTY_LABELS, type Labels, METRIC_NAME } from '../model/labels.ts';
import { LabelsBuilder } from '../model/labels-builder.ts';
import { type EngineOptions, instantQuery, parsedInstantQuery, type QueryValue } from '../promql/index.ts';
import type { Expr } from '../promql/parser/index.ts';
import type { Source } from '../source/source.ts';
import { expandAlertTemplate, TemplateError, type TemplateSample } from '../template/index.ts';
import { ActiveAlerts, type AlertSlot } from './active-alerts.ts';
import { type Alert, type Annotations, alertSeries, alertStateSeries, annotationsFrom } from './alert.ts';
import type { AlertingRuleConfig, LabelPairs, RecordingRuleConfig } from './rule-file.ts';

/** Evaluates a rule's expression, given as text and parsed, at `t` (ms). */
export type RuleEvaluation = (expr: string, parsed: Expr, t: number) => Promise<QueryValue>;

/** Of a server, since its start. */
export interface TemplateCounts {
  expanded: number;
  failed: number;
}

export interface RuleContext {
  source: Source;
  engine: EngineOptions;
  /** Where rules are evaluated elsewhere than on `source`, on what is there. */
  evaluate?: RuleEvaluation;
  externalLabels: Labels;
  externalUrl: string;
  /** Nobody looks at the alerts before the next evaluation: texts that only people read are left out. */
  unseen?: boolean;
  /** Counted up. */
  templates?: TemplateCounts;
}

/** One row of a rule's result. The float is row 0 of a column of its own, so that NaN payloads survive. */
export interface RuleSample {
  labels: Labels;
  v: Float64Array;
  histogram: Histogram | null;
}

/** The rule could not be evaluated; the others of its group can. */
export class RuleError extends Error {}

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
  readonly labels: LabelPairs;

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
        throw new RuleError(SAME_SERIES);
      }
      return { ...sample, labels };
    });
    if (limit > 0 && samples.length > limit) {
      throw new RuleError(recordingLimitError(limit, samples.length));
    }
    return samples;
  }
}

/** Two series of a result would be written as one. */
export const SAME_SERIES = 'vector contains metrics with the same labelset after applying rule labels';

export function recordingLimitError(limit: number, count: number): string {
  return `exceeded limit of ${limit} with ${count} series`;
}

export class AlertingRule extends Rule {
  override readonly config: AlertingRuleConfig;
  readonly labels: LabelPairs;
  readonly active: ActiveAlerts;
  /** Whether `ALERTS` and `ALERTS_FOR_STATE` are written: not before a restarted server knows what was active. */
  restored: boolean;

  constructor(config: AlertingRuleConfig, labels: LabelPairs, restored = true) {
    super();
    this.config = config;
    this.labels = labels;
    this.restored = restored;
    this.active = new ActiveAlerts(config.forMs, config.keepFiringForMs);
  }

  /** Pending, firing and lately resolved ones. */
  alerts(): readonly Alert[] {
    return this.active.all();
  }

  override async evaluate(
    context: RuleContext,
    t: number,
    offsetMs: number,
    limit: number,
  ): Promise<RuleSample[]> {
    const result = await queryRule(context, this.config, t - offsetMs);
    const found: { slot: AlertSlot; value: number; annotations: Annotations }[] = [];
    // Alerts that are kept firing keep the texts that they had when the condition held.
    const unseen = context.unseen === true && this.config.keepFiringForMs === 0;
    for (const { labels: series, v, histogram } of result) {
      const shown = histogram ?? v[0];
      const templates = new AlertTemplates(this.config.name, context, series, shown, t, offsetMs);
      const labels = await this.expandLabels(templates);
      const annotations = unseen ? NO_ANNOTATIONS : await this.expandAnnotations(templates);
      found.push({ slot: this.active.slot(labels), value: v[0], annotations });
    }
    const seen = new Set<string>();
    for (const { slot, value, annotations } of found) {
      if (seen.has(slot.key)) {
        this.active.clear(t);
        throw new RuleError(SAME_ALERT);
      }
      seen.add(slot.key);
      this.active.hold(slot, value, annotations, t);
    }
    const current = this.active.advance(t);
    this.checkLimit(current.length, limit, t);
    if (!this.restored) return [];
    return current.flatMap((alert) => [
      row(alertSeries(alert, this.labels), 1),
      row(alertStateSeries(alert, this.labels), Math.floor(alert.activeAt / 1000)),
    ]);
  }

  /** Throws RuleError where there are too many, and forgets them. `limit` 0 is none. */
  checkLimit(count: number, limit: number, t: number): void {
    if (limit === 0 || count <= limit) return;
    this.active.clear(t);
    throw new RuleError(`exceeded limit of ${limit} with ${count} alerts`);
  }

  /** The labels of the alert that a series of the result stands for. */
  async expandLabels(templates: AlertTemplates): Promise<Labels> {
    const builder = new LabelsBuilder(templates.series).delete(METRIC_NAME);
    for (const [name, text] of this.labels) builder.set(name, await templates.expand(text));
    return builder.set('alertname', this.config.name).labels();
  }

  async expandAnnotations(templates: AlertTemplates): Promise<Annotations> {
    const annotations: [string, string][] = [];
    for (const [name, text] of this.config.annotations)
      annotations.push([name, await templates.expand(text)]);
    return annotationsFrom(annotations);
  }
}

const NO_ANNOTATIONS: Annotations = [];

/** Two series of a result stand for one alert. */
export const SAME_ALERT = 'vector contains metrics with the same labelset after applying alert labels';

/** Expands the texts of an alert for one series of the rule's result at one time. */
export class AlertTemplates {
  readonly series: Labels;
  private readonly name: string;
  private readonly context: RuleContext;
  private readonly value: number | Histogram;
  private readonly t: number;
  private readonly offsetMs: number;

  /** `name` is the alert's; `offsetMs` is how much earlier than `t` (ms) queries look. */
  constructor(
    name: string,
    context: RuleContext,
    series: Labels,
    value: number | Histogram,
    t: number,
    offsetMs: number,
  ) {
    this.name = `__alert_${name}`;
    this.context = context;
    this.series = series;
    this.value = value;
    this.t = t;
    this.offsetMs = offsetMs;
  }

  async expand(text: string): Promise<string> {
    const { context, t } = this;
    const { templates } = context;
    if (templates !== undefined) templates.expanded++;
    if (!text.includes('{{')) return text;
    const data = {
      labels: this.series,
      externalLabels: context.externalLabels,
      externalUrl: context.externalUrl,
      value: this.value,
    };
    try {
      return await expandAlertTemplate(text, data, {
        name: this.name,
        nowMs: t,
        query: async (expr: string): Promise<TemplateSample[]> => {
          const rows = await query(context, expr, t - this.offsetMs);
          return rows.map(({ labels, v, histogram }) => ({ labels, value: histogram ?? v[0] }));
        },
      });
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      if (templates !== undefined) templates.failed++;
      return `<error expanding template: ${error.reason}>`;
    }
  }
}

/** An instant query, as rows. */
async function query({ source, engine }: RuleContext, expr: string, t: number): Promise<RuleSample[]> {
  return rowsOf((await instantQuery(source, expr, t, engine)).value);
}

/** The rule's own expression. */
async function queryRule(
  { source, engine, evaluate }: RuleContext,
  { expr, parsed }: RecordingRuleConfig | AlertingRuleConfig,
  t: number,
): Promise<RuleSample[]> {
  if (evaluate !== undefined) return rowsOf(await evaluate(expr, parsed, t));
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
