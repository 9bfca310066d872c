import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { parserOptionsFor } from '../../../../src/core/promql/parser/index.ts';
import { autoReload } from '../../../../src/core/server/daemon/auto-reload.ts';
import { readConfiguration } from '../../../../src/core/server/daemon/configuration.ts';
import { HandClock } from '../../discovery/clock.ts';

it('looks again for what changed while it was being read', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-reload-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const configFile = join(dir, 'prometheus.yml');
  const put = (seconds: number) => writeFileSync(configFile, `global: {scrape_interval: ${seconds}s}`);
  const read = () => readConfiguration(configFile, parserOptionsFor([]), {});
  put(1);
  let current = read();
  const intervals: number[] = [];
  const clock = new HandClock();
  const stop = new AbortController();
  const reload = async () => {
    current = read();
    intervals.push(current.config.global.scrapeIntervalMs);
    if (intervals.length === 1) put(3);
  };
  const done = autoReload(
    { clock, intervalMs: 1000, configFile, current: () => current, reload },
    stop.signal,
  );
  await clock.advance(3000);
  expect(intervals).toEqual([]);
  put(2);
  await clock.advance(5000);
  expect(intervals).toEqual([2000, 3000]);
  stop.abort();
  await done;
});
