/**
 * Rule files of Prometheus 3.14: what they say, and what is wrong with them, in Prometheus' words and with the place
 * (https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/).
 */
import type { Node } from 'yaml';
import { InputError, type Place } from '../errors.ts';
import { METRIC_NAME } from '../model/labels.ts';
import { isValidLabelName, isValidMetricName, isValidUtf8 } from '../model/names.ts';
import { goQuote } from '../model/quote.ts';
import { type Expr, type ParserOptions, parseQuery } from '../promql/parser/index.ts';
import { checkAlertTemplate, TemplateError } from '../template/index.ts';
import { YamlDocument, type YamlRecord, type YamlTexts } from '../yaml/index.ts';

export interface RuleFile {
  file: string;
  groups: RuleGroupConfig[];
  /** In the order of lines. Where there are any, `groups` is what could be understood. */
  errors: InputError[];
}

export interface RuleGroupConfig {
  name: string;
  place: Place;
  /** Undefined where the global interval applies. */
  intervalMs: number | undefined;
  /** The most series or alerts that one rule may produce; 0 for any number. */
  limit: number;
  /** Undefined where the global offset applies. */
  queryOffsetMs: number | undefined;
  labels: LabelPairs;
  rules: RuleConfig[];
}

export type RuleConfig = RecordingRuleConfig | AlertingRuleConfig;

interface CommonRule {
  /** The metric or alert. */
  name: string;
  /** As written. */
  expr: string;
  parsed: Expr;
  place: Place;
  exprPlace: Place;
  /** Those of the rule alone, in the order written; an empty value removes a label. */
  labels: LabelPairs;
}

export interface RecordingRuleConfig extends CommonRule {
  kind: 'record';
}

export interface AlertingRuleConfig extends CommonRule {
  kind: 'alert';
  forMs: number;
  keepFiringForMs: number;
  annotations: LabelPairs;
}

export type LabelPairs = readonly (readonly [name: string, value: string])[];

export interface RuleFileOptions {
  parser?: Partial<ParserOptions>;
  ignoreUnknownFields?: boolean;
}

const GROUP_FIELDS = ['name', 'interval', 'query_offset', 'limit', 'rules', 'labels'];
const RULE_FIELDS = ['record', 'alert', 'expr', 'for', 'keep_firing_for', 'labels', 'annotations'];

/** The rule's labels and those that its group gives it; the rule's own win. */
export function labelsOf(group: RuleGroupConfig, rule: RuleConfig): LabelPairs {
  return group.labels.length === 0 ? rule.labels : [...new Map([...group.labels, ...rule.labels])];
}

export function parseRuleFile(text: string, file: string, options: RuleFileOptions = {}): RuleFile {
  const reader = new Reader(new YamlDocument(text, file), options);
  return reader.read();
}

class Reader {
  private readonly document: YamlDocument;
  private readonly options: RuleFileOptions;
  private readonly strict: boolean;
  private readonly errors: InputError[] = [];

  constructor(document: YamlDocument, options: RuleFileOptions) {
    this.document = document;
    this.options = options;
    this.strict = options.ignoreUnknownFields !== true;
  }

  read(): RuleFile {
    const { document } = this;
    const groups: RuleGroupConfig[] = [];
    if (!document.failed && !document.isNull(document.root)) {
      const root = document.record(document.root, 'rulefmt.RuleGroups', ['groups'], this.strict);
      const names = new Set<string>();
      for (const node of document.filledItems(root?.get('groups'), '[]rulefmt.RuleGroup')) {
        const group = this.group(node, names);
        if (group !== undefined) groups.push(group);
      }
    }
    const errors = [...document.errors(), ...this.errors];
    errors.sort((a, b) => (a.place.line ?? 0) - (b.place.line ?? 0));
    return { file: document.file, groups, errors };
  }

  private group(node: Node | null, names: Set<string>): RuleGroupConfig | undefined {
    const { document } = this;
    const record = document.record(node, 'rulefmt.RuleGroup', GROUP_FIELDS, this.strict);
    if (record === undefined) return undefined;
    const name = document.text(record.get('name'));
    const named = record.get('name') ?? node;
    if (name === '') this.fail(named, 'Groupname must not be empty');
    else if (names.has(name)) this.fail(named, `groupname: ${goQuote(name)} is repeated in the same file`);
    names.add(name);
    const labels = document.texts(record.get('labels'));
    this.checkLabels(labels, (at, reason) => this.fail(at ?? node, reason));
    const rules: RuleConfig[] = [];
    for (const [i, item] of document.filledItems(record.get('rules'), '[]rulefmt.Rule').entries()) {
      const rule = this.rule(item, name, i + 1);
      if (rule !== undefined) rules.push(rule);
    }
    return {
      name,
      place: document.place(node),
      intervalMs: document.durationMs(record.get('interval')),
      limit: document.integer(record.get('limit')) ?? 0,
      queryOffsetMs: document.durationMs(record.get('query_offset')),
      labels: pairsOf(labels),
      rules,
    };
  }

  private rule(node: Node | null, group: string, number: number): RuleConfig | undefined {
    const { document } = this;
    const fields = document.record(node, 'rulefmt.Rule', RULE_FIELDS, this.strict);
    if (fields === undefined) return undefined;
    const record = document.text(fields.get('record'));
    const alert = document.text(fields.get('alert'));
    const forMs = document.durationMs(fields.get('for')) ?? 0;
    const keepFiringForMs = document.durationMs(fields.get('keep_firing_for')) ?? 0;
    const labels = document.texts(fields.get('labels'));
    const annotations = document.texts(fields.get('annotations'));
    const name = alert === '' ? record : alert;
    const fail = (at: Node | null | undefined, reason: string) =>
      this.fail(at ?? node, `group ${goQuote(group)}, rule ${number}, ${goQuote(name)}: ${reason}`);

    if (record !== '' && alert !== '') {
      fail(fields.get('record'), "only one of 'record' and 'alert' must be set");
    }
    if (name === '') {
      fail(fields.get('record') ?? fields.get('alert'), "one of 'record' or 'alert' must be set");
    }
    const { expr, parsed } = this.expression(fields, fail);
    if (record !== '') {
      if (annotations.size > 0)
        fail(fields.key('annotations'), "invalid field 'annotations' in recording rule");
      if (forMs !== 0) fail(fields.key('for'), "invalid field 'for' in recording rule");
      if (keepFiringForMs !== 0) {
        fail(fields.key('keep_firing_for'), "invalid field 'keep_firing_for' in recording rule");
      }
      this.checkRecordName(record, (reason) => fail(fields.get('record'), reason));
    }
    this.checkLabels(labels, fail);
    for (const [key, { node: at }] of annotations) {
      if (!isValidLabelName(key)) fail(at, `invalid annotation name: ${key}`);
    }
    if (alert !== '') this.checkTemplates(alert, labels, annotations, fail);
    if (parsed === undefined) return undefined;
    const common = {
      name,
      expr,
      parsed,
      place: document.place(node),
      exprPlace: document.place(fields.get('expr')),
      labels: pairsOf(labels),
    };
    if (record !== '') return { kind: 'record', ...common };
    return { kind: 'alert', ...common, forMs, keepFiringForMs, annotations: pairsOf(annotations) };
  }

  private expression(fields: YamlRecord, fail: Fail): { expr: string; parsed: Expr | undefined } {
    const node = fields.get('expr');
    const before = this.document.faults.length;
    const expr = this.document.text(node);
    if (this.document.faults.length > before) return { expr, parsed: undefined };
    if (expr === '') {
      fail(node ?? fields.key('expr'), "field 'expr' must be set in rule");
      return { expr, parsed: undefined };
    }
    try {
      return { expr, parsed: parseQuery(expr, this.options.parser) };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      fail(node, `could not parse expression: ${error.message}`);
      return { expr, parsed: undefined };
    }
  }

  private checkRecordName(name: string, fail: (reason: string) => void): void {
    if (!isValidMetricName(name)) fail(`invalid recording rule name: ${name}`);
    // UTF-8 names may hold braces, but where they do an expression was meant.
    else if (/[{}]/.test(name)) {
      fail(`braces present in the recording rule name; should it be in expr?: ${name}`);
    }
  }

  private checkLabels(labels: YamlTexts, fail: Fail): void {
    for (const [name, { text, node }] of labels) {
      if (!isValidLabelName(name) || name === METRIC_NAME) fail(node, `invalid label name: ${name}`);
      if (!isValidUtf8(text)) fail(node, `invalid label value: ${text}`);
    }
  }

  private checkTemplates(alert: string, labels: YamlTexts, annotations: YamlTexts, fail: Fail): void {
    for (const [what, texts] of [
      ['label', labels],
      ['annotation', annotations],
    ] as const) {
      for (const [name, { text, node }] of texts) {
        try {
          checkAlertTemplate(text, `__alert_${alert}`);
        } catch (error) {
          if (!(error instanceof TemplateError)) throw error;
          fail(node, `${what} ${goQuote(name)}: ${error.reason}`);
        }
      }
    }
  }

  private fail(node: Node | null | undefined, reason: string): void {
    this.errors.push(new InputError('bad_rule', reason, this.document.place(node)));
  }
}

type Fail = (node: Node | null | undefined, reason: string) => void;

function pairsOf(texts: YamlTexts): LabelPairs {
  return [...texts].map(([name, { text }]) => [name, text] as const);
}
