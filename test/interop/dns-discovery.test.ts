/** DNS discovery against a real server on loopback: dnsmasq, which Debian has as dnsmasq-base. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { promises as dns } from 'node:dns';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { DnsDiscoverer } from '../../src/core/discovery/dns/index.ts';
import type { DnsDiscoveryConfig } from '../../src/core/discovery/sd-config.ts';
import type { TargetGroup } from '../../src/core/discovery/target-group.ts';
import { describeWith } from '../peers.ts';

const dnsmasq = ['/usr/sbin/dnsmasq', '/usr/local/sbin/dnsmasq'].find((path) => existsSync(path));

const RECORDS = [
  'address=/web.test/10.1.0.1',
  'address=/web.test/fd00::1',
  'srv-host=_http._tcp.test,one.test,8080',
  'srv-host=_http._tcp.test,two.test,8081',
  'mx-host=mail.test,mx.test,10',
  // An NS record (type 2) in wire form: ns.test.
  'dns-rr=zone.test,2,026e73047465737400',
];

describeWith('DNS discovery with dnsmasq', { dnsmasq }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-dns-'));
  let port = 0;
  let server: ChildProcess;

  beforeAll(async () => {
    port = await freeUdpPort();
    server = start();
    await answering();
  });
  afterAll(() => {
    server.kill('SIGKILL');
    rmSync(dir, { recursive: true });
  });

  function start(records: readonly string[] = RECORDS): ChildProcess {
    const config = join(dir, 'dnsmasq.conf');
    writeFileSync(config, `${records.join('\n')}\n`);
    return spawn(dnsmasq!, [
      '--keep-in-foreground',
      `--port=${port}`,
      '--listen-address=127.0.0.1',
      '--bind-interfaces',
      '--no-resolv',
      '--no-hosts',
      '--local=/test/',
      `--conf-file=${config}`,
      '--user=',
      '--group=',
      `--pid-file=${join(dir, 'pid')}`,
    ]);
  }

  async function answering(): Promise<void> {
    const resolver = new dns.Resolver({ timeout: 500, tries: 1 });
    resolver.setServers([`127.0.0.1:${port}`]);
    await vi.waitFor(() => resolver.resolve4('web.test'), { timeout: 10_000 });
  }

  /** Starts discovering; the groups by their source as they come in, and the failures. */
  function discover(config: Partial<DnsDiscoveryConfig>, resolvConf = '/dev/null') {
    const found = new Map<string, TargetGroup>();
    const failures: string[] = [];
    const abort = new AbortController();
    const settings: DnsDiscoveryConfig = {
      mechanism: 'dns',
      names: [],
      refreshIntervalMs: 50,
      type: 'A',
      port: 9100,
      ...config,
    };
    const discoverer = new DnsDiscoverer(settings, { servers: [`127.0.0.1:${port}`], resolvConf });
    const ended = discoverer.run(
      {
        clock: systemClock,
        update: (groups) => {
          for (const group of groups) found.set(group.source, group);
        },
        failed: (error) => failures.push(error.message),
      },
      abort.signal,
    );
    const stop = async () => {
      abort.abort();
      await ended;
    };
    const addresses = () =>
      [...found.values()].flatMap(({ targets }) => targets.map((target) => target.get('__address__'))).sort();
    return { found, failures, stop, addresses };
  }

  it.each<[Partial<DnsDiscoveryConfig>, string[]]>([
    [{ type: 'A', names: ['web.test'] }, ['10.1.0.1:9100']],
    [{ type: 'AAAA', names: ['web.test'] }, ['[fd00::1]:9100']],
    [{ type: 'SRV', names: ['_http._tcp.test'] }, ['one.test:8080', 'two.test:8081']],
    [{ type: 'MX', names: ['mail.test'] }, ['mx.test:9100']],
    [{ type: 'NS', names: ['zone.test'] }, ['ns.test:9100']],
  ])('finds %j', async (config, expected) => {
    const { addresses, stop, found } = discover(config);
    await vi.waitFor(() => expect(addresses()).toEqual(expected));
    const [name] = config.names!;
    expect(found.get(name)!.labels.toObject()).toEqual({ __meta_dns_name: name });
    await stop();
  });

  it('looks in the search domains, and has no targets where nothing has the name', async () => {
    const resolvConf = join(dir, 'resolv.conf');
    writeFileSync(resolvConf, 'search nowhere.test test\n');
    const { addresses, stop, found, failures } = discover({ names: ['web', 'absent.test'] }, resolvConf);
    await vi.waitFor(() => expect(addresses()).toEqual(['10.1.0.1:9100']));
    expect(found.get('absent.test')!.targets).toEqual([]);
    expect(failures).toEqual([]);
    await stop();
  });

  it('keeps the targets while the server is away, says so, and follows it when it is back', async () => {
    const { addresses, stop, failures } = discover({ names: ['web.test'] });
    await vi.waitFor(() => expect(addresses()).toEqual(['10.1.0.1:9100']));
    server.kill('SIGKILL');
    await vi.waitFor(() => expect(failures.length).toBeGreaterThan(0), { timeout: 30_000 });
    expect(failures[0]).toMatch(/could not resolve web\.test \(A\): E(CONNREFUSED|TIMEOUT)/);
    expect(addresses()).toEqual(['10.1.0.1:9100']);
    server = start(['address=/web.test/10.1.0.9', ...RECORDS.slice(1)]);
    await vi.waitFor(() => expect(addresses()).toEqual(['10.1.0.9:9100']), { timeout: 30_000 });
    await stop();
  });
});

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address() as AddressInfo;
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
