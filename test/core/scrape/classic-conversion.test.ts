import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { formatHistogram, labelsFromObject } from '../../../src/core/model/index.ts';
import { NO_LIMITS, Scraper, type ScraperOptions } from '../../../src/core/scrape/index.ts';
import type { ScrapeInput } from '../../../src/core/scrape/input.ts';

/** Scrapes the bodies one after another; what each stored. */
async function scraped(bodies: readonly string[], options: Partial<ScraperOptions>): Promise<string[][]> {
  let next = 0;
  const input: ScrapeInput = {
    read: async (body) => {
      body.clear();
      body.push(Buffer.from(bodies[next++]), 0);
      return { format: 'openmetrics', receivedBytes: 0, warning: undefined };
    },
  };
  const target = {
    name: 't',
    origin: { kind: 'stdin' as const },
    labels: labelsFromObject({ job: 'j' }),
  };
  const scraper = new Scraper(target, input, {
    clock: systemClock,
    relabel: (labels) => labels,
    reportTo: null,
    honorTimestamps: true,
    trackTimestampsStaleness: false,
    limits: NO_LIMITS,
    convertClassic: { keepClassic: false },
    ...options,
  });
  const all: string[][] = [];
  for (let i = 0; i < bodies.length; i++) {
    const { batch, series, error } = await scraper.scrape(1000 * (i + 1));
    if (error !== undefined) throw error;
    const rows: string[] = [];
    for (let row = 0; row < batch.length; row++) {
      const h = batch.histograms.get(row);
      const exemplars = batch.exemplars.filter((entry) => entry.row === row).length;
      const value = h === undefined ? batch.v[row] : formatHistogram(h);
      rows.push(`${series.labels[batch.series[row]]} ${value}${exemplars > 0 ? ` +${exemplars}` : ''}`);
    }
    all.push(rows);
  }
  return all;
}

const HISTOGRAM = `# TYPE h histogram
h_bucket{a="1",le="0.5"} 1 # {id="x"} 0.4 1
h_bucket{a="1",le="1.0"} 3
h_bucket{a="1",le="+Inf"} 4 # {id="y"} 2 1
h_sum{a="1"} 5.5
h_count{a="1"} 4
`;

describe('classic histograms', () => {
  it('become one row each, with the exemplars of their buckets', async () => {
    const body = `${HISTOGRAM}h_bucket{a="2",le="+Inf"} 1\nh_sum{a="2"} 1\nh_count{a="2"} 1\n# TYPE g gauge\ng 1\n# EOF\n`;
    expect(await scraped([body, body], {})).toEqual([
      [
        'g 1',
        'h{a="1"} {count:4, sum:5.5, [-Inf,0.5]:1, (0.5,1]:2, (1,+Inf]:1} +2',
        'h{a="2"} {count:1, sum:1, [-Inf,+Inf]:1}',
      ],
      [
        'g 1',
        'h{a="1"} {count:4, sum:5.5, [-Inf,0.5]:1, (0.5,1]:2, (1,+Inf]:1} +2',
        'h{a="2"} {count:1, sum:1, [-Inf,+Inf]:1}',
      ],
    ]);
  });

  it('stay as they are, too, where that is asked for', async () => {
    const [rows] = await scraped([`${HISTOGRAM}# EOF\n`], { convertClassic: { keepClassic: true } });
    expect(rows).toHaveLength(6);
    expect(rows.at(-1)).toContain('count:4');
  });

  it('end with a stale marker when they are gone', async () => {
    const [, rows] = await scraped([`${HISTOGRAM}# EOF\n`, '# TYPE g gauge\ng 1\n# EOF\n'], {});
    expect(rows).toEqual(['g 1', 'h{a="1"} NaN']);
  });

  it('that contradict themselves are left out, and the rest is taken', async () => {
    const wrong = HISTOGRAM.replace('h_count{a="1"} 4', 'h_count{a="1"} 9');
    const [rows] = await scraped([`${wrong}# TYPE g gauge\ng 1\n# EOF\n`], {});
    expect(rows).toEqual(['g 1']);
  });
});
