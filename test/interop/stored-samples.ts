/** What a data directory has stored, as promtool dumps it. */
import { execFileSync } from 'node:child_process';

export interface StoredSample {
  /** Milliseconds since the epoch. */
  t: number;
  /** As promtool writes it. */
  v: string;
}

/** By series, each list in time order. */
export type StoredSamples = Map<string, StoredSample[]>;

export function storedSamples(promtool: string, dir: string): StoredSamples {
  const text = execFileSync(promtool, ['tsdb', 'dump', dir], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const found: StoredSamples = new Map();
  for (const line of text.trim().split('\n')) {
    const end = line.startsWith('{') ? line.indexOf('} ') + 1 : -1;
    const series = line.slice(0, end);
    const rest = line.slice(end + 1);
    const space = rest.lastIndexOf(' ');
    const list = found.get(series) ?? [];
    list.push({ t: Number(rest.slice(space + 1)), v: rest.slice(0, space) });
    found.set(series, list);
  }
  for (const list of found.values()) list.sort((a, b) => a.t - b.t);
  return found;
}

/** The series of a job. */
export function ofJob(samples: StoredSamples, job: string): [string, StoredSample[]][] {
  return [...samples].filter(([series]) => series.includes(`job="${job}"`));
}

/** When a job's one target was scraped. */
export function scrapeTimes(samples: StoredSamples, job: string): number[] {
  const up = ofJob(samples, job).find(([series]) => series.startsWith('{__name__="up"'));
  return up?.[1].map(({ t }) => t) ?? [];
}

/** What each of a job's first scrapes (of one target) stored: series -> value; how long they took is left out. */
export function storedByScrape(samples: StoredSamples, job: string, count: number): Record<string, string>[] {
  const own = ofJob(samples, job).filter(([series]) => !series.includes('scrape_duration_seconds'));
  return scrapeTimes(samples, job)
    .slice(0, count)
    .map((time) => {
      const scrape: Record<string, string> = {};
      for (const [series, list] of own) {
        const sample = list.find(({ t }) => t === time);
        if (sample !== undefined) scrape[series] = sample.v;
      }
      return scrape;
    });
}
