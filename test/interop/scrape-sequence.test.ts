/**
 * A target that changes from one scrape to the next, scraped by the real Prometheus and by our scraper: after each
 * scrape both must have stored the same samples, stale markers and numbers about the scrape.
 *
 * Left out on purpose is what becomes of series that are in a body which fails, at a bad line or a limit: Prometheus
 * 3.5 takes those before the fault for still there, and gives them no stale marker for as long as the target stays
 * broken in the same way. Ours end with the first scrape that fails.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { DEFAULT_SCRAPE_PROTOCOLS } from '../../src/core/exposition/negotiation.ts';
import { isStale } from '../../src/core/model/index.ts';
import {
  NO_LIMITS,
  openScrapers,
  type ScrapeResult,
  targetFromArgument,
} from '../../src/core/scrape/index.ts';
import { serveHttp } from '../core/http/servers.ts';
import { describeWith, peer } from '../peers.ts';
import { RealPrometheus } from './prometheus.ts';

const BODIES: readonly (string | number)[] = [
  'a 1\nb{x="1"} 1\nc 1\n',
  'a 2\nb{x="1"} 2\nc 2\n',
  'a 3\nc NaN\nd +Inf\n',
  503,
  503,
  'a 4\nb{x="1"} 4\nc 4\n',
  'a 5\na 6\nb{x="1"} 5\n',
  'b{x="1"} 6\nb{x="2"} 6\nb{x="3"} 6\n',
  '',
  'a 7\nc 7\n',
  'a 9\nb{x="1"} 9\nc 9\n',
  'a{job="own",instance="own",exported_job="mine"} 10\n',
  'a 11\n',
  '{"quoted.name"} 12\nb{x="1"} 12\n',
  'a 13\n',
  '',
  'a 8\nb{x="1"} 8\nc 8\nd 8\ne 8\nf 8\ng 8\nh 8\n',
];
const SAMPLE_LIMIT = 6;

/** What one scrape stored: series -> value, without the duration. */
type Step = Record<string, string>;

async function serve(): Promise<string> {
  let next = 0;
  const url = await serveHttp((_request, response) => {
    const body = BODIES[Math.min(next++, BODIES.length - 1)];
    if (typeof body === 'number') response.writeHead(body).end();
    else response.writeHead(200, { 'Content-Type': 'text/plain; version=1.0.0' }).end(body);
  });
  return new URL(url).host;
}

function seriesName(labels: Record<string, string>, instance: string): string {
  const shown = Object.entries(labels).map(([name, value]) => [name, value === instance ? 'TARGET' : value]);
  return JSON.stringify(shown.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function stepOf({ batch, series }: ScrapeResult, instance: string): Step {
  const step: Step = {};
  for (let row = 0; row < batch.length; row++) {
    const labels = series.labels[batch.series[row]]!.toObject();
    if (labels['__name__'] === 'scrape_duration_seconds') continue;
    step[seriesName(labels, instance)] = isStale(batch.v, row) ? 'stale' : String(batch.v[row]);
  }
  return step;
}

/** `promtool tsdb dump`, by scrape. */
function storedSteps(dump: string, instance: string): Step[] {
  const byTime = new Map<number, Step>();
  for (const line of dump.trim().split('\n')) {
    const end = line.lastIndexOf('} ') + 1;
    const labels: Record<string, string> = {};
    for (const [, quoted, bare, value] of line.slice(1, end - 1).matchAll(/(?:"([^"]*)"|(\w+))="([^"]*)"/g)) {
      labels[quoted ?? bare] = value;
    }
    if (labels['__name__'] === 'scrape_duration_seconds') continue;
    const [value, time] = line.slice(end + 1).split(' ');
    const step = byTime.get(Number(time)) ?? {};
    // The dump shows both kinds of NaN alike; which one a scrape can give is known from its body.
    step[seriesName(labels, instance)] = value.replace(/^([+-]?)Inf$/, '$1Infinity').replace(/^\+/, '');
    byTime.set(Number(time), step);
  }
  return [...byTime].sort(([a], [b]) => a - b).map(([, step]) => step);
}

const prometheusProgram = peer('prometheus');
const promtool = peer('promtool');

describeWith('one scrape after another', { prometheus: prometheusProgram, promtool }, () => {
  it('leaves what it leaves in the real Prometheus', async () => {
    const ourInstance = await serve();
    const { scrapers } = await openScrapers([targetFromArgument(ourInstance, { job: 'j', labels: {} })], {
      clock: systemClock,
      client: { userAgent: 'tsmon/test', keepAlive: false },
      timeoutMs: 10_000,
      bodySizeLimitBytes: 0,
      protocols: DEFAULT_SCRAPE_PROTOCOLS,
      fallbackProtocol: undefined,
      honorLabels: false,
      honorTimestamps: true,
      trackTimestampsStaleness: false,
      limits: { ...NO_LIMITS, samples: SAMPLE_LIMIT },
      raw: false,
      stdin: process.stdin,
      textfileDirectories: [],
    });
    const ours: Step[] = [];
    for (let i = 0; i < BODIES.length; i++) ours.push(stepOf(await scrapers[0].scrape(i), ourInstance));

    const theirInstance = await serve();
    const prometheus = await RealPrometheus.start(
      prometheusProgram!,
      mkdtempSync(join(tmpdir(), 'tsmon-scrape-')),
      `global: {scrape_interval: 250ms, scrape_timeout: 250ms}
scrape_configs:
- job_name: j
  sample_limit: ${SAMPLE_LIMIT}
  static_configs: [{targets: ['${theirInstance}']}]
`,
    );
    for (let i = 0; i < 200; i++) {
      await sleep(100);
      const { result } = (await prometheus.get('query', { query: 'count_over_time(up[5m])' })) as {
        result: { value: [number, string] }[];
      };
      if (Number(result[0]?.value[1] ?? 0) > BODIES.length) break;
    }
    await prometheus.stop();
    const dump = execFileSync(promtool!, ['tsdb', 'dump', prometheus.data], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    const theirs = storedSteps(dump, theirInstance).slice(0, BODIES.length);

    expect(theirs).toHaveLength(BODIES.length);
    for (let i = 0; i < BODIES.length; i++) {
      const shown = Object.fromEntries(
        Object.entries(ours[i]).map(([name, value]) => [name, value === 'stale' ? 'NaN' : value]),
      );
      expect({ scrape: i, ...shown }).toEqual({ scrape: i, ...theirs[i] });
    }
    expect(Object.values(ours[2])).toContain('stale');
  });
});
