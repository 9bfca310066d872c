import { arch, cpus, hostname, machine, networkInterfaces, totalmem, uptime } from 'node:os';
import { expect, it } from 'vitest';
import { read, samples, value, writeTree } from './tree.ts';

const darwin = () => read(writeTree({}), { platform: 'darwin' });

it('needs no /proc', () => {
  const reading = darwin();
  expect(reading.failures).toEqual([]);
  expect(samples(reading, 'node_scrape_collector_success')?.every((line) => line.endsWith(' 1'))).toBe(true);
});

it('tells what Node knows under the names that Linux has', () => {
  const reading = darwin();
  expect(value(reading, 'node_memory_MemTotal_bytes')).toBe(totalmem());
  expect(reading.families.get('node_cpu_seconds_total')?.samples.length).toBe(cpus().length * 5);
  expect(reading.families.get('node_load1')?.help).toBe('1m load average.');
  expect(samples(reading, 'node_uname_info')?.[0]).toContain(`nodename="${hostname()}"`);
  expect(samples(reading, 'node_uname_info')?.[0]).toContain(`machine="${machine() || arch()}"`);
  expect(samples(reading, 'node_filesystem_readonly')?.[0]).toMatch(/^\{mountpoint="[^"]+"\} 0$/);
});

it('computes the time of boot in whole seconds', () => {
  const clock = { now: () => 1.7e12, monotonic: () => 0, sleep: () => Promise.resolve() };
  const booted = value(read(writeTree({}), { platform: 'freebsd', clock }), 'node_boot_time_seconds')!;
  expect(Number.isInteger(booted)).toBe(true);
  expect(Math.abs(1.7e9 - uptime() - booted)).toBeLessThan(60);
});

it('lists the addresses of the network devices', () => {
  const addresses = samples(darwin(), 'node_network_address_info') ?? [];
  const all = Object.values(networkInterfaces()).flat();
  expect(addresses.length).toBe(all.length);
  for (const { address } of all.filter((one) => one !== undefined)) {
    expect(addresses.some((line) => line.includes(`address="${address}"`))).toBe(true);
  }
});

it('does not pretend to know the load of Windows', () => {
  const reading = read(writeTree({}), { platform: 'win32', collectors: ['loadavg'] });
  expect(reading.families.has('node_load1')).toBe(false);
  expect(reading.failures).toEqual([]);
});
