/** `tsmon serve` with the receiver: the bundle of its own is found, and the configuration heeded. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it, vi } from 'vitest';
import { directory, RunningServer } from '../../commands/serve/running.ts';
import { jsonOf, protobufOf, type ResourceMetrics } from './otlp-message.ts';

const PATH = '/api/v1/otlp/v1/metrics';

function request(name: string): ResourceMetrics[] {
  const ns = BigInt(Date.now()) * 1_000_000n;
  const points = [{ ns, double: 2.5 }];
  return [
    {
      attributes: [
        ['service.name', 's'],
        ['host.name', 'h'],
      ],
      scopes: [{ metrics: [{ name, unit: 's', kind: 'gauge', points }] }],
    },
  ];
}

async function send(
  url: string,
  body: Uint8Array | string,
  headers: Record<string, string>,
): Promise<string> {
  const init = { method: 'POST', headers, body: body as Uint8Array<ArrayBuffer> };
  const response = await fetch(url + PATH, init);
  return `${response.status} ${await response.text()}`;
}

it('stores what OpenTelemetry sends, as the configuration says, and after a reload as the new one says', async () => {
  const dir = directory({ 'prometheus.yml': 'otlp: {promote_resource_attributes: [host.name]}\n' });
  const server = new RunningServer(dir, ['--web.enable-otlp-receiver', '--web.enable-lifecycle']);
  const url = await server.url();
  const protobuf = { 'Content-Type': 'application/x-protobuf', 'Content-Encoding': 'gzip' };
  expect(await send(url, gzipSync(protobufOf(request('my.first'))), protobuf)).toBe('200 ');
  expect(await server.value('my_first_seconds{job="s", host_name="h"}')).toBe(2.5);
  expect(await server.value('target_info{job="s", host_name="h"}')).toBe(1);
  writeFileSync(join(dir, 'prometheus.yml'), 'otlp: {translation_strategy: NoTranslation}\n');
  expect((await fetch(`${url}/-/reload`, { method: 'POST' })).status).toBe(200);
  await vi.waitFor(async () => {
    const json = { 'Content-Type': 'application/json' };
    expect(await send(url, jsonOf(request('my.second')), json)).toBe('200 ');
    expect(await server.value('{"my.second", job="s"}')).toBe(2.5);
  });
  expect(await send(url, '{', { 'Content-Type': 'application/json' })).toMatch(/^400 no JSON/);
  expect(server.log.join('\n')).not.toContain('web.enable-otlp-receiver');
  expect(await server.end('SIGTERM')).toBe(0);
});

it('does not take them unless asked to, and says which features of theirs are not there', async () => {
  const features = ['--enable-feature', 'otlp-deltatocumulative,otlp-native-delta-ingestion'];
  const server = new RunningServer(directory({ 'prometheus.yml': '' }), features);
  const url = await server.url();
  expect(await send(url, '', { 'Content-Type': 'application/json' })).toBe(
    '404 otlp write receiver needs to be enabled with --web.enable-otlp-receiver\n',
  );
  const log = server.log.join('\n');
  expect(log).toContain(
    'the feature otlp-deltatocumulative is left aside: what comes with delta temporality is not added up',
  );
  expect(log).not.toContain('otlp-native-delta-ingestion is left aside');
});
