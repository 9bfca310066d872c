/** What a query would do, and what it did. */
import type { Source } from '../../source/source.ts';
import { type EngineOptions, instantQuery, rangeQuery } from '../engine/engine.ts';
import type { QueryResult } from '../engine/result.ts';
import { ObservedSource } from './observed-source.ts';
import { ObservingBuilder } from './observing-builder.ts';
import type { PlanNode } from './plan-node.ts';

/** Milliseconds since the epoch. */
export type InspectedTimes =
  | { kind: 'instant'; t: number }
  | { kind: 'range'; start: number; end: number; stepMs: number };

export interface Inspected {
  /** Undefined where the query is a literal. */
  plan: PlanNode | undefined;
  /** Without series where only the plan was asked for. */
  result: QueryResult;
}

/** Builds the operators and has them select their series: labels are read, and no sample. */
export function explainQuery(
  source: Source,
  query: string,
  times: InspectedTimes,
  options: EngineOptions,
): Promise<Inspected> {
  return inspect(source, query, times, options, true);
}

/** Runs the query and measures every part of it. */
export function profileQuery(
  source: Source,
  query: string,
  times: InspectedTimes,
  options: EngineOptions,
): Promise<Inspected> {
  return inspect(source, query, times, options, false);
}

async function inspect(
  source: Source,
  query: string,
  times: InspectedTimes,
  options: EngineOptions,
  prepareOnly: boolean,
): Promise<Inspected> {
  const observed = new ObservedSource(source, prepareOnly);
  let roots: readonly PlanNode[] = [];
  const settings: EngineOptions = {
    ...options,
    builder: (context, text, expr) => {
      const builder = new ObservingBuilder(context, text, expr, prepareOnly);
      observed.attention = builder.attention;
      roots = builder.roots;
      return builder;
    },
  };
  const result =
    times.kind === 'instant'
      ? await instantQuery(observed, query, times.t, settings)
      : await rangeQuery(observed, query, times.start, times.end, times.stepMs, settings);

  return { plan: roots[0], result };
}
