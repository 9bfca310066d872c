/** promtool's commands that speak to a server: what they send, and what they make of the answer. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { snappyDecompress } from '../../../src/core/encoding/snappy.ts';
import { decodeWriteV1 } from '../../../src/core/remote/write-codec.ts';
import { type Finished, launcher } from '../../cli.ts';

const dir = mkdtempSync(join(tmpdir(), 'tsmon-promtool-servers-'));
const asked: { path: string; headers: IncomingHttpHeaders; body: Buffer }[] = [];
let server: Server;
let base = '';

beforeAll(async () => {
  server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const path = request.url ?? '';
      asked.push({ path, headers: request.headers, body: Buffer.concat(pieces) });
      response.statusCode = path === '/full' ? 400 : path.startsWith('/debug/') ? 404 : 200;
      response.end(
        path.startsWith('/api/')
          ? '{"status":"success","data":{"resultType":"vector","result":[]}}'
          : 'out of room',
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(
    join(dir, 'm.prom'),
    '# HELP a_total of it\n# TYPE a_total counter\na_total{x="1"} 5\na_total{x="2"} 6 1700000000000\n',
  );
  writeFileSync(join(dir, 'bad.prom'), '# TYPE a coun\n');
  writeFileSync(join(dir, 'http.yml'), 'basic_auth: {username: me, password: secret}\n');
});
afterAll(() => {
  server.close();
  rmSync(dir, { recursive: true });
});
beforeEach(() => {
  asked.length = 0;
});

/** The server is in this process, which must not wait for the command in one piece. */
function promtool(...args: string[]): Promise<Finished> {
  const child = spawn(process.execPath, [launcher, 'promtool', ...args], { cwd: dir });
  const out: Finished = { status: null, stdout: '', stderr: '' };
  child.stdout.on('data', (piece) => {
    out.stdout += piece;
  });
  child.stderr.on('data', (piece) => {
    out.stderr += piece;
  });
  return new Promise((resolve) => child.on('close', (status) => resolve({ ...out, status })));
}

it('push metrics writes samples, with labels and headers', async () => {
  const args = ['--label', 'job=z', '--header', 'X-Tenant=t', '--http.config.file', 'http.yml'];
  expect(await promtool('push', 'metrics', ...args, `${base}/write`, 'm.prom')).toEqual({
    status: 0,
    stdout: 'Parsing metrics file m.prom\n  SUCCESS: metrics file m.prom pushed to remote write.\n',
    stderr: '',
  });
  const [{ path, headers, body }] = asked;
  expect(path).toBe('/write');
  expect(headers).toMatchObject({
    'content-encoding': 'snappy',
    'content-type': 'application/x-protobuf',
    'x-prometheus-remote-write-version': '0.1.0',
    'x-tenant': 't',
    authorization: `Basic ${Buffer.from('me:secret').toString('base64')}`,
  });
  const written: unknown[] = [];
  decodeWriteV1(snappyDecompress(body, 1000), ({ labels, samples }) =>
    written.push([Object.fromEntries(labels), samples.v[0], samples.t[0] === 1_700_000_000_000]),
  );
  expect(written).toEqual([
    [{ __name__: 'a_total', job: 'z', x: '1' }, 5, false],
    [{ __name__: 'a_total', job: 'z', x: '2' }, 6, true],
  ]);
});

it('push metrics tells what a server refuses, and goes on with the next file', async () => {
  expect(await promtool('push', 'metrics', `${base}/full`, 'bad.prom', 'm.prom')).toEqual({
    status: 1,
    stdout: 'Parsing metrics file bad.prom\nParsing metrics file m.prom\n',
    stderr:
      '  FAILED: text format parsing error in line 1: unknown metric type "coun"\n' +
      '  FAILED: server returned HTTP status 400 Bad Request: out of room\n',
  });
});

it('queries send what --http.config.file and --header say', async () => {
  const { status } = await promtool(
    ...['query', 'range', '--http.config.file', 'http.yml', '--header', 'X-Tenant=t', base, 'up'],
  );
  expect(status).toBe(0);
  expect(asked[0].headers).toMatchObject({
    'x-tenant': 't',
    authorization: expect.stringMatching(/^Basic /),
  });
});

it('debug metrics makes an archive that tar can read', async () => {
  const { status, stdout } = await promtool('debug', 'metrics', base);
  expect([status, stdout]).toEqual([
    0,
    `collecting: ${base}/metrics\nCompiling debug information complete, all files written in "debug.tar.gz".\n`,
  ]);
  const tar = (flags: string) =>
    spawnSync('tar', [flags, 'debug.tar.gz'], { cwd: dir, encoding: 'utf8' }).stdout;
  expect(tar('tzf')).toBe('metrics.txt\n');
  expect(tar('xzOf')).toBe('out of room');
});

it('debug pprof says who has no profiles', async () => {
  const { status, stderr } = await promtool('debug', 'pprof', base);
  expect(status).toBe(1);
  expect(stderr).toContain('HTTP status 404: only servers that are written in Go have profiles');
});

it('--version is promtool’s, wherever it stands', async () => {
  for (const args of [['--version'], ['check', 'rules', '--version']])
    expect((await promtool(...args)).stdout).toMatch(/^promtool, version \S+ \(tsmon\)\n$/);
});
