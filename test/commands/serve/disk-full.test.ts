/**
 * A disk that is full while the server runs: writers are told, queries are answered, nothing that was acknowledged is lost,
 * and when there is room again the server goes on by itself. Needs to mount a small tmpfs: as root on Linux.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serveHttp } from '../../core/http/servers.ts';
import { messageV1, snappy, V1_HEADERS } from '../../core/server/write-messages.ts';
import { directory, RunningServer } from './running.ts';

const SIZE = 6 * 1024 * 1024;
const canMount =
  process.platform === 'linux' && process.getuid?.() === 0 && spawnSync('mount', ['-V']).status === 0;

function mountSmall(path: string): boolean {
  mkdirSync(path);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', path]).status !== 0) return false;
  onTestFinished(() => {
    spawnSync('umount', ['-l', path]);
  });
  return true;
}

function fill(data: string): void {
  const { bavail, bsize } = statfsSync(data);
  writeFileSync(join(data, 'filler'), Buffer.alloc(Math.max(0, bavail - 20) * bsize));
}

describe.skipIf(!canMount)('a full disk', () => {
  it('costs nothing that was acknowledged, and is over when it is over', async (context) => {
    const target = await serveHttp((_, response) => {
      response.setHeader('Content-Type', 'text/plain');
      response.end('answer 42\n');
    });
    const dir = directory({
      'prometheus.yml': `global: {scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms}
rule_files: [rules.yml]
scrape_configs: [{job_name: app, static_configs: [{targets: ['${new URL(target).host}']}]}]
`,
      'rules.yml': 'groups: [{name: g, rules: [{record: twice, expr: 2 * answer}]}]',
    });
    const data = join(dir, 'data');
    if (!mountSmall(data)) context.skip();
    const flags = ['--web.enable-remote-write-receiver'];
    const server = new RunningServer(dir, flags);
    const url = await server.url();
    const acknowledged: number[] = [];
    let next = 1;
    const write = async (): Promise<number> => {
      const v = next++;
      const series = Array.from({ length: 200 }, (_, n) => ({
        labels: [['__name__', 'written'] as const, ['n', String(n)] as const, ['v', String(v % 50)] as const],
        samples: [{ t: Date.now(), v }],
      }));
      const body = snappy(messageV1(series));
      const { status } = await fetch(`${url}/api/v1/write`, { method: 'POST', headers: V1_HEADERS, body });
      if (status === 204) acknowledged.push(v);
      return status;
    };
    for (let i = 0; i < 10; i++) expect(await write()).toBe(204);
    fill(data);
    let refused = 0;
    for (let i = 0; i < 200 && refused < 20; i++) {
      const status = await write();
      if (status === 204) continue;
      expect(status).toBe(500);
      refused++;
    }
    expect(refused).toBe(20);
    // Scrapes and rules meet it too, and the server lives.
    await sleep(1500);
    expect((await fetch(`${url}/-/ready`)).status).toBe(200);
    expect(await server.value('count(written{n="0"}) > 0')).toBeGreaterThan(0);
    expect(server.log.join('\n')).toMatch(/level=(WARN|ERROR).*ENOSPC/);

    rmSync(join(data, 'filler'));
    let status = 0;
    for (let i = 0; i < 100 && status !== 204; i++) {
      status = await write();
      await sleep(50);
    }
    expect(status).toBe(204);
    await sleep(1500);
    expect(await server.value('count_over_time(answer[1s])')).toBeGreaterThan(0);
    expect(await server.end('SIGTERM')).toBe(0);

    const again = new RunningServer(dir, flags);
    const { result } = await again.api(`query?query=${encodeURIComponent('written{n="7"}[1h]')}`);
    const stored = new Set(
      result.flatMap(({ values }: { values: [number, string][] }) => values.map(([, v]) => Number(v))),
    );
    expect(acknowledged.filter((v) => !stored.has(v))).toEqual([]);
    expect(await again.end('SIGTERM')).toBe(0);
  });
});
