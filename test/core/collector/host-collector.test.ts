import { expect, it } from 'vitest';
import { collectHost, HostCollector } from '../../../src/core/collector/index.ts';
import { hostAt, read, samples, unpackTree, value, writeTree } from './tree.ts';

it('gives families sorted by name, each sample under its family name', () => {
  const names = collectHost(hostAt(unpackTree('server'))).map((family) => family.name);
  expect(names).toContain('node_load1');
  expect(names).toEqual([...names].sort());
});

it('labels every sample with its family name and no empty value', () => {
  for (const family of collectHost(hostAt(unpackTree('server')))) {
    for (const { labels } of family.samples) {
      expect(labels.get('__name__')).toBe(family.name);
      expect(labels.values).not.toContain('');
      expect([...labels.names].sort()).toEqual(labels.names);
    }
  }
});

it('never gives two samples of one series', () => {
  for (const family of collectHost(hostAt(unpackTree('server')))) {
    const series = family.samples.map(({ labels }) => labels.toString());
    expect(new Set(series).size, family.name).toBe(series.length);
  }
});

it('says of every collector whether it succeeded and how long it took', () => {
  let ms = 0;
  const reading = read(unpackTree('server'), {
    collectors: ['loadavg', 'zfs', 'nfs'],
    clock: { now: () => 0, monotonic: () => (ms += 250), sleep: () => Promise.resolve() },
  });
  expect(samples(reading, 'node_scrape_collector_success')).toEqual([
    '{collector="loadavg"} 1',
    '{collector="nfs"} 1',
    '{collector="zfs"} 1',
  ]);
  expect(samples(reading, 'node_scrape_collector_duration_seconds')).toEqual([
    '{collector="loadavg"} 0.25',
    '{collector="nfs"} 0.25',
    '{collector="zfs"} 0.25',
  ]);
});

it('goes on past a collector that fails, and gives the reason with file and line', () => {
  const reading = read(unpackTree('server', { 'proc/loadavg': '0.21 oops 1.39 3/719 19737\n' }));
  expect(value(reading, 'node_forks_total')).toBe(26442);
  expect(samples(reading, 'node_scrape_collector_success')).toContain('{collector="loadavg"} 0');
  expect(reading.failures).toEqual([
    {
      collector: 'loadavg',
      reason: expect.stringMatching(/proc\/loadavg:1: expected a number, got "oops"$/),
    },
  ]);
});

it('keeps what a failing collector found before it failed', () => {
  const reading = read(unpackTree('server', { 'proc/sys/kernel/random/poolsize': null }));
  expect(value(reading, 'node_entropy_available_bits')).toBe(1337);
  expect(samples(reading, 'node_scrape_collector_success')).toContain('{collector="entropy"} 0');
  expect(reading.failures[0].reason).toMatch(/ENOENT.*poolsize/);
});

it('does not call it a failure where the host has nothing of a kind', () => {
  const reading = read(writeTree({}), { collectors: ['zfs', 'mdadm', 'hwmon', 'pressure', 'schedstat'] });
  expect(reading.failures).toEqual([]);
  expect(samples(reading, 'node_scrape_collector_success')?.every((line) => line.endsWith(' 0'))).toBe(true);
});

it('survives a host without any file', () => {
  const reading = read(writeTree({}));
  const failed = reading.failures.map((failure) => failure.collector);
  expect(failed).toContain('loadavg');
  expect(failed).not.toContain('zfs');
  expect(reading.families.has('node_uname_info')).toBe(true);
});

it('runs only the collectors that are asked for', () => {
  const reading = read(unpackTree('server'), {
    collectors: ['loadavg', 'stat'],
    withoutCollectors: ['stat'],
  });
  expect([...reading.families.keys()]).toEqual([
    'node_load1',
    'node_load15',
    'node_load5',
    'node_scrape_collector_duration_seconds',
    'node_scrape_collector_success',
  ]);
});

it('refuses collectors that there are none of', () => {
  expect(() => new HostCollector({ withoutCollectors: ['cpus'] })).toThrow(
    /no collector "cpus"; there are arp, /,
  );
});
