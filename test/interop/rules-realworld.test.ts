/** Rule files that people run, evaluated on what the real node_exporter says: none may fail. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { EMPTY_LABELS } from '../../src/core/model/index.ts';
import { parseRuleFile, type RuleFile, RuleHistory } from '../../src/core/rules/index.ts';
import { readExposition } from '../../src/core/source/exposition.ts';
import { MemorySource } from '../../src/core/source/memory.ts';
import { describeWith, peer, realworldDir } from '../peers.ts';
import { freePort } from './prometheus.ts';

const T0 = 1_700_000_100_000;
const MINUTE = 60_000;

describeWith(
  'real rules on real metrics',
  {
    'realworld/rules': realworldDir('rules'),
    'prometheus-node-exporter': peer('prometheus-node-exporter'),
  },
  () => {
    it('are evaluated without a failure', async () => {
      const dir = realworldDir('rules')!;
      const files: RuleFile[] = [];
      for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
        if (!/\.ya?ml$/.test(name)) continue;
        const file = parseRuleFile(readFileSync(join(dir, name), 'utf8'), name, {
          ignoreUnknownFields: true,
        });
        if (file.errors.length === 0 && file.groups.length > 0) files.push(file);
      }
      expect(files.length).toBeGreaterThan(10);
      const source = new MemorySource();
      const body = await scrape();
      for (let minute = 0; minute <= 10; minute++) {
        const clock = { now: () => T0 + minute * MINUTE } as Clock;
        readExposition([body], source, clock);
      }
      const history = new RuleHistory(files, source, {
        externalLabels: EMPTY_LABELS,
        externalUrl: '',
        intervalMs: MINUTE,
      });
      let samples = 0;
      await history.play(T0, T0 + 10 * MINUTE, {
        samples: (_, __, { length }) => {
          samples += length;
        },
      });
      expect(history.failures.map(({ rule, reason }) => `${rule.config.name}: ${reason}`)).toEqual([]);
      expect(samples).toBeGreaterThan(100);
      // Alerts have their annotations, and no template has failed.
      const alerts = (await history.alerts(T0 + 10 * MINUTE)).flatMap((one) => one.alerts);
      expect(alerts.length).toBeGreaterThan(0);
      expect(JSON.stringify(alerts.map(({ annotations }) => annotations))).not.toContain('error expanding');
    }, 60_000);
  },
);

async function scrape(): Promise<Uint8Array> {
  const port = await freePort();
  const exporter = spawn(peer('prometheus-node-exporter')!, [`--web.listen-address=127.0.0.1:${port}`]);
  try {
    for (let i = 0; i < 100; i++) {
      const answer = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
      if (answer?.ok) return new Uint8Array(await answer.arrayBuffer());
      await sleep(100);
    }
    throw new Error('node_exporter did not answer');
  } finally {
    exporter.kill();
  }
}
