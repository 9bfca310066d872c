/**
 * Unit tests of rules, in promtool's YAML
 * (https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/). Times are milliseconds; eval times
 * count from the start of their test.
 */
import type { Node } from 'yaml';
import { InputError, type Place } from '../errors.ts';
import { formatDuration } from '../model/duration.ts';
import { type Labels, labelsFromPairs } from '../model/labels.ts';
import { parseSeriesNotation, type SeriesNotation } from '../promql/test-language/index.ts';
import { YamlDocument, YamlRecord } from '../yaml/index.ts';
import { type Annotations, annotationsFrom } from './alert.ts';

export interface UnitTestFile {
  file: string;
  /** As written: paths relative to the file, with wildcards. */
  ruleFiles: string[];
  evaluationIntervalMs: number;
  groupEvalOrder: string[];
  fuzzyCompare: boolean;
  tests: UnitTest[];
}

export interface UnitTest {
  /** '' where it has none. */
  name: string;
  place: Place;
  intervalMs: number;
  /** Milliseconds since the epoch. */
  startMs: number;
  series: SeriesNotation[];
  alertTests: AlertTest[];
  exprTests: ExprTest[];
  externalLabels: Labels;
  externalUrl: string;
}

export interface AlertTest {
  place: Place;
  evalTimeMs: number;
  alertName: string;
  expected: { labels: Labels; annotations: Annotations }[];
}

export interface ExprTest {
  place: Place;
  evalTimeMs: number;
  expr: string;
  expected: { labels: string; value: number; histogram: string }[];
}

const FILE_FIELDS = [
  'rule_files',
  'evaluation_interval',
  'group_eval_order',
  'tests',
  'fuzzy_compare',
  'start_timestamp',
];
const TEST_FIELDS = [
  'interval',
  'start_timestamp',
  'input_series',
  'alert_rule_test',
  'promql_expr_test',
  'external_labels',
  'external_url',
  'name',
];
const DEFAULT_INTERVAL_MS = 60_000;

/**
 * What the file says, and everything that is wrong with it. Of tests that `selects` does not want, what they say of
 * series and alerts is not looked at.
 */
export function parseUnitTestFile(
  text: string,
  file: string,
  options: { ignoreUnknownFields?: boolean; selects?: ((name: string) => boolean) | undefined } = {},
): { tests: UnitTestFile; errors: InputError[] } {
  const { ignoreUnknownFields, selects = () => true } = options;
  const reader = new Reader(new YamlDocument(text, file), ignoreUnknownFields !== true, selects);
  return reader.read();
}

class Reader {
  private readonly document: YamlDocument;
  private readonly strict: boolean;
  private readonly selects: (name: string) => boolean;
  private readonly errors: InputError[] = [];

  constructor(document: YamlDocument, strict: boolean, selects: (name: string) => boolean) {
    this.document = document;
    this.strict = strict;
    this.selects = selects;
  }

  read(): { tests: UnitTestFile; errors: InputError[] } {
    const { document } = this;
    const tests: UnitTestFile = {
      file: document.file,
      ruleFiles: [],
      evaluationIntervalMs: DEFAULT_INTERVAL_MS,
      groupEvalOrder: [],
      fuzzyCompare: false,
      tests: [],
    };
    if (!document.failed && !document.isNull(document.root)) this.readInto(tests);
    return { tests, errors: [...document.errors(), ...this.errors] };
  }

  private readInto(tests: UnitTestFile): void {
    const { document } = this;
    const root = document.record(document.root, 'main.unitTestFile', FILE_FIELDS, this.strict);
    if (root === undefined) return;
    tests.ruleFiles = this.strings(root.get('rule_files'));
    tests.groupEvalOrder = this.strings(root.get('group_eval_order'));
    tests.evaluationIntervalMs = document.durationMs(root.get('evaluation_interval')) || DEFAULT_INTERVAL_MS;
    tests.fuzzyCompare = document.boolean(root.get('fuzzy_compare')) ?? false;
    const startMs = this.start(root.get('start_timestamp')) ?? 0;
    for (const node of document.list(root.get('tests'), '[]main.testGroup')) {
      const test = this.test(node, tests.evaluationIntervalMs, startMs);
      if (test !== undefined) tests.tests.push(test);
    }
  }

  private test(node: Node | null, intervalMs: number, startMs: number): UnitTest | undefined {
    const { document } = this;
    const record = this.record(node, 'main.testGroup', TEST_FIELDS);
    if (record === undefined) return undefined;
    const name = document.text(record.get('name'));
    const before = this.errors.length;
    const test = {
      name,
      place: document.place(node),
      intervalMs: document.durationMs(record.get('interval')) || intervalMs,
      startMs: this.start(record.get('start_timestamp')) ?? startMs,
      series: document
        .list(record.get('input_series'), '[]main.series')
        .flatMap((item) => this.series(item) ?? []),
      alertTests: document
        .list(record.get('alert_rule_test'), '[]main.alertTestCase')
        .flatMap((item) => this.alertTest(item, name) ?? []),
      exprTests: document
        .list(record.get('promql_expr_test'), '[]main.promqlTestCase')
        .flatMap((item) => this.exprTest(item) ?? []),
      externalLabels: this.labels(record.get('external_labels')),
      externalUrl: document.text(record.get('external_url')),
    };
    if (!this.selects(name)) this.errors.length = before;
    return test;
  }

  /** An element of a list; one that is empty has nothing but zeros. */
  private record(node: Node | null, type: string, fields: readonly string[]): YamlRecord | undefined {
    const { document, strict } = this;
    if (document.isNull(node)) return new YamlRecord(document, [], type, fields, strict);
    return document.record(node, type, fields, strict);
  }

  private series(node: Node | null): SeriesNotation | undefined {
    const record = this.record(node, 'main.series', ['series', 'values']);
    if (record === undefined) return undefined;
    const series = this.document.text(record.get('series'));
    const values = this.document.text(record.get('values'));
    if (series === '' && values === '') return undefined;
    const fail = (code: string, reason: string): undefined => {
      this.errors.push(new InputError(code, reason, this.document.place(record.get('series') ?? node)));
      return undefined;
    };
    try {
      // Lines and tabs between values are spaces to YAML.
      const notation = parseSeriesNotation(`${series} ${values.replace(/\s+/g, ' ').trim()}`);
      const isEmpty = notation.labels.names.length === 0 && hasSamples(notation.values);
      return isEmpty ? fail('bad_series', 'empty labelset: invalid sample') : notation;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return fail(error.code, error.reason);
    }
  }

  private alertTest(node: Node | null, test: string): AlertTest | undefined {
    const { document } = this;
    const record = this.record(node, 'main.alertTestCase', ['eval_time', 'alertname', 'exp_alerts']);
    if (record === undefined) return undefined;
    const evalTimeMs = document.durationMs(record.get('eval_time')) ?? 0;
    const alertName = document.text(record.get('alertname'));
    if (alertName === '') {
      const at = `at eval_time ${formatDuration(evalTimeMs)}${test === '' ? '' : ` (in TestGroup ${test})`}`;
      const reason = `an item under alert_rule_test misses required attribute alertname ${at}`;
      this.errors.push(new InputError('bad_test', reason, document.place(node)));
    }
    const expected = document.list(record.get('exp_alerts'), '[]main.alert').flatMap((item) => {
      const alert = this.record(item, 'main.alert', ['exp_labels', 'exp_annotations']);
      if (alert === undefined) return [];
      return {
        labels: this.labels(alert.get('exp_labels')).with('alertname', alertName),
        annotations: annotationsFrom(
          [...document.texts(alert.get('exp_annotations'))].map(([name, { text }]) => [name, text] as const),
        ),
      };
    });
    return { place: document.place(node), evalTimeMs, alertName, expected };
  }

  private exprTest(node: Node | null): ExprTest | undefined {
    const { document } = this;
    const record = this.record(node, 'main.promqlTestCase', ['expr', 'eval_time', 'exp_samples']);
    if (record === undefined) return undefined;
    const expected = document.list(record.get('exp_samples'), '[]main.sample').flatMap((item) => {
      const sample = this.record(item, 'main.sample', ['labels', 'value', 'histogram']);
      if (sample === undefined) return [];
      return {
        labels: document.text(sample.get('labels')),
        value: document.float(sample.get('value')) ?? 0,
        histogram: document.text(sample.get('histogram')),
      };
    });
    return {
      place: document.place(node),
      evalTimeMs: document.durationMs(record.get('eval_time')) ?? 0,
      expr: document.text(record.get('expr')),
      expected,
    };
  }

  /** A Unix time in seconds, or RFC 3339. */
  private start(node: Node | null): number | undefined {
    if (this.document.isNull(node)) return undefined;
    const text = this.document.text(node);
    const ms = /^-?\d+(?:\.\d+)?$/.test(text) ? Math.round(Number(text) * 1000) : rfc3339(text);
    if (Number.isFinite(ms)) return ms;
    this.document.fault(node, `cannot parse start_timestamp "${text}": want a Unix time or RFC 3339`);
    return undefined;
  }

  private strings(node: Node | null): string[] {
    return this.document.list(node, '[]string').map((item) => this.document.text(item));
  }

  private labels(node: Node | null): Labels {
    return labelsFromPairs([...this.document.texts(node)].map(([name, { text }]) => [name, text] as const));
  }
}

function hasSamples({ present, length }: SeriesNotation['values']): boolean {
  return present.subarray(0, length).includes(1);
}

function rfc3339(text: string): number {
  return /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d/.test(text) ? Date.parse(text) : Number.NaN;
}
