/** Relabelling as a filter, for the command: whose rules, and what they make of targets, samples and test cases. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { InputError } from '../core/errors.ts';
import { detectFormat } from '../core/exposition/detection.ts';
import { createParser, createWriter } from '../core/exposition/format.ts';
import { Batch, type ExpositionFormat, SeriesTable, writeBatch } from '../core/exposition/index.ts';
import { EMPTY_LABELS, type Labels } from '../core/model/labels.ts';
import { parseRelabelRules, type RelabelRule, relabel } from '../core/relabel/index.ts';
import { discoveredLabels, type ScrapeConfig, targetFrom } from '../core/scrape/index.ts';
import { parseRelabelTests, type RelabelOutcome, relabelFailure } from '../core/scrape/relabel-tests.ts';
import { parse } from '../core/yaml/index.ts';
import { pieces } from './input.ts';
import type { Output } from './output.ts';
import { loadJobs } from './scrape-jobs.ts';
import type { TestReport } from './test-report/test-case.ts';

/** Rules by themselves, or those of a job, whose other settings make targets. */
export interface Relabelling {
  rules: readonly RelabelRule[];
  job: ScrapeConfig | undefined;
}

/** A YAML list of rules, or a map that has one as `relabel_configs`, `metric_relabel_configs` or `rules`. */
export function readRules(path: string): RelabelRule[] {
  try {
    const document = parse(readFileSync(path, 'utf8'), { merge: true }) as unknown;
    return parseRelabelRules(rulesIn(document));
  } catch (error) {
    if (error instanceof InputError) throw error.in({ file: path });
    if (error instanceof Error && error.name === 'YAMLParseError')
      throw new InputError('bad_yaml', error.message, { file: path });
    throw error;
  }
}

function rulesIn(document: unknown): unknown {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return document;
  const map = document as Record<string, unknown>;
  const names = ['relabel_configs', 'metric_relabel_configs', 'rules'].filter((name) => name in map);
  if (names.length === 1) return map[names[0]];
  throw new InputError('bad_relabel_config', 'is neither a list of rules nor a map with one list of them');
}

/** What rules, or a job, make of a target's labels. */
export function targetOutcome(labels: Labels, { rules, job }: Relabelling): RelabelOutcome {
  if (job === undefined) return { labels: relabel(labels, rules) };
  const outcome = targetFrom(discoveredLabels(labels, EMPTY_LABELS, job), job);
  if (outcome.kind === 'faulty') return { labels: null, error: outcome.reason };
  return outcome.kind === 'dropped'
    ? { labels: null }
    : { labels: outcome.target.labels, url: outcome.target.url };
}

/** The labels of a target before the rules. */
export function targetInput(labels: Labels, { job }: Relabelling): Labels {
  return job === undefined ? labels : discoveredLabels(labels, EMPTY_LABELS, job);
}

/** Relabels the samples of stdin, in any format, as they come. Calls `onNew` for each series that is new. */
export function relabelSamples(
  rules: readonly RelabelRule[],
  format: ExpositionFormat,
  out: Output,
  onNew?: (labels: Labels) => void,
): void {
  const table = new SeriesTable();
  const batch = new Batch();
  const writer = createWriter(format);
  const labels: (Labels | null)[] = [];
  const write = () => {
    for (let i = labels.length; i < table.size; i++) {
      labels.push(relabel(table.labels[i], rules));
      onNew?.(table.labels[i]);
    }
    if (onNew === undefined)
      writeBatch(writer, batch, { labels, familyOf: table.familyOf, families: table.families });
    batch.clear();
    if (writer.buffered > 0) out.bytes(writer.take());
  };
  let parser: ReturnType<typeof createParser> | undefined;
  for (const piece of pieces('-')) {
    parser ??= createParser(detectFormat(piece), table, { concatenated: true });
    parser.write(piece, batch);
    write();
  }
  parser?.end(batch);
  write();
  if (onNew !== undefined) return;
  writer.end();
  out.bytes(writer.take());
}

/** Runs a file of assertions; returns how many failed. */
export async function runRelabelTests(
  path: string,
  report: TestReport,
  complain: (line: string) => void,
): Promise<number> {
  const file = parseRelabelTests(readFileSync(path, 'utf8'), path);
  const [job] =
    file.rules === undefined ? await loadJobs(resolve(dirname(path), file.config), [file.job], complain) : [];
  const jobRules = file.kind === 'metrics' ? job?.metricRelabelConfigs : job?.relabelConfigs;
  const relabelling: Relabelling = {
    rules: file.rules ?? jobRules ?? [],
    job: file.kind === 'metrics' ? undefined : job,
  };
  let failed = 0;
  for (const test of file.cases) {
    const began = performance.now();
    const failure = relabelFailure(test, targetOutcome(test.labels, relabelling));
    if (failure !== null) failed++;
    const durationMs = performance.now() - began;
    report.add({ file: path, line: test.line, name: test.name, failure, durationMs });
  }
  return failed;
}
