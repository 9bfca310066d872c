import { describe, expect, it } from 'vitest';
import { isStale } from '../../../src/core/model/value.ts';
import {
  openJobs,
  type ScrapeConfig,
  type ScrapeResult,
  ScrapeState,
  scrapeOnce,
} from '../../../src/core/scrape/index.ts';
import { HandClock } from '../discovery/clock.ts';
import { FakeNetwork, job, staticTargets } from './job.ts';

const START = 1_700_000_000_000;

interface Row {
  name: string;
  instance: string;
  value: string;
}

/** A result's rows, `stale` for markers. */
function rowsOf({ batch, series }: ScrapeResult): Row[] {
  return Array.from({ length: batch.length }, (_, row) => {
    const labels = series.labels[batch.series[row]]!;
    const value = isStale(batch.v, row) ? 'stale' : String(batch.v[row]);
    return { name: labels.get('__name__'), instance: labels.get('instance'), value };
  });
}

class Cron {
  readonly network = new FakeNetwork();
  state = '';
  private readonly clock = new HandClock(START);

  /** One run, as a process of its own makes it; the rows that come out. */
  async run(configs: readonly ScrapeConfig[], only?: readonly string[]): Promise<Row[]> {
    const { clock, network } = this;
    await clock.advance(60_000);
    const state = new ScrapeState(this.state, 'state');
    const open = await openJobs(configs, {
      clock,
      openClient: () => network,
      discovery: { openClient: () => network, env: {} },
      timeoutMs: 1000,
    });
    const rows: Row[] = [];
    const listener = { result: (result: ScrapeResult) => void rows.push(...rowsOf(result)) };
    state.begin(open, only, clock, listener);
    await scrapeOnce(open.scrapers, { clock, concurrency: 1 }, listener);
    state.finish(open);
    this.state = String(state);
    return rows;
  }
}

const of = (rows: Row[], name: string) => rows.filter((row) => row.name === name).map(({ value }) => value);

describe('what one run leaves for the next', () => {
  const discovery = [staticTargets('a:1', 'b:1')];

  it('ends the series that a target no longer has, once', async () => {
    const cron = new Cron();
    cron.network.bodies.set('a:1', 'm 1\nn 1\n').set('b:1', 'm 2\n');
    expect(of(await cron.run([job({ discovery })]), 'scrape_series_added')).toEqual(['2', '1']);
    cron.network.bodies.set('a:1', 'm 1\n');
    const second = await cron.run([job({ discovery })]);
    expect(of(second, 'n')).toEqual(['stale']);
    expect(of(second, 'scrape_series_added')).toEqual(['0', '0']);
    expect(of(await cron.run([job({ discovery })]), 'n')).toEqual([]);
  });

  it('ends those of a target that fails', async () => {
    const cron = new Cron();
    cron.network.bodies.set('a:1', 'm 1\n').set('b:1', 'm 2\n');
    await cron.run([job({ discovery })]);
    cron.network.bodies.delete('a:1');
    expect(of(await cron.run([job({ discovery })]), 'm')).toEqual(['stale', '2']);
    expect(of(await cron.run([job({ discovery })]), 'm')).toEqual(['2']);
  });

  it('ends everything of a target that is gone, unless its job is not scraped or discovery failed', async () => {
    const cron = new Cron();
    cron.network.bodies.set('a:1', 'm 1\n').set('b:1', 'm 2\n');
    await cron.run([job({ discovery, extraScrapeMetrics: true })]);
    const other = job({ jobName: 'other', discovery: [staticTargets('a:1')] });
    expect(of(await cron.run([other], ['other']), 'up')).toEqual(['1']);
    const left = await cron.run([
      other,
      job({ discovery: [staticTargets('a:1')], extraScrapeMetrics: true }),
    ]);
    const gone = left.filter(({ instance }) => instance === 'b:1');
    expect(gone.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['m', 'up', 'scrape_body_size_bytes']),
    );
    expect(gone.every(({ value }) => value === 'stale')).toBe(true);
  });

  it('is refused where it is something else', () => {
    expect(() => new ScrapeState('a\n', 'f')).toThrow(/what scrapes have left/);
    const [header] = String(new ScrapeState('', 'f')).split('\n');
    expect(() => new ScrapeState(`${header}\n{"job"\n`, 'f')).toThrow();
  });
});
