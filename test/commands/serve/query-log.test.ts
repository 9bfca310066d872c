import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { directory, RunningServer } from './running.ts';

const RULES = 'groups: [{name: g, interval: 1s, rules: [{record: r, expr: vector(7)}]}]\n';

// biome-ignore lint/suspicious/noExplicitAny: what a line looks like is what the tests say.
function lines(file: string): any[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

it('has a line for each query of users and rules, with what it was, took and read', async () => {
  const dir = directory({
    'prometheus.yml': 'global: {query_log_file: q.log}\nrule_files: [r.yml]\n',
    'r.yml': RULES,
  });
  const server = new RunningServer(dir, []);
  const base = `${await server.url()}/api/v1`;
  const log = join(dir, 'q.log');
  await vi.waitFor(() => expect(lines(log).length).toBeGreaterThan(1), 10_000);
  await fetch(`${base}/query?query=r%2B1&time=12.5`);
  await fetch(`${base}/query_range`, {
    method: 'POST',
    body: new URLSearchParams({ query: 'count(r)', start: '100', end: '200', step: '15.5' }),
  });
  await fetch(`${base}/query?query=label_replace(r,"a","$1","b","(")`);
  await fetch(`${base}/query?query=nonsense(`);
  await vi.waitFor(() => expect(lines(log).filter((line) => line.httpRequest).length).toBe(3), 5000);
  const own = lines(log).filter((line) => line.httpRequest);
  expect(own[0]).toMatchObject({
    level: 'INFO',
    msg: 'promql query logged',
    params: {
      query: 'r+1',
      start: '1970-01-01T00:00:12.500Z',
      end: '1970-01-01T00:00:12.500Z',
      step: 0,
    },
    httpRequest: { clientIP: '127.0.0.1', method: 'GET', path: '/api/v1/query' },
    spanID: '0000000000000000',
  });
  expect(Date.parse(own[0].time)).not.toBeNaN();
  expect(Object.keys(own[0].stats.timings).sort()).toEqual([
    'evalTotalTime',
    'execQueueTime',
    'execTotalTime',
    'innerEvalTime',
    'queryPreparationTime',
    'resultSortTime',
  ]);
  expect(own[0].stats.samples).toEqual({ totalQueryableSamples: 0, peakSamples: expect.any(Number) });
  expect(own[0]).not.toHaveProperty('error');
  expect(own[1].params).toEqual({
    query: 'count(r)',
    start: '1970-01-01T00:01:40.000Z',
    end: '1970-01-01T00:03:20.000Z',
    step: 15,
  });
  expect(own[1].httpRequest.method).toBe('POST');
  expect(own[2].error).toContain('regular expression');
  const rule = lines(log).find((line) => line.ruleGroup);
  expect(rule.ruleGroup).toEqual({ file: 'r.yml', name: 'g' });
  expect(rule.params).toMatchObject({ query: 'vector(7)', step: 0 });
  const metrics = await (await fetch(`${await server.url()}/metrics`)).text();
  expect(metrics).toContain('\nprometheus_engine_query_log_enabled 1\n');
  expect(metrics).toContain('\nprometheus_engine_query_log_failures_total 0\n');
  expect(metrics).toMatch(/\nprometheus_engine_query_duration_seconds_count\{slice="inner_eval"\} [1-9]/);
  expect(await server.end('SIGTERM')).toBe(0);
});

it('is opened anew by a reload, which fails where it cannot be', async () => {
  const config = (file: string) => `global: {query_log_file: '${file}'}\n`;
  const dir = directory({ 'prometheus.yml': config('q.log') });
  const server = new RunningServer(dir, ['--web.enable-lifecycle']);
  const base = await server.url();
  const ask = () => fetch(`${base}/api/v1/query?query=1`);
  const reload = async (file: string) => {
    writeFileSync(join(dir, 'prometheus.yml'), config(file));
    return (await fetch(`${base}/-/reload`, { method: 'POST' })).status;
  };
  const log = join(dir, 'q.log');
  await ask();
  await vi.waitFor(() => expect(lines(log)).toHaveLength(1));
  renameSync(log, `${log}.1`);
  await ask();
  await vi.waitFor(() => expect(lines(`${log}.1`)).toHaveLength(2));
  expect(await reload('q.log')).toBe(200);
  await ask();
  await vi.waitFor(() => expect(lines(log)).toHaveLength(1));
  expect(await reload('nowhere/q.log')).toBe(500);
  await ask();
  await vi.waitFor(() => expect(lines(log)).toHaveLength(2));
  expect(await reload('')).toBe(200);
  await ask();
  expect(await (await fetch(`${base}/metrics`)).text()).toContain(
    '\nprometheus_engine_query_log_enabled 0\n',
  );
  expect(await server.end('SIGTERM')).toBe(0);
  expect(lines(log)).toHaveLength(2);
});

it('a server whose log cannot be opened does not start', async () => {
  const dir = directory({ 'prometheus.yml': 'global: {query_log_file: nowhere/q.log}\n' });
  const server = new RunningServer(dir, []);
  expect(await server.end()).toBe(2);
  expect(server.log.join('\n')).toContain('query_log_file');
  expect(existsSync(join(dir, 'data'))).toBe(false);
});
