/** The live view's worker, as it is built, and the client that speaks with it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { received } from '../../../src/cli/live/protocol.ts';
import { Overtaken, QueryClient } from '../../../src/cli/live/query-client.ts';
import { root } from '../../cli.ts';
import { END, histogramData, START, textData } from '../../commands/query/data.ts';

const WORKER = pathToFileURL(join(root, 'dist', 'live', 'query-worker.mjs'));
const FLAGS = { 'max-samples': 100_000_000, insecure: false, 'follow-redirects': true };
const AT = { kind: 'instant', t: END } as const;

let dir: string;
let client: QueryClient;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tsmon-live-'));
  writeFileSync(join(dir, 'a.prom'), textData());
  writeFileSync(join(dir, 'b.jsonl'), histogramData());
  client = new QueryClient(WORKER, { from: [join(dir, 'a.prom'), join(dir, 'b.jsonl')], flags: FLAGS });
});
afterEach(async () => {
  await client.close();
  rmSync(dir, { recursive: true });
});

it('answers queries, native histograms included', async () => {
  const { value } = await client.ask<'query'>({
    kind: 'query',
    query: '{__name__=~"load|latency"}',
    times: AT,
  });
  const got = received(value);
  if (got.type !== 'vector') throw new Error(got.type);
  expect(got.series.map(({ labels }) => labels.toString()).sort()).toEqual([
    'latency{job="api"}',
    'load{instance="c", job="node"}',
  ]);
  expect(got.series.some(({ histograms }) => histograms?.[0]?.count === 8)).toBe(true);
});

it('sees what a file holds by now', async () => {
  const ask = async () => (await client.ask<'query'>({ kind: 'query', query: 'count(up)', times: AT })).value;
  expect(await ask()).toMatchObject({ series: [{ v: Float64Array.of(2) }] });
  writeFileSync(join(dir, 'a.prom'), `up 1 ${END}\n`);
  expect(await ask()).toMatchObject({ series: [{ v: Float64Array.of(1) }] });
});

it('looks up names, labels, values and the newest sample', async () => {
  expect(await client.ask<'metrics'>({ kind: 'metrics' })).toContainEqual({
    name: 'load',
    type: 'gauge',
    help: '',
  });
  expect(await client.ask<'labels'>({ kind: 'labels', metric: 'latency' })).toEqual(['__name__', 'job']);
  expect(await client.ask<'values'>({ kind: 'values', label: 'instance', metric: 'up' })).toEqual(['a', 'b']);
  expect(await client.ask<'latest'>({ kind: 'latest' })).toBe(END);
});

it('explains faults as the command does', async () => {
  const asked = client.ask<'query'>({ kind: 'query', query: 'sum(', times: AT });
  await expect(asked).rejects.toThrow('1:5: parse error: unclosed left parenthesis\n  sum(\n');
});

it('ends a query that is overtaken, and goes on', async () => {
  const terms = Array.from({ length: 300 }, (_, i) => `predict_linear(requests_total[10m], ${i})`);
  const times = { kind: 'range', start: START, end: END, stepMs: 1 } as const;
  const heavy = client.ask<'query'>({ kind: 'query', query: terms.join(' + '), times });
  const waiting = client.ask<'query'>({ kind: 'query', query: 'up', times: AT });
  const outcomes = Promise.allSettled([heavy, waiting]);
  // So that it is at work when it is cancelled.
  await new Promise((resolve) => setTimeout(resolve, 500));
  client.cancelQueries();
  for (const outcome of await outcomes) {
    expect(outcome.status).toBe('rejected');
    expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(Overtaken);
  }
  expect((await client.ask<'query'>({ kind: 'query', query: '1', times: AT })).value).toMatchObject({ v: 1 });
});
