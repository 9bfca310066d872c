/**
 * A target written with Python's prometheus_client, scraped by the real Prometheus and by our scrape pool: both must
 * have stored the same series, values, stale markers and `scrape_*` series, scrape by scrape. Each of the two has
 * metrics of its own in the target, which take the same steps.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { parseConfig } from '../../src/core/config/index.ts';
import { describeWith, peer } from '../peers.ts';
import { freePort } from './exporters.ts';
import { runOwnPool } from './own-pool.ts';
import { RealPrometheus } from './prometheus.ts';
import { type StoredSamples, storedByScrape, storedSamples } from './stored-samples.ts';

const SCRAPES = 8;
const JOBS = ['openmetrics', 'text'];

const TARGET = `
import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from prometheus_client import (CollectorRegistry, Counter, Enum, GCCollector, Gauge, Histogram, Info,
                               PlatformCollector, ProcessCollector, Summary)
from prometheus_client.exposition import choose_encoder

class Play:
    def __init__(self):
        self.scrapes = 0
        self.registry = r = CollectorRegistry()
        for collector in (GCCollector, PlatformCollector, ProcessCollector):
            collector(registry=r)
        self.jobs = Counter('jobs', 'Done.', ['queue'], registry=r)
        self.depth = Gauge('depth', 'With "quotes",\\nlines and \\\\.', ['queue'], registry=r)
        self.size = Summary('size_bytes', 'Of requests.', registry=r)
        self.took = Histogram('took_seconds', 'Of calls.', buckets=(0.1, 1, 2.5), registry=r)
        self.build = Info('build', 'What runs.', registry=r)
        self.state = Enum('state', 'Of it.', states=['starting', 'running'], registry=r)
        self.build.info({'version': '1.2.3'})

    def step(self):
        n = self.scrapes
        self.scrapes += 1
        self.jobs.labels('a').inc(n, exemplar={'trace': str(n)})
        self.depth.labels('a').set(float('nan') if n == 2 else n / 3)
        self.depth.labels('b "\\u00fc"\\n').set(1e300 * n)
        self.size.observe(n)
        self.took.observe(n / 2)
        if n == 1:
            self.state.state('running')
        if n == 3:
            self.depth.remove('b "\\u00fc"\\n')
        if n == 5:
            self.jobs.clear()

plays = {}

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        status, kind = 200, 'application/json'
        if self.path == '/plays':
            body = json.dumps({key: play.scrapes for key, play in plays.items()}).encode()
        else:
            key = self.headers['User-Agent'].split('/')[0] + self.path
            play = plays.setdefault(key, Play())
            play.step()
            encode, kind = choose_encoder(self.headers['Accept'])
            body = encode(play.registry)
            if play.scrapes == 5:
                status = 500
        self.send_response(status)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass

ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
`;

/** `python3`, where it has the package. */
function pythonWithClient(): string | undefined {
  try {
    execFileSync('python3', ['-c', 'import prometheus_client'], { stdio: 'ignore' });
    return 'python3';
  } catch {
    return undefined;
  }
}

const programs = { prometheus: peer('prometheus'), promtool: peer('promtool') };
/** Unlike the peers it is not handed to CI, which can only try to get it. */
const python = pythonWithClient();
const absence = python === undefined ? ' (skipped: python3 has no prometheus_client)' : '';

describeWith("a target of Python's prometheus_client", programs, () => {
  it.skipIf(python === undefined)(
    `is stored as the real Prometheus stores it${absence}`,
    async () => {
      const dir = mkdtempSync(join(tmpdir(), 'tsmon-python-'));
      onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
      const address = `127.0.0.1:${await freePort()}`;
      const target = spawn(python!, ['-c', TARGET, address.split(':')[1]], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      onTestFinished(() => {
        target.kill();
      });
      const plays = async (agent: string): Promise<number> => {
        const answer = await fetch(`http://${address}/plays`).catch(() => undefined);
        const counts = answer === undefined ? {} : ((await answer.json()) as Record<string, number>);
        return Math.min(...JOBS.map((job) => counts[`${agent}/${job}`] ?? 0));
      };
      const playedTo = (agent: string) => async () => {
        while ((await plays(agent)) <= SCRAPES) await sleep(50);
      };
      const job = (name: string, protocols: string) => `- job_name: ${name}
  metrics_path: /${name}
  scrape_protocols: [${protocols}]
  static_configs: [{targets: ['${address}']}]
`;
      const config = `global: {scrape_interval: 500ms, scrape_timeout: 500ms}
scrape_configs:
${job('openmetrics', 'OpenMetricsText1.0.0')}${job('text', 'PrometheusText0.0.4')}`;

      const real = await RealPrometheus.start(programs.prometheus!, dir, config);
      onTestFinished(() => real.stop());
      await playedTo('Prometheus')();
      await real.stop();
      const theirs = storedSamples(programs.promtool!, real.data);
      const data = join(dir, 'ours');
      await runOwnPool(data, parseConfig(config, {}).config.scrapeConfigs, playedTo('tsmon'));
      const ours = storedSamples(programs.promtool!, data);

      for (const name of JOBS) {
        const [own, real] = [shown(ours, name), shown(theirs, name)];
        expect(own).toHaveLength(SCRAPES);
        for (let i = 0; i < SCRAPES; i++) expect({ name, i, ...own[i] }).toEqual({ name, i, ...real[i] });
        const created = Object.keys(own[0]).filter((series) =>
          /__name__="jobs_(?:created|total)"/.test(series),
        );
        expect(created).toHaveLength(2);
        const ups = own.map((scrape) => Object.entries(scrape).find(([series]) => /"up"/.test(series))![1]);
        expect(ups).toEqual(['1', '1', '1', '1', '0', '1', '1', '1']);
      }
    },
    60_000,
  );
});

/** What the process says of itself is another value each time, but the same series. */
function shown(samples: StoredSamples, job: string): Record<string, string>[] {
  return storedByScrape(samples, job, SCRAPES).map((scrape) =>
    Object.fromEntries(
      Object.entries(scrape).map(([series, v]) => {
        const differs = /__name__="(?:process_|python_gc_|\w+_created")/.test(series) && v !== 'NaN';
        return [series, differs ? 'any' : v];
      }),
    ),
  );
}
