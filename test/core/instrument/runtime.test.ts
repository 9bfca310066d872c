import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { collectDefaultMetrics, Registry as PromRegistry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { processFamilies, RuntimeWatch } from '../../../src/core/instrument/index.ts';

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until) Math.sqrt(2);
}

/** Ours, and those that only clients of other languages have. */
const UNCOMMON = new Set([
  'tsmon_build_info',
  'process_virtual_memory_max_bytes',
  'process_network_receive_bytes_total',
  'process_network_transmit_bytes_total',
]);

describe('RuntimeWatch', () => {
  it('sees the event loop blocked', async () => {
    const watch = new RuntimeWatch();
    try {
      await sleep(50);
      watch.families();
      // Once for the callback that was just asked for, once for the timer, which must have begun again.
      block(120);
      await sleep(50);
      block(120);
      await sleep(50);
      const values = new Map(watch.families().map(({ name, samples }) => [name, samples[0]?.v]));
      expect(values.get('nodejs_eventloop_lag_max_seconds')).toBeGreaterThan(0.1);
      expect(values.get('nodejs_eventloop_lag_min_seconds')).toBeLessThan(0.1);
      expect(values.get('nodejs_eventloop_lag_seconds')).toBeGreaterThan(0.1);
      // The next reading starts anew.
      await sleep(50);
      const after = watch.families().find(({ name }) => name === 'nodejs_eventloop_lag_max_seconds')!;
      expect(after.samples[0].v).toBeLessThan(0.1);
    } finally {
      watch.close();
    }
  });

  it('sees garbage collections', async () => {
    const watch = new RuntimeWatch();
    try {
      let count = 0;
      for (let round = 0; count === 0 && round < 200; round++) {
        Array.from({ length: 200_000 }, (_, i) => ({ i }));
        await sleep(1);
        const gc = watch.families().find(({ name }) => name === 'nodejs_gc_duration_seconds')!;
        count = gc.samples.find(({ labels }) => labels.get('__name__').endsWith('_count'))?.v ?? 0;
      }
      expect(count).toBeGreaterThan(0);
    } finally {
      watch.close();
    }
  });

  it('lets the process end', () => {
    const module = new URL('../../../src/core/instrument/runtime.ts', import.meta.url).pathname;
    const script = `
      import { buildSync } from 'esbuild';
      const { outputFiles } = buildSync({ entryPoints: [${JSON.stringify(module)}], bundle: true, write: false, platform: 'node', format: 'esm' });
      const { RuntimeWatch } = await import('data:text/javascript;base64,' + Buffer.from(outputFiles[0].contents).toString('base64'));
      new RuntimeWatch().families();
      process.stdout.write('started');
    `;
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 20_000 });
    expect(out.toString()).toBe('started');
  });

  it('uses the names of the usual client', async () => {
    const known = new PromRegistry();
    collectDefaultMetrics({ register: known });
    const theirs = new Map((await known.getMetricsAsJSON()).map((metric) => [metric.name, metric]));
    const watch = new RuntimeWatch();
    try {
      await sleep(30);
      const ours = [...watch.families(), ...processFamilies()].filter(({ name }) => !UNCOMMON.has(name));
      expect(ours.length).toBeGreaterThan(15);
      for (const { name, type, samples } of ours) {
        const metric = theirs.get(name);
        expect(metric, name).toBeDefined();
        expect({ name, type }).toEqual({ name, type: String(metric!.type) });
        const labelNames = [...(samples[0]?.labels ?? [])]
          .map(([label]) => label)
          .filter((label) => !/^__|^le$/.test(label));
        const theirNames = Object.keys(metric!.values[0]?.labels ?? {}).filter((label) => label !== 'le');
        if (samples.length > 0 && metric!.values.length > 0) expect(labelNames).toEqual(theirNames.sort());
      }
    } finally {
      watch.close();
    }
  });
});
