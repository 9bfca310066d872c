/**
 * The feature `created-timestamp-zero-ingestion`: a series that says when it began gets a zero at that time. A target
 * plays the same piece to the real Prometheus and to our scrape pool, as OpenMetrics and as protobuf; both must have
 * stored the same samples, zeros included.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { parseConfig } from '../../src/core/config/index.ts';
import {
  Batch,
  createParser,
  createWriter,
  SeriesTable,
  writeBatch,
} from '../../src/core/exposition/index.ts';
import { serveHttp } from '../core/http/servers.ts';
import { describeWith, peer } from '../peers.ts';
import { runOwnPool } from './own-pool.ts';
import { RealPrometheus } from './prometheus.ts';
import { ofJob, type StoredSamples, scrapeTimes, storedSamples } from './stored-samples.ts';

const JOBS = ['text', 'proto'];
const INTERVAL_MS = 500;
const HOUR_MS = 3_600_000;

/** When the series of a body began, ms before it was asked for; negative for later. */
const PIECE: readonly (number | 'fails')[] = [
  30_000,
  30_000 + INTERVAL_MS,
  100,
  50 * HOUR_MS,
  -HOUR_MS,
  'fails',
  100,
  30_000,
];

function body(scrape: number, st: number): string {
  const created = (st / 1000).toFixed(3);
  return `# TYPE c counter
c_total{a="1"} ${scrape}
c_created{a="1"} ${created}
c_total{a="2"} 7
# TYPE h histogram
h_bucket{le="1.0"} 1
h_bucket{le="+Inf"} 2
h_count 2
h_sum ${scrape}
h_created ${created}
# TYPE s summary
s{quantile="0.5"} ${scrape}
s_count 4
s_sum 5
s_created ${created}
# TYPE g gauge
g ${scrape}
# TYPE timed counter
timed_total ${scrape} ${((Date.now() - 50) / 1000).toFixed(3)}
timed_created ${created}
# EOF
`;
}

/**
 * A native histogram that began at `st`, which only JSON Lines can say in text. At one that is too old Prometheus 3.5
 * ends with a fatal error (it unlocks a lock twice).
 */
function native(scrape: number, st: number): string {
  const histogram = { count: 3, sum: scrape, schema: 0, positive_spans: [[0, 2]], positive_buckets: [1, 2] };
  return `${JSON.stringify({
    metric: { __name__: 'n' },
    histograms: [histogram],
    timestamps: [null],
    start_timestamps: [st < Date.now() - HOUR_MS ? 0 : st],
    type: 'histogram',
  })}\n`;
}

function asProtobuf(scrape: number, st: number): Uint8Array {
  const writer = createWriter('protobuf');
  for (const [format, text] of [
    ['openmetrics', body(scrape, st)],
    ['jsonl', native(scrape, st)],
  ] as const) {
    const table = new SeriesTable();
    const batch = new Batch();
    const parser = createParser(format, table, { createdAsStart: true });
    parser.write(new TextEncoder().encode(text), batch);
    parser.end(batch);
    writeBatch(writer, batch, table);
  }
  writer.end();
  return writer.take();
}

const programs = { prometheus: peer('prometheus'), promtool: peer('promtool') };

/** The samples of each series with times as scrapes (`2`) or between them (`1-2`), where the piece lasts. */
function played(samples: StoredSamples, job: string): Record<string, string[]> {
  const times = scrapeTimes(samples, job).slice(0, PIECE.length);
  const found: Record<string, string[]> = {};
  for (const [series, list] of ofJob(samples, job)) {
    if (series.includes('duration')) continue;
    found[series.replace(/instance="[^"]*"/, '')] = list
      .filter(({ t }) => t <= times.at(-1)!)
      .map(({ t, v }) => {
        const next = times.findIndex((time) => time >= t);
        return `${v} @${times[next] === t ? next : `${next - 1}-${next}`}`;
      });
  }
  return found;
}

describeWith('series that say when they began', programs, () => {
  it('have the same zeros as in the real Prometheus', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'tsmon-created-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const plays = new Map<string, number>();
    const url = await serveHttp((request, response) => {
      const play = request.url!;
      const scrape = plays.get(play) ?? 0;
      plays.set(play, scrape + 1);
      const age = PIECE[Math.min(scrape, PIECE.length - 1)];
      const isProto = request.url === '/proto';
      const type = isProto
        ? 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'
        : 'application/openmetrics-text; version=1.0.0';
      response.writeHead(age === 'fails' ? 503 : 200, { 'Content-Type': type });
      const st = age === 'fails' ? 0 : Date.now() - age;
      response.end(isProto ? asProtobuf(scrape, st) : body(scrape, st));
    });
    const isPlayed = async () => {
      while (plays.size < JOBS.length || [...plays.values()].some((n) => n <= PIECE.length)) await sleep(50);
    };
    const jobs = JOBS.map(
      (name) =>
        `- job_name: ${name}\n  metrics_path: /${name}\n  static_configs: [{targets: ['${new URL(url).host}']}]\n`,
    );
    const config = `global: {scrape_interval: ${INTERVAL_MS}ms, scrape_timeout: ${INTERVAL_MS}ms}
scrape_configs:
${jobs.join('')}`;
    const real = await RealPrometheus.start(programs.prometheus!, dir, config, [
      '--enable-feature=created-timestamp-zero-ingestion',
    ]);
    await isPlayed();
    await real.stop();
    const theirs = storedSamples(programs.promtool!, real.data);

    plays.clear();
    const { scrapeConfigs } = parseConfig(config, {
      on: ['scrape_protocols', 'scrape_native_histograms'],
    }).config;
    const data = join(dir, 'ours');
    await runOwnPool(data, scrapeConfigs, isPlayed, { createdAsStart: true });
    const ours = storedSamples(programs.promtool!, data);

    for (const job of JOBS) {
      const found = played(ours, job);
      expect(Object.keys(found).some((series) => series.includes('_created'))).toBe(false);
      expect({ job, ...found }).toEqual({ job, ...played(theirs, job) });
      const counter = Object.entries(found).find(([series]) => /"c_total".*a="1"/.test(series))![1];
      expect(counter.filter((sample) => sample.startsWith('0 '))).toEqual([
        '0 @-1-0',
        '0 @0',
        '0 @1-2',
        '0 @5-6',
      ]);
    }
  }, 60_000);
});
