/**
 * kill -9 of `tsmon serve` at random instants, at work and while it starts, under scraping, remote write and alerts: what
 * was acknowledged or could be seen is there when it is ready again, nothing is there that nobody wrote, and alerts go on
 * where they were. In the end the real Prometheus has the same of the directory, and is not ready before tsmon.
 * TSMON_CRASH_ROUNDS=100 for a long run.
 */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { directory, RunningServer } from '../commands/serve/running.ts';
import { serveHttp } from '../core/http/servers.ts';
import { messageV1, snappy, V1_HEADERS } from '../core/server/write-messages.ts';
import { RealPrometheus } from '../interop/prometheus.ts';
import { describeWith, peer } from '../peers.ts';

const ROUNDS = Number(process.env['TSMON_CRASH_ROUNDS'] ?? 5);
const SERIES = 20;
/** What a restart may add to how long an alert waits, beyond the time the server was away: evaluations, and rounding. */
const SLACK_MS = 3000;

const configuration = (target: string, receiver: string) => `
global: {scrape_interval: 250ms, scrape_timeout: 250ms, evaluation_interval: 250ms}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ['${receiver}']}]}]}
scrape_configs:
- job_name: app
  static_configs: [{targets: ['${target}']}]
`;

// A scrape that comes too late on a busy machine ends no alert.
const RULES = `groups:
- name: g
  rules:
  - {record: 'scraped:twice', expr: 2 * scraped_total}
  - {alert: Fires, expr: 'last_over_time(scraped_total[1m]) >= 0', for: 2s}
  - {alert: Waits, expr: 'last_over_time(scraped_total[1m]) >= 0', for: 12h}
`;

/** Writes one request after another, each with a number for value, to wherever the server is. */
class Writer {
  url: string | undefined;
  readonly acknowledged: number[] = [];
  private next = 1;
  private last = 0;
  private running = true;
  private readonly done: Promise<void>;

  constructor() {
    this.done = this.run();
  }

  get sent(): number {
    return this.next - 1;
  }

  async stop(): Promise<void> {
    this.running = false;
    await this.done;
  }

  private async run(): Promise<void> {
    while (this.running) {
      const { url } = this;
      if (url === undefined) {
        await sleep(5);
        continue;
      }
      const v = this.next++;
      this.last = Math.max(this.last + 1, Date.now());
      const series = Array.from({ length: SERIES }, (_, n) => ({
        labels: [['__name__', 'written'] as const, ['n', String(n)] as const],
        samples: [{ t: this.last, v }],
      }));
      const body = snappy(messageV1(series));
      const answer = await fetch(`${url}/api/v1/write`, { method: 'POST', headers: V1_HEADERS, body }).catch(
        () => undefined,
      );
      if (answer?.status === 204) this.acknowledged.push(v);
      await sleep(5);
    }
  }
}

interface Series {
  metric: Record<string, string>;
  values: [t: number, v: string][];
}

describeWith('tsmon serve, killed', { prometheus: peer('prometheus') }, () => {
  it(`comes back with all it had, ${ROUNDS} times`, async () => {
    let scrapes = 0;
    const target = await serveHttp((_, response) => {
      response.setHeader('Content-Type', 'text/plain; version=0.0.4');
      response.end(`scraped_total ${++scrapes}\n`);
    });
    const received: { labels: Record<string, string>; at: number }[] = [];
    const receiver = await serveHttp(async (request, response) => {
      let body = '';
      for await (const piece of request) body += piece;
      for (const { labels } of JSON.parse(body)) received.push({ labels, at: Date.now() });
      response.end();
    });
    const host = (url: string) => new URL(url).host;
    const dir = directory({
      'prometheus.yml': configuration(host(target), host(receiver)),
      'rules.yml': RULES,
    });
    const flags = [
      '--web.enable-remote-write-receiver',
      '--rules.alert.for-grace-period=0s',
      '--log.level=info',
    ];
    const writer = new Writer();
    const raw = async (server: RunningServer, query: string): Promise<Series[]> =>
      (await server.api(`query?query=${encodeURIComponent(query)}`)).result;
    const active = async (server: RunningServer) => {
      const { alerts } = await server.api('alerts');
      const of = (name: string) =>
        alerts.find(({ labels }: { labels: { alertname: string } }) => labels.alertname === name);
      return { fires: of('Fires'), waits: of('Waits') };
    };

    let seen: Series | undefined;
    let before: { firesAt: number; waitsAt: number; killedAt: number } | undefined;
    let startKills = 0;
    for (let round = 0; round < ROUNDS; round++) {
      if (round % 4 === 3) {
        const early = new RunningServer(dir, flags);
        await sleep(50 + Math.random() * 500);
        await early.end('SIGKILL');
        startKills++;
      }
      const server = new RunningServer(dir, flags);
      const url = await server.url();
      expect(server.log.filter((line) => line.includes('level=ERROR'))).toEqual([]);

      // All that was acknowledged, and nothing that was not sent; once each, in order.
      for (const n of ['0', String(SERIES - 1)]) {
        const [series] = await raw(server, `written{n="${n}"}[3h]`);
        const values = (series?.values ?? []).map(([, v]) => Number(v));
        const stored = new Set(values);
        expect(writer.acknowledged.filter((v) => !stored.has(v))).toEqual([]);
        expect(values.every((v, i) => v >= 1 && v <= writer.sent && (i === 0 || v > values[i - 1]))).toBe(
          true,
        );
      }
      // What a query has shown stays.
      if (seen !== undefined) {
        const [now] = await raw(server, 'scraped_total[3h]');
        const stored = new Map(now.values);
        expect(seen.values.filter(([t, v]) => stored.get(t) !== v)).toEqual([]);
      }
      writer.url = url;

      // Alerts go on: who fired fires, who waits has waited, but for the time when nobody looked.
      let state = await active(server);
      for (let i = 0; i < 200 && (state.fires?.state !== 'firing' || state.waits === undefined); i++) {
        await sleep(25);
        state = await active(server);
      }
      const [firesAt, waitsAt] = [Date.parse(state.fires.activeAt), Date.parse(state.waits.activeAt)];
      expect(state.waits.state).toBe('pending');
      if (before !== undefined) {
        const away = Date.now() - before.killedAt;
        // What says when it began counts in seconds.
        expect(Math.abs(firesAt - before.firesAt)).toBeLessThan(1100);
        expect(waitsAt - before.waitsAt).toBeGreaterThanOrEqual(-SLACK_MS);
        expect(waitsAt - before.waitsAt).toBeLessThan(away + SLACK_MS);
      }

      await sleep(200 + Math.random() * 1500);
      [seen] = await raw(server, 'scraped_total[3h]');
      const last = await active(server);
      writer.url = undefined;
      server.process.kill('SIGKILL');
      before = {
        firesAt: Date.parse(last.fires.activeAt),
        waitsAt: Date.parse(last.waits.activeAt),
        killedAt: Date.now(),
      };
      await server.end();
    }
    await writer.stop();
    // Alerts that were sent, in every life that was long enough.
    expect(received.filter(({ labels }) => labels['alertname'] === 'Fires').length).toBeGreaterThan(0);
    expect(received.every(({ labels }) => labels['alertname'] !== 'Waits')).toBe(true);

    // The same log, opened by either.
    const readyMs = { tsmon: [] as number[], prometheus: [] as number[] };
    for (let i = 0; i < 3; i++) {
      const [own, real] = ['own', 'real'].map((name) => join(dir, `${name}${i}`));
      for (const each of [own, real]) {
        mkdirSync(each);
        cpSync(join(dir, 'data'), join(each, 'data'), { recursive: true });
      }
      let started = performance.now();
      const server = new RunningServer(own, [
        '--config',
        join(dir, 'prometheus.yml'),
        '--no-scrape',
        '--no-rules',
      ]);
      await server.url();
      readyMs.tsmon.push(performance.now() - started);
      started = performance.now();
      const prometheus = await RealPrometheus.start(peer('prometheus')!, real);
      readyMs.prometheus.push(performance.now() - started);
      const query = 'sum by (n) (count_over_time(written[3h]))';
      const ours = await raw(server, query);
      const theirs = (await prometheus.get('query', { query })) as { result: { value: [number, string] }[] };
      const counts = (list: readonly object[]) =>
        list.map((one) => JSON.stringify((one as { value: unknown[] }).value[1])).sort();
      expect(counts(ours)).toEqual(counts(theirs.result));
      expect(ours).toHaveLength(SERIES);
      await server.end('SIGTERM');
      await prometheus.stop();
    }
    const shown = (list: number[]) => list.map(Math.round).join(', ');
    process.stdout.write(
      `${ROUNDS} rounds and ${startKills} kills at the start: ${writer.acknowledged.length} of ${writer.sent} requests ` +
        `acknowledged, ${scrapes} scrapes, ${received.length} alerts received; ready after ${shown(readyMs.tsmon)} ms ` +
        `(Prometheus: ${shown(readyMs.prometheus)} ms)\n`,
    );
  }, 3_600_000);
});
