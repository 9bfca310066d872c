/**
 * The verdict of the running Prometheus: it scrapes hundreds of small expositions, well-formed, odd and wrong ones,
 * and ours takes those that it takes, with the same series and values, and refuses those that it refuses. Where we
 * differ on purpose is said in exposition-cases.ts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createParser } from '../../src/core/exposition/format.ts';
import { openMetricsDocument, textDocument } from '../core/exposition/documents.ts';
import { parseAll, type Row } from '../core/exposition/rows.ts';
import { RealPrometheus } from '../interop/prometheus.ts';
import { describeWith, peer } from '../peers.ts';
import { OPENMETRICS_CASES, TEXT_CASES } from './exposition-cases.ts';

const prometheusPath = peer('prometheus');
const RANDOM_DOCUMENTS = 150;

interface Case {
  format: 'text' | 'openmetrics';
  body: Buffer;
}

const CONTENT_TYPES = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const seed = Date.now() & 0x7fffffff;
const cases: Case[] = [
  ...TEXT_CASES.map((body): Case => ({ format: 'text', body: latin1(body) })),
  ...OPENMETRICS_CASES.map((body): Case => ({ format: 'openmetrics', body: latin1(body) })),
  ...fc
    .sample(textDocument(3, false), { seed, numRuns: RANDOM_DOCUMENTS })
    .map((text): Case => ({ format: 'text', body: Buffer.from(text) })),
  ...fc
    .sample(openMetricsDocument(3, false), { seed, numRuns: RANDOM_DOCUMENTS })
    .map((text): Case => ({ format: 'openmetrics', body: Buffer.from(text) })),
];

interface Verdict {
  error: string;
  series: Map<string, string>;
}

describeWith('Prometheus', { prometheus: prometheusPath }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-exposition-'));
  let server: Server;
  let prometheus: RealPrometheus;
  let verdicts: Verdict[];

  beforeAll(async () => {
    server = createServer((request, response) => {
      const { format, body } = cases[Number(request.url!.slice(1))];
      response.setHeader('Content-Type', CONTENT_TYPES[format]);
      response.end(body);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    prometheus = await RealPrometheus.start(prometheusPath!, dir, configFor(port));
    verdicts = await verdictsOf(prometheus);
  });
  afterAll(async () => {
    await prometheus?.stop();
    server?.closeAllConnections();
    server?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('agrees about what is an exposition', () => {
    const disagreements = cases.flatMap(({ format, body }, i) => {
      const ours = parsed(cases[i]);
      const theirs = verdicts[i].error;
      if ((typeof ours === 'string') === (theirs !== '')) return [];
      return [
        { format, body: body.toString(), ours: typeof ours === 'string' ? ours : 'accepted', theirs, seed },
      ];
    });
    expect(disagreements).toEqual([]);
  });

  it('agrees about series and values', () => {
    let compared = 0;
    cases.forEach((of, i) => {
      const rows = parsed(of);
      if (typeof rows === 'string' || verdicts[i].error !== '') return;
      // A sample with a time of its own may be out of the range that Prometheus stores.
      const ours = new Map<string, string>();
      for (const row of rows) {
        const key = JSON.stringify(row.labels);
        if (row.t === null && !ours.has(key)) ours.set(key, row.bits!);
      }
      const timed = new Set(rows.filter((row) => row.t !== null).map((row) => JSON.stringify(row.labels)));
      const theirs = [...verdicts[i].series].filter(([key]) => !timed.has(key));
      expect(theirs.sort(), `${of.body} (seed ${seed})`).toEqual(
        [...ours].filter(([key]) => !timed.has(key)).sort(),
      );
      compared += theirs.length;
    });
    expect(compared).toBeGreaterThan(150);
  });
});

/** The rows, or what is wrong. */
function parsed({ format, body }: Case): Row[] | string {
  try {
    return parseAll((table) => createParser(format, table), body);
  } catch (error) {
    return (error as Error).message;
  }
}

function configFor(port: number): string {
  const targets = cases.map((_, i) => ({
    targets: [`127.0.0.1:${port}`],
    labels: { __metrics_path__: `/${i}`, oracle_case: String(i) },
  }));
  // YAML includes JSON.
  return JSON.stringify({
    global: { scrape_interval: '4s', scrape_timeout: '4s' },
    scrape_configs: [{ job_name: 'o', static_configs: targets }],
  });
}

/** What counts is the first scrape: of a series that it refused there Prometheus says nothing in the next. */
async function verdictsOf(prometheus: RealPrometheus): Promise<Verdict[]> {
  const verdicts = cases.map((): Verdict => ({ error: '', series: new Map() }));
  const told = new Set<string>();
  for (let tries = 0; ; tries++) {
    const { activeTargets } = (await prometheus.get('targets')) as {
      activeTargets: { labels: Record<string, string>; health: string; lastError: string }[];
    };
    for (const { labels, health, lastError } of activeTargets) {
      const number = labels['oracle_case'];
      if (health === 'unknown' || told.has(number)) continue;
      told.add(number);
      verdicts[Number(number)].error = lastError;
    }
    if (told.size === cases.length) break;
    if (tries === 400) throw new Error(`not all targets were scraped:\n${prometheus.log}`);
    await sleep(100);
  }
  const { result } = (await prometheus.get('query', {
    query: '{oracle_case!="",__name__!~"up|scrape_.*"}[1m]',
  })) as {
    result: { metric: Record<string, string>; values: [number, string][] }[];
  };
  for (const { metric, values } of result) {
    const { oracle_case, job: _job, instance: _instance, ...labels } = metric;
    const column = Float64Array.of(Number(values[0][1].replace('Inf', 'Infinity')));
    const hex =
      values[0][1] === 'NaN' ? '7ff8000000000001' : Buffer.from(column.buffer).reverse().toString('hex');
    verdicts[Number(oracle_case)].series.set(JSON.stringify(sortedByBytes(labels)), hex);
  }
  return verdicts;
}

function sortedByBytes(labels: Record<string, string>): Record<string, string> {
  const names = Object.keys(labels).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return Object.fromEntries(names.map((name) => [name, labels[name]]));
}
