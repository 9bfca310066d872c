/**
 * Files of assertions about relabelling: what rules, or the jobs of a prometheus.yml, make of given labels. The format
 * is drawn in docs/format/relabel-tests.md.
 */
import type { Node } from 'yaml';
import { InputError } from '../errors.ts';
import { createParser } from '../exposition/format.ts';
import { Batch, SeriesTable } from '../exposition/index.ts';
import { type Labels, labelsFromPairs } from '../model/labels.ts';
import { parseRelabelRules, type RelabelRule } from '../relabel/index.ts';
import { parse, YamlDocument, type YamlRecord } from '../yaml/index.ts';

export type RelabelKind = 'targets' | 'metrics';

export interface RelabelTestFile {
  /** Either rules, or a job of a configuration. */
  rules: readonly RelabelRule[] | undefined;
  /** As written: relative to the file. */
  config: string;
  job: string;
  kind: RelabelKind;
  cases: RelabelCase[];
}

export interface RelabelCase {
  name: string;
  line: number;
  labels: Labels;
  /** What must come out; the fields that are given. */
  want: {
    dropped: boolean;
    /** Exactly these labels. */
    labels: Labels | undefined;
    /** These among others; with an empty value, not there. */
    contains: ReadonlyMap<string, string>;
    url: string;
    error: string;
  };
}

/** What came out. */
export interface RelabelOutcome {
  /** Null where the labels were dropped. */
  labels: Labels | null;
  /** Of a target. */
  url?: string | undefined;
  /** Why it cannot be scraped. */
  error?: string | undefined;
}

const FILE_KEYS = ['rules', 'config', 'job', 'kind', 'tests'];
const CASE_KEYS = ['name', 'labels', 'series', 'dropped', 'want', 'contains', 'url', 'error'];

/** Throws InputError with the place of the first fault. */
export function parseRelabelTests(text: string, file: string): RelabelTestFile {
  const document = new YamlDocument(text, file);
  const root = document.record(document.root, 'relabel tests', FILE_KEYS);
  if (root === undefined || document.failed) throw document.errors()[0];
  const kind = document.text(root.get('kind')) || 'targets';
  if (kind !== 'targets' && kind !== 'metrics')
    document.fault(root.get('kind'), `kind must be targets or metrics, not "${kind}"`);
  const [config, job] = [document.text(root.get('config')), document.text(root.get('job'))];
  if (root.has('rules') === (config !== ''))
    document.fault(document.root, 'there must be either rules, or config and job');
  if (config !== '' && job === '') document.fault(root.get('config'), 'config needs job');
  const cases = document
    .list(root.get('tests'), '[]test')
    .map((node, i) => {
      const record = document.record(node, 'test', CASE_KEYS);
      return record && !document.failed ? parseCase(document, record, i, node) : undefined;
    })
    .filter((found) => found !== undefined);
  if (document.failed) throw document.errors()[0];
  return { rules: parseRules(text, root, document), config, job, kind: kind as RelabelKind, cases };
}

function parseRules(text: string, root: YamlRecord, document: YamlDocument): RelabelRule[] | undefined {
  if (!root.has('rules')) return undefined;
  try {
    return parseRelabelRules((parse(text, { merge: true }) as { rules: unknown }).rules);
  } catch (error) {
    throw error instanceof InputError ? error.in(document.place(root.get('rules'))) : error;
  }
}

function parseCase(
  document: YamlDocument,
  record: YamlRecord,
  index: number,
  node: Node | null,
): RelabelCase {
  const labels = (name: string) =>
    [...document.texts(record.get(name))].map(([key, { text }]): [string, string] => [key, text]);
  const series = document.text(record.get('series'));
  const wanted = ['dropped', 'want', 'contains', 'url', 'error'].filter((name) => record.has(name));
  if (wanted.length === 0) document.fault(node, 'the test says nothing of what must come out');
  if (record.has('labels') === record.has('series'))
    document.fault(node, 'a test needs either labels or a series');
  return {
    name: document.text(record.get('name')) || `test ${index + 1}`,
    line: document.place(node).line ?? 1,
    labels: series === '' ? labelsFromPairs(labels('labels')) : parseSeries(series, document, record),
    want: {
      dropped: document.boolean(record.get('dropped')) ?? false,
      labels: record.has('want') ? labelsFromPairs(labels('want')) : undefined,
      contains: new Map(labels('contains')),
      url: document.text(record.get('url')),
      error: document.text(record.get('error')),
    },
  };
}

function parseSeries(series: string, document: YamlDocument, record: YamlRecord): Labels {
  const table = new SeriesTable();
  const parser = createParser('text', table);
  try {
    parser.write(Buffer.from(`${series} 0\n`), new Batch());
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
  }
  if (table.size !== 1) document.fault(record.get('series'), `${series} is not a series`);
  return table.labels[0] ?? labelsFromPairs([]);
}

/** What is not as it must be; null where all is. */
export function relabelFailure(
  { want }: RelabelCase,
  got: RelabelOutcome,
): { message: string; expected: string[]; got: string[] } | null {
  const differs = (message: string, expected: string, actual: string) => ({
    message,
    expected: [expected],
    got: [actual],
  });
  const actual = outcomeText(got);
  if (want.error !== '') {
    if (got.error?.includes(want.error)) return null;
    return differs('the error is another', `error: ${want.error}`, actual);
  }
  if (got.error !== undefined) return differs('the target cannot be scraped', 'no error', actual);
  if (want.dropped !== (got.labels === null))
    return differs(want.dropped ? 'is kept' : 'is dropped', want.dropped ? 'dropped' : 'kept', actual);
  if (got.labels === null) return null;
  if (want.labels !== undefined && !want.labels.equals(got.labels)) {
    return {
      message: 'the labels differ',
      expected: labelLines(want.labels),
      got: labelLines(got.labels),
    };
  }
  for (const [name, value] of want.contains) {
    const found = got.labels.get(name);
    if (found !== value)
      return differs(
        `label ${name} differs`,
        `${name}: ${JSON.stringify(value)}`,
        `${name}: ${JSON.stringify(found)}`,
      );
  }
  if (want.url !== '' && want.url !== got.url) return differs('the URL differs', want.url, got.url ?? 'none');
  return null;
}

function labelLines(labels: Labels): string[] {
  return [...labels].map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
}

function outcomeText({ labels, error }: RelabelOutcome): string {
  if (error !== undefined) return `error: ${error}`;
  return labels === null ? 'dropped' : labels.toString();
}
