/**
 * What one run of scrapes leaves for the next, so that runs from cron end series as a process does that keeps running:
 * for each target the series that it had. One JSON object a line, the first of which says what the file is.
 */
import type { Clock } from '../clock.ts';
import { CorruptionError } from '../errors.ts';
import { type Labels, labelsFromObject } from '../model/index.ts';
import type { OpenJobs } from './jobs-once.ts';
import { NO_LIMITS } from './limits.ts';
import type { ScrapeListener } from './round.ts';
import { Scraper } from './scraper.ts';

const HEADER = '{"format":"tsmon scrape state","version":1}';

interface TargetState {
  job: string;
  url: string;
  labels: Record<string, string>;
  /** Whether the extra series are among those that its scrapes add. */
  extra: boolean;
  series: { labels: Record<string, string>; ends: boolean }[];
}

export class ScrapeState {
  private readonly targets = new Map<string, TargetState>();

  /** Reads what `toString` wrote; '' is a beginning. Throws CorruptionError. */
  constructor(text: string, file: string) {
    const lines = text.split('\n').filter((line) => line !== '');
    if (lines.length > 0 && lines[0] !== HEADER)
      throw new CorruptionError('this is not what scrapes have left for the next ones', { file });
    for (const [i, line] of lines.entries()) {
      if (i === 0) continue;
      try {
        const state = JSON.parse(line) as TargetState;
        this.targets.set(keyOf(state.job, state.url, labelsFromObject(state.labels)), state);
      } catch (error) {
        throw new CorruptionError((error as Error).message, { file, line: i + 1 });
      }
    }
  }

  /**
   * Before the scrapes: tells scrapers what their targets had, and ends the series of targets that are there no more.
   * Where only some jobs are scraped, `only` has their names; the others stay as they are.
   */
  begin(open: OpenJobs, only: readonly string[] | undefined, clock: Clock, listener: ScrapeListener): void {
    const gone = new Map(this.targets);
    for (const [i, scraper] of open.scrapers.entries()) {
      const key = keyOf(open.jobNames[i], scraper.target.name, scraper.target.labels);
      const state = this.targets.get(key);
      gone.delete(key);
      if (state !== undefined) restore(scraper, state);
    }
    for (const [key, state] of gone) {
      if (open.incomplete.has(state.job) || only?.includes(state.job) === false) continue;
      this.targets.delete(key);
      listener.result(endingScraper(state, clock).end(clock.now()));
    }
  }

  /** After the scrapes. */
  finish({ scrapers, jobNames }: OpenJobs): void {
    for (const [i, scraper] of scrapers.entries()) {
      const { name: url, labels } = scraper.target;
      this.targets.set(keyOf(jobNames[i], url, labels), {
        job: jobNames[i],
        url,
        labels: labels.toObject(),
        extra: scraper.reportsExtra,
        series: scraper.remembered().map((series) => ({ ...series, labels: series.labels.toObject() })),
      });
    }
  }

  toString(): string {
    const lines = [...this.targets.values()].map((state) => JSON.stringify(state));
    return `${[HEADER, ...lines].join('\n')}\n`;
  }
}

function keyOf(job: string, url: string, labels: Labels): string {
  return JSON.stringify([job, url, labels.names, labels.values]);
}

function restore(scraper: Scraper, { series }: TargetState): void {
  scraper.remember(series.map(({ labels, ends }) => ({ labels: labelsFromObject(labels), ends })));
}

/** One that has nothing to scrape. */
function endingScraper(state: TargetState, clock: Clock): Scraper {
  const labels = labelsFromObject(state.labels);
  const nothing = { read: () => Promise.reject(new Error('the target is gone')) };
  const scraper = new Scraper({ name: state.url, origin: { kind: 'stdin' }, labels }, nothing, {
    clock,
    relabel: (exposed) => exposed,
    reportTo: labels,
    extraReport: state.extra ? { timeoutMs: 0, sampleLimit: 0 } : undefined,
    honorTimestamps: true,
    trackTimestampsStaleness: false,
    limits: NO_LIMITS,
  });
  restore(scraper, state);
  return scraper;
}
