/**
 * The programs that bench/promql.ts compares, all behind HTTP and each a process of its own, so that CPU time and
 * memory of either are its own: the engine on a directory, and a real Prometheus.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerPieces, instantQuery, rangeQuery } from '../src/core/promql/index.ts';
import { parserOptionsFor } from '../src/core/promql/parser/index.ts';
import { DirectorySource } from '../src/core/source/directory.ts';

export interface Running {
  name: string;
  process: ChildProcess;
  port: number;
}

/** Serves /api/v1/query and /api/v1/query_range over a directory, and prints the port. */
export function serveEngine(dir: string): void {
  const source = new DirectorySource(dir);
  const options = { parser: parserOptionsFor(['promql-experimental-functions']) };
  const server = createServer(async (incoming, response) => {
    let body = '';
    for await (const piece of incoming) body += piece;
    const form = new URLSearchParams(body);
    const ms = (name: string) => Math.round(Number(form.get(name)) * 1000);
    const query = form.get('query') ?? '';
    try {
      const result =
        incoming.url === '/api/v1/query'
          ? await instantQuery(source, query, ms('time'), options)
          : await rangeQuery(source, query, ms('start'), ms('end'), ms('step'), options);
      response.setHeader('content-type', 'application/json');
      const pieces = [...answerPieces({ value: result.value, warnings: [], infos: [] })];
      // An answer of one piece goes out in one write, with its length.
      const last = pieces.pop();
      for (const piece of pieces) response.write(piece);
      response.end(last);
    } catch (error) {
      response.statusCode = 422;
      response.end(String(error));
    }
  });
  // The other program may take long before it is this one's turn again.
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
}

/** `script` is the bundle that calls `serveEngine` when it is told `serve`. */
export async function startEngine(script: string, data: string): Promise<Running> {
  const child = spawn(process.execPath, [script, 'serve', data], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.once('data', (text) => resolve(Number(text)));
    child.once('exit', () => reject(new Error('the engine did not start')));
  });
  return { name: 'tsmon', process: child, port };
}

export async function startPrometheus(program: string, dir: string, data: string): Promise<Running> {
  const config = join(dir, 'prometheus.yml');
  writeFileSync(config, '');
  const port = await freePort();
  const child = spawn(
    program,
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--storage.tsdb.retention.time=100y',
      '--enable-feature=promql-experimental-functions',
    ],
    { stdio: 'ignore' },
  );
  for (let i = 0; i < 400; i++) {
    if ((await fetch(`http://127.0.0.1:${port}/-/ready`).catch(() => undefined))?.ok)
      return { name: 'Prometheus', process: child, port };
    await sleep(50);
  }
  throw new Error('Prometheus did not become ready');
}

const oneByOne = new Agent({ keepAlive: true, maxSockets: 1 });

/**
 * Asks and reads the whole answer; returns its length in bytes. Not compressed: that would measure gzip. One request after
 * another, unless there is another agent for it.
 */
export function ask({ port }: Running, path: string, body: string, agent = oneByOne): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
    };
    const sent = request({ host: '127.0.0.1', port, path, method: 'POST', agent, headers }, (response) => {
      let bytes = 0;
      const failed: Buffer[] = [];
      response.on('data', (piece: Buffer) => {
        bytes += piece.length;
        if (response.statusCode !== 200) failed.push(piece);
      });
      response.on('end', () => {
        if (failed.length > 0) reject(new Error(`${body}: ${Buffer.concat(failed)}`));
        else resolve(bytes);
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** CPU time that the threads of a process have used, ms; the clock of /proc/PID/stat goes in steps of ten. */
export function cpuMs({ process: child }: Running): number {
  let ns = 0;
  for (const thread of readdirSync(`/proc/${child.pid}/task`)) {
    ns += Number(readFileSync(`/proc/${child.pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  }
  return ns / 1e6;
}

/** The most memory that a process has had resident. */
export function peakMiB({ process: child }: Running): number {
  const peak = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
  return Math.round(Number(peak?.[1] ?? 0) / 1024);
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
