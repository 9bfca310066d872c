/** Keeps a query's answer up to date: asks when the query or the time changes, and again every interval. */
import { useEffect, useRef, useState } from 'react';
import type { QueryValue, ResultSeries } from '../../core/promql/index.ts';
import { type ParserOptions, parseQuery, typeOf } from '../../core/promql/parser/index.ts';
import type { QueryTimes } from '../query-times.ts';
import { received } from './protocol.ts';
import { Overtaken, type QueryClient } from './query-client.ts';
import { rangeOf, stepFor, type TimeWindow } from './time-window.ts';

export interface LiveAnswer {
  query: string;
  /** At the end of the window; null where the query failed. */
  value: QueryValue | null;
  /** Over the window; null where the query has no course. */
  series: ResultSeries[] | null;
  range: Extract<QueryTimes, { kind: 'range' }>;
  notes: string[];
  error: string | null;
  tookMs: number;
}

export interface LiveQuery {
  query: string;
  window: TimeWindow;
  /** Characters that a graph has from left to right. */
  columns: number;
  /** Milliseconds; found from the window and the graph where undefined. */
  stepMs: number | undefined;
  intervalMs: number;
  parser: ParserOptions;
}

/** `refresh` asks at once. */
export function useQuery(
  client: QueryClient,
  { query, window, columns, stepMs, intervalMs, parser }: LiveQuery,
): { answer: LiveAnswer | null; busy: boolean; refresh: () => void } {
  const [answer, setAnswer] = useState<LiveAnswer | null>(null);
  const [busy, setBusy] = useState(false);
  const [tick, setTick] = useState(0);
  const isBusy = useRef(false);
  const follows = window.end === null;

  useEffect(() => {
    if (!follows) return;
    // An evaluation that takes longer than the interval is not started over.
    const timer = setInterval(() => isBusy.current || setTick((n) => n + 1), intervalMs);
    return () => clearInterval(timer);
  }, [follows, intervalMs]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a tick asks again
  useEffect(() => {
    if (query === '') return;
    let current = true;
    const { start, end } = rangeOf(window, Date.now());
    const range = { kind: 'range', start, end, stepMs: stepMs ?? stepFor(end - start, columns) } as const;
    const working = (is: boolean) => {
      isBusy.current = is;
      setBusy(is);
    };
    client.cancelQueries();
    working(true);
    ask(client, query, range, parser).then(
      (next) => {
        if (!current) return;
        working(false);
        setAnswer(next);
      },
      (error: Error) => {
        if (!current || error instanceof Overtaken) return;
        working(false);
        setAnswer({ query, value: null, series: null, range, notes: [], error: error.message, tookMs: 0 });
      },
    );
    return () => {
      current = false;
    };
  }, [client, query, window, columns, stepMs, parser, tick]);

  return { answer, busy, refresh: () => setTick((n) => n + 1) };
}

async function ask(
  client: QueryClient,
  query: string,
  range: LiveAnswer['range'],
  parser: ParserOptions,
): Promise<LiveAnswer> {
  const times = { kind: 'instant', t: range.end } as const;
  const instant = await client.ask<'query'>({ kind: 'query', query, times });
  const ranged = hasCourse(query, parser)
    ? await client.ask<'query'>({ kind: 'query', query, times: range })
    : null;
  const value = ranged === null ? null : received(ranged.value);
  const notes = [
    ...instant.warnings,
    ...instant.infos,
    ...(ranged?.warnings ?? []),
    ...(ranged?.infos ?? []),
  ];
  return {
    query,
    value: received(instant.value),
    series: value?.type === 'matrix' ? value.series : null,
    range,
    notes: [...new Set(notes)],
    error: null,
    tookMs: instant.tookMs + (ranged?.tookMs ?? 0),
  };
}

/** Range vectors and strings can be asked for at one time only. A server may know more of the language than we do. */
function hasCourse(query: string, parser: ParserOptions): boolean {
  try {
    const type = typeOf(parseQuery(query, parser));
    return type === 'vector' || type === 'scalar';
  } catch {
    return true;
  }
}
