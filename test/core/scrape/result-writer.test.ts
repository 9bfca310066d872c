import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { Registry } from '../../../src/core/instrument/index.ts';
import { labelsFromObject } from '../../../src/core/model/index.ts';
import { scrapeMetrics } from '../../../src/core/scrape/metrics.ts';
import { ResultWriter } from '../../../src/core/scrape/result-writer.ts';
import { Scraper } from '../../../src/core/scrape/scraper.ts';
import { MemorySource } from '../../../src/core/source/index.ts';
import { MemoryAppender } from '../../../src/core/source/memory-appender.ts';

class CountingAppender extends MemoryAppender {
  commits = 0;

  override commit(): void {
    this.commits++;
    super.commit();
  }
}

/** A target whose series the test names, and how often its scrapes were committed. */
function stage() {
  const target = labelsFromObject({ job: 'j' });
  let names: string[] = [];
  const input = {
    read: async () => ({
      families: names.map((name) => ({
        name,
        type: 'gauge' as const,
        help: '',
        unit: '',
        samples: [{ labels: labelsFromObject({ __name__: name }), v: 1 }],
      })),
    }),
  };
  const scraper = new Scraper({ name: 'self:', origin: { kind: 'self' }, labels: target }, input, {
    clock: systemClock,
    relabel: (exposed) => exposed,
    reportTo: target,
    honorTimestamps: true,
    trackTimestampsStaleness: false,
    limits: { samples: 0, labels: 0, labelNameBytes: 0, labelValueBytes: 0 },
  });
  const appender = new CountingAppender(new MemorySource());
  const writer = new ResultWriter(appender, scraper.series, systemClock, scrapeMetrics(new Registry()));
  let t = 1000;
  return async (exposed: string[]) => {
    names = exposed;
    appender.commits = 0;
    const result = await scraper.scrape((t += 1000));
    expect(result.error).toBeUndefined();
    await writer.write(result);
    scraper.release();
    return appender.commits;
  };
}

const many = (prefix: string, n: number) => Array.from({ length: n }, (_, i) => `${prefix}_${i}`);

describe('ResultWriter', () => {
  it('stores a scrape as a whole, however many series it knows', async () => {
    const commitsOf = stage();
    expect(await commitsOf(many('a', 9000))).toBe(1);
    expect(await commitsOf([...many('a', 9000), ...many('b', 9000)])).toBe(1);
    expect(await commitsOf([...many('a', 9000), ...many('b', 9000)])).toBe(1);
  });

  it('stores many new series in pieces, and the ends of many', async () => {
    const commitsOf = stage();
    expect(await commitsOf(many('a', 12_000))).toBeGreaterThan(10);
    expect(await commitsOf([])).toBeGreaterThan(10);
    expect(await commitsOf(['a'])).toBe(1);
  });
});
