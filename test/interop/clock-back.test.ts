/** A clock that is set back by minutes: what comes then is taken or refused as the real Prometheus does. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { Outcome } from '../../src/core/model/index.ts';
import { Database } from '../../src/core/tsdb/db/index.ts';
import { append, series } from '../core/tsdb/head/samples.ts';
import { describeWith, peer } from '../peers.ts';
import { RealPrometheus } from './prometheus.ts';

const MINUTE = 60_000;

describeWith('a clock that is set back', { prometheus: peer('prometheus') }, () => {
  it('by less than what may be ahead: each series waits until its newest sample is past', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'tsmon-clock-back-'));
    const now = Date.now();
    const clock = { now: () => now, monotonic: () => now } as Clock;
    const db = await Database.open(join(dir, 'own'), { clock });
    const prometheus = await RealPrometheus.start(peer('prometheus')!, join(dir, 'real'));
    try {
      const appender = db.appender();
      const ahead = now + 8 * MINUTE;
      const seen: [string, number, number, boolean][] = [];
      for (const [name, t] of [
        ['a', ahead],
        ['a', now],
        ['b', now],
        ['a', ahead - 1],
        ['a', ahead],
        ['a', ahead + 1],
        ['b', now - 70 * MINUTE],
        ['c', now - 45 * MINUTE],
        ['c', now - 53 * MINUTE],
        ['d', now - 53 * MINUTE],
      ] as const) {
        const [outcome] = append(appender, [[series(name), t, 1]]);
        appender.commit();
        const taken = await prometheus.write([{ labels: series(name), samples: [{ t, v: 1 }] }]).then(
          () => true,
          () => false,
        );
        seen.push([name, t - now, outcome, taken]);
        // The same sample once more is no fault to either.
        expect(outcome === Outcome.ok || outcome === Outcome.duplicate, JSON.stringify(seen)).toBe(taken);
      }
      expect(seen.filter(([, , , taken]) => taken).length).toBeGreaterThan(3);
    } finally {
      await prometheus.stop();
      await db.close();
      rmSync(dir, { recursive: true });
    }
  });
});
