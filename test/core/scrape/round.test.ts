import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import {
  NO_LIMITS,
  type ScrapeInput,
  Scraper,
  scrapeOnce,
  scrapeRepeatedly,
  targetFromArgument,
} from '../../../src/core/scrape/index.ts';

/** A scraper whose target takes so long, and that tells when it starts and ends. */
function slow(name: string, ms: number, events: string[] = []): Scraper {
  const input: ScrapeInput = {
    async read(body, signal) {
      body.clear();
      events.push(`+${name}`);
      await sleep(ms, undefined, { signal }).catch(() => signal!.throwIfAborted());
      events.push(`-${name}`);
      return { families: [] };
    },
  };
  const target = targetFromArgument(`${name}:1`, { labels: {} });
  return new Scraper(target, input, {
    clock: systemClock,
    relabel: (labels) => labels,
    reportTo: target.labels,
    honorTimestamps: true,
    trackTimestampsStaleness: false,
    limits: NO_LIMITS,
  });
}

const once = { clock: systemClock, concurrency: 10 };

describe('scraping once', () => {
  it('delivers in the order of the targets, whichever is first', async () => {
    const events: string[] = [];
    const names: string[] = [];
    await scrapeOnce([slow('a', 60, events), slow('b', 1, events), slow('c', 30, events)], once, {
      result: ({ target }) => names.push(target.labels.get('instance')),
    });
    expect(names).toEqual(['a:1', 'b:1', 'c:1']);
    expect(events).toEqual(['+a', '+b', '+c', '-b', '-c', '-a']);
  });

  it('has no more under way than it may', async () => {
    const events: string[] = [];
    const scrapers = ['a', 'b', 'c', 'd', 'e'].map((name) => slow(name, 5, events));
    await scrapeOnce(scrapers, { ...once, concurrency: 2 }, { result: () => {} });
    let running = 0;
    let most = 0;
    for (const event of events) {
      running += event.startsWith('+') ? 1 : -1;
      most = Math.max(most, running);
    }
    expect(most).toBe(2);
    expect(events).toHaveLength(10);
  });

  it('stops everything where a listener throws', async () => {
    const events: string[] = [];
    const enough = new Error('enough');
    const scraping = scrapeOnce([slow('a', 1, events), slow('b', 60_000, events)], once, {
      result: () => {
        throw enough;
      },
    });
    await expect(scraping).rejects.toBe(enough);
    expect(events).toEqual(['+a', '+b', '-a']);
  });

  it('stops where the caller says so, those in the queue too', async () => {
    const events: string[] = [];
    const abort = new AbortController();
    const reason = new Error('interrupted');
    const scrapers = ['a', 'b', 'c'].map((name) => slow(name, 60_000, events));
    const scraping = scrapeOnce(
      scrapers,
      { ...once, concurrency: 1, signal: abort.signal },
      { result: () => {} },
    );
    setTimeout(() => abort.abort(reason), 20);
    await expect(scraping).rejects.toBe(reason);
    await sleep(5);
    expect(events).toEqual(['+a']);
  });
});

describe('scraping repeatedly', () => {
  it('gives every target its count, each at its own pace', async () => {
    const times = new Map<string, number[]>();
    const skipped: string[] = [];
    await scrapeRepeatedly(
      [slow('quick', 1), slow('slow', 130)],
      { ...once, intervalMs: 50, count: 3, align: false },
      {
        result: ({ target, t }) => {
          const name = target.labels.get('instance');
          times.set(name, [...(times.get(name) ?? []), t]);
        },
        skipped: ({ target }, ticks) => skipped.push(`${target.labels.get('instance')} ${ticks > 0}`),
      },
    );
    expect(times.get('quick:1')).toHaveLength(3);
    const slowTimes = times.get('slow:1')!;
    expect(slowTimes).toHaveLength(3);
    expect(slowTimes[1] - slowTimes[0]).toBeGreaterThanOrEqual(130);
    expect(skipped.filter((line) => line === 'slow:1 true')).toHaveLength(2);
  });
});
