import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Batch } from '../../../src/core/exposition/batch.ts';
import { labelsFromObject, METRIC_NAME } from '../../../src/core/model/labels.ts';
import { isStale, writeStale } from '../../../src/core/model/value.ts';
import { compact, LEFT_OUT } from '../../../src/core/scrape/compact.ts';
import { Intake } from '../../../src/core/scrape/intake.ts';
import { NO_LIMITS } from '../../../src/core/scrape/limits.ts';

interface Row {
  name: string;
  t: number | null;
}

interface Scrape {
  rows: Row[];
  fails: boolean;
}

const row: fc.Arbitrary<Row> = fc.record({
  name: fc.constantFrom(...'abcdefgh', 'dropped'),
  t: fc.oneof(
    { weight: 4, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 9 }) },
  ),
});
const scrape: fc.Arbitrary<Scrape> = fc.record({
  rows: fc.array(row, { maxLength: 12 }),
  fails: fc.boolean(),
});

/** What Prometheus' rules give, written down without any cleverness. */
class Model {
  private tracked = new Set<string>();
  private known = new Set<string>();

  scrape({ rows, fails }: Scrape, now: number): { stored: string[]; added: number } {
    const stored: string[] = [];
    const seen = new Set<string>();
    const tracked = new Set<string>();
    let added = 0;
    for (const { name, t } of rows) {
      if (name === 'dropped' || (seen.has(name) && t === null)) continue;
      if (!seen.has(name) && !this.known.has(name)) added++;
      seen.add(name);
      if (t === null) tracked.add(name);
      stored.push(`${name} @${t ?? now}`);
    }
    const alive = fails ? new Set<string>() : tracked;
    const ended = [...this.tracked].filter((name) => !alive.has(name)).map((name) => `${name} stale @${now}`);
    this.tracked = alive;
    if (fails) for (const name of seen) this.known.add(name);
    else if (rows.length > 0) this.known = seen;
    return { stored: [...(fails ? [] : stored), ...ended.sort()], added };
  }
}

describe('an intake', () => {
  it('does what the plain rules say, whatever the target does', () => {
    fc.assert(
      fc.property(fc.array(scrape, { maxLength: 12 }), (scrapes) => {
        const model = new Model();
        const intake = new Intake({
          relabel: (labels) => (labels.get(METRIC_NAME) === 'dropped' ? null : labels),
          reportTo: null,
          honorTimestamps: true,
          trackTimestampsStaleness: false,
          limits: NO_LIMITS,
        });
        const batch = new Batch();
        scrapes.forEach((one, i) => {
          const now = (i + 1) * 1000;
          batch.clear();
          intake.begin(now, now);
          // In two stretches, as a long body comes.
          const middle = one.rows.length >> 1;
          for (const stretch of [one.rows.slice(0, middle), one.rows.slice(middle)]) {
            const from = batch.length;
            for (const { name, t } of stretch) {
              const id = intake.cache.exposed.intern(labelsFromObject({ [METRIC_NAME]: name }));
              batch.push(id, t ?? Number.NaN, 1);
            }
            intake.take(batch, from);
          }
          if (one.fails) intake.fail(batch);
          else intake.finish(batch);
          const rows = Array.from({ length: batch.length }, (_, r) => {
            const stale = isStale(batch.v, r) ? ' stale' : '';
            return `${intake.cache.final.labels[batch.series[r]].get(METRIC_NAME)}${stale} @${batch.t[r]}`;
          });
          const samples = rows.filter((line) => !line.includes('stale'));
          const ended = rows.filter((line) => line.includes('stale')).sort();
          const expected = model.scrape(one, now);
          expect([...samples, ...ended]).toEqual(expected.stored);
          expect(intake.counts.added).toBe(expected.added);
        });
      }),
      { numRuns: 300 },
    );
  });
});

describe('compacting a batch', () => {
  it('is filtering its rows, down to the bits', () => {
    const given = fc.array(
      fc.record({
        keep: fc.boolean(),
        stale: fc.boolean(),
        histogram: fc.boolean(),
        exemplars: fc.integer({ min: 0, max: 2 }),
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(given, (rows) => {
        const batch = new Batch();
        rows.forEach(({ keep, stale, histogram, exemplars }, i) => {
          const at = batch.push(keep ? i : LEFT_OUT, i, i);
          batch.setStart(at, i);
          if (stale) writeStale(batch.v, at);
          if (histogram) batch.histograms.set(at, { sum: i } as never);
          for (let n = 0; n < exemplars; n++) batch.exemplars.push({ row: at, exemplar: { v: i } as never });
        });
        compact(batch);
        const kept = rows.map((one, i) => ({ ...one, i })).filter(({ keep }) => keep);
        expect(batch.length).toBe(kept.length);
        kept.forEach(({ i, stale, histogram, exemplars }, r) => {
          expect([batch.series[r], batch.t[r], batch.st![r], isStale(batch.v, r)]).toEqual([i, i, i, stale]);
          expect(batch.histograms.get(r)?.sum).toBe(histogram ? i : undefined);
          const own = batch.exemplars.filter((entry) => entry.row === r);
          expect(own.map(({ exemplar }) => exemplar.v)).toEqual(new Array(exemplars).fill(i));
        });
        expect(batch.histograms.size).toBe(kept.filter(({ histogram }) => histogram).length);
      }),
    );
  });
});
