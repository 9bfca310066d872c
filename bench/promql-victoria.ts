/**
 * VictoriaMetrics for bench/promql.ts, with the samples of a data directory. What it answers differs (it extrapolates
 * nothing, and looks at the sample before a window), so it is there for its speed alone; its cache of answers is off.
 */
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Matcher, SampleColumns } from '../src/core/model/index.ts';
import { DirectorySource } from '../src/core/source/directory.ts';
import { freePort, type Running } from './promql-server.ts';

const IMPORT_PIECE = 8 * 1024 * 1024;

/** Starts it on what it keeps in `dir`, into which the series of `data` are copied the first time. */
export async function startVictoria(program: string, dir: string, data: string): Promise<Running> {
  const port = await freePort();
  const args = [
    `-storageDataPath=${join(dir, 'victoria')}`,
    `-httpListenAddr=127.0.0.1:${port}`,
    '-retentionPeriod=100y',
    '-search.disableCache',
    '-search.latencyOffset=0s',
    '-search.maxUniqueTimeseries=1000000',
  ];
  const child = spawn(program, args, { stdio: 'ignore' });
  for (let i = 0; !(await isReady(port)); i++) {
    if (i === 400) throw new Error('VictoriaMetrics did not become ready');
    await sleep(50);
  }
  const running = { name: 'VictoriaMetrics', process: child, port };
  const copied = join(dir, 'victoria-copied');
  if (!existsSync(copied)) {
    await copy(data, port);
    writeFileSync(copied, '');
  }
  return running;
}

async function isReady(port: number): Promise<boolean> {
  return (await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined))?.ok ?? false;
}

async function copy(data: string, port: number): Promise<void> {
  const source = new DirectorySource(data);
  const { mint, maxt } = (await source.extent())!;
  const set = await source.select([new Matcher('=~', '__name__', '.+')], { mint, maxt });
  const columns = new SampleColumns();
  let lines = '';
  for (let i = 0; i < set.length; i++) {
    columns.clear();
    set.read(i, columns);
    const { length, t, v } = columns;
    const values = Array.from(v.subarray(0, length)).join();
    const timestamps = Array.from(t.subarray(0, length)).join();
    const metric = JSON.stringify(set.labels(i).toObject());
    lines += `{"metric":${metric},"values":[${values}],"timestamps":[${timestamps}]}\n`;
    if (lines.length < IMPORT_PIECE && i + 1 < set.length) continue;
    await post(port, '/api/v1/import', lines);
    lines = '';
  }
  await source.close();
  // What was imported is searched only after a while, or when it is made so.
  await post(port, '/internal/force_flush', '');
}

const agent = new Agent({ keepAlive: true });

function post(port: number, path: string, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method: 'POST', agent }, (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode! < 300) resolve();
        else reject(new Error(`${path}: ${response.statusCode}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
