/**
 * Runs scripts of the PromQL test language on the engine, with the settings that Prometheus runs its own with: a
 * lookback of 5 m, subqueries at a step of 1 m, names removed at the end, and every part of the language.
 */
import { InputError } from '../../errors.ts';
import { MemorySource } from '../../source/memory.ts';
import { type EngineOptions, instantQuery, rangeQuery } from '../engine/engine.ts';
import type { QueryResult, QueryValue } from '../engine/result.ts';
import { formatAnnotation } from '../functions/annotations.ts';
import { ALL_PARSER_FEATURES, parseQuery } from '../parser/index.ts';
import type { BadEval, EvalCommand, RangeTimes, TestScript } from '../test-language/index.ts';
import { compareAnnotations } from './annotations.ts';
import { compareResult } from './compare.ts';
import { load } from './load.ts';
import { expectedLines, resultLines } from './result-text.ts';
import { isRangeNeutral, pinnedQueries } from './variants.ts';

export interface RunOptions {
  /** Which `eval` commands to run; all where it is left out. What is loaded is loaded either way. */
  only?: (command: EvalCommand | BadEval) => boolean;
}

export interface EvalOutcome {
  command: EvalCommand | BadEval;
  /** Null where everything was as expected. */
  failure: EvalFailure | null;
}

export interface EvalFailure {
  /** The first difference, in a sentence. */
  reason: string;
  /** What was asked, where it is not the query as it stands in the script (see variants.ts); else undefined. */
  variant: string | undefined;
  /** The result that was expected and the one there was, as lines of a script. */
  expected: string[];
  got: string[];
}

const SETTINGS: EngineOptions = {
  lookbackMs: 5 * 60_000,
  defaultSubqueryStepMs: 60_000,
  delayedNameRemoval: true,
  useStartTimestamps: true,
  parser: ALL_PARSER_FEATURES,
};

const MINUTE = 60_000;

/**
 * The outcome of one `eval` after another. Throws InputError where a `load` cannot be carried out, which ends the
 * script.
 */
export async function* runTestScript(
  script: TestScript,
  options: RunOptions = {},
): AsyncGenerator<EvalOutcome> {
  const source = new MemorySource();
  for (const command of script.commands) {
    switch (command.kind) {
      case 'clear':
        source.clear();
        break;
      case 'load':
        loadFor(script, () => load(command, source));
        break;
      case 'eval':
        if (options.only !== undefined && !options.only(command)) break;
        yield { command, failure: await evaluate(command, source) };
        break;
      case 'badEval': {
        if (options.only !== undefined && !options.only(command)) break;
        yield {
          command,
          failure: { reason: command.fault.message, variant: undefined, expected: [], got: [] },
        };
      }
    }
  }
}

function loadFor(script: TestScript, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw error.in({ file: script.file });
  }
}

async function evaluate(command: EvalCommand, source: MemorySource): Promise<EvalFailure | null> {
  const { expr, query, expected } = command;
  if (query.kind === 'range') {
    const { startMs, endMs, stepMs } = query;
    return judge(command, query, undefined, () => rangeQuery(source, expr, startMs, endMs, stepMs, SETTINGS));
  }
  const { atMs } = query;
  const times = expected.kind === 'rangeVector' ? expected.times : null;
  const failure = await judge(command, times, undefined, () => instantQuery(source, expr, atMs, SETTINGS));
  return failure ?? evaluateVariants(command, atMs, source);
}

/** An instant query must say the same whichever way it is put. */
async function evaluateVariants(
  command: EvalCommand,
  atMs: number,
  source: MemorySource,
): Promise<EvalFailure | null> {
  // What was said of the query speaks of places in its text, and of its kind.
  const quiet = { ...command, warn: [], info: [], noWarn: false, noInfo: false };
  const tree = parseQuery(command.expr, ALL_PARSER_FEATURES);
  const queries = [{ expr: command.expr, atMs }, ...pinnedQueries(tree, atMs)];
  for (const [i, query] of queries.entries()) {
    if (i > 0) {
      const failure = await judge(quiet, null, `${query.expr} at ${query.atMs / 1000}s`, () =>
        instantQuery(source, query.expr, query.atMs, SETTINGS),
      );
      if (failure !== null) return failure;
    }
    if (command.ordered || command.fail !== null || !isRangeNeutral(tree)) continue;
    const [start, end] = [query.atMs - MINUTE, query.atMs + MINUTE];
    const failure = await judge(quiet, null, `${query.expr} in a range query`, async () => {
      const result = await rangeQuery(source, query.expr, start, end, MINUTE, SETTINGS);
      return { ...result, value: atTime(result.value, query.atMs, command) };
    });
    if (failure !== null) return failure;
  }
  return null;
}

/** What a range query says of one time, as an instant query would put it. */
function atTime(value: QueryValue, atMs: number, command: EvalCommand): QueryValue {
  if (value.type !== 'matrix') throw new Error(`a range query that yields a ${value.type}`);
  const series = value.series.flatMap(({ labels, t, v, histograms }) => {
    const i = t.indexOf(atMs);
    if (i < 0) return [];
    return [
      {
        labels,
        t: t.slice(i, i + 1),
        v: v.slice(i, i + 1),
        histograms: histograms?.slice(i, i + 1) ?? null,
      },
    ];
  });
  return command.expected.kind === 'scalar'
    ? { type: 'scalar', t: atMs, v: series[0].v[0] }
    : { type: 'vector', series };
}

async function judge(
  command: EvalCommand,
  times: RangeTimes | null,
  variant: string | undefined,
  run: () => Promise<QueryResult>,
): Promise<EvalFailure | null> {
  const expected = expectedLines(command);
  let result: QueryResult;
  try {
    result = await run();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    if (command.fail?.matches(error.reason)) return null;
    const reason = command.fail === null ? `the query failed: ${error.reason}` : wrongFailure(error.reason);
    return { reason, variant, expected, got: [`expect fail msg: ${error.reason}`] };
  }
  const got = resultLines(result.value, times);
  if (command.fail !== null)
    return { reason: 'the query was expected to fail, but did not', variant, expected, got };
  const annotations = annotationsOf(result, command.expr);
  const reason = compareAnnotations(annotations, command) ?? compareResult(result.value, command);
  return reason === null ? null : { reason, variant, expected, got };
}

function wrongFailure(reason: string): string {
  return `the query was expected to fail in another way than: ${reason}`;
}

function annotationsOf({ annotations }: QueryResult, expr: string) {
  const texts = (level: 'warning' | 'info') =>
    annotations.filter((a) => a.level === level).map((a) => formatAnnotation(a, expr));
  return { warnings: texts('warning'), infos: texts('info') };
}
