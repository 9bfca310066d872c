import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { processFamilies } from '../../../src/core/instrument/process.ts';

function value(name: string): number {
  const family = processFamilies().find((candidate) => candidate.name === name);
  expect(family, name).toBeDefined();
  return family!.samples[0].v;
}

describe('processFamilies', () => {
  it('names each family once, and every sample after its family', () => {
    const families = processFamilies();
    expect(new Set(families.map(({ name }) => name)).size).toBe(families.length);
    for (const { name, samples } of families) {
      for (const { labels } of samples) expect(labels.get('__name__')).toBe(name);
    }
  });

  it('says what the runtime is', () => {
    const info = processFamilies().find(({ name }) => name === 'tsmon_build_info')!;
    expect(info.samples[0].labels.get('node_version')).toBe(process.version);
    expect(info.samples[0].v).toBe(1);
  });

  it('counts CPU time that is spent between two readings', () => {
    const before = value('process_cpu_seconds_total');
    const until = process.cpuUsage().user + 20_000;
    while (process.cpuUsage().user < until) Math.sqrt(2);
    expect(value('process_cpu_seconds_total')).toBeGreaterThan(before);
  });

  it.runIf(existsSync('/proc/self/stat'))('started before now, and not long before', () => {
    const started = value('process_start_time_seconds');
    const age = Date.now() / 1000 - started;
    expect(Math.abs(age - process.uptime())).toBeLessThan(2);
    expect(value('process_open_fds')).toBeGreaterThan(2);
    expect(value('process_virtual_memory_bytes')).toBeGreaterThan(value('process_resident_memory_bytes'));
  });
});
