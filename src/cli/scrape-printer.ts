/** Prints what scrapes bring: samples on stdout, and on stderr what is wrong or, on a terminal, how it went. */
import { createWriter } from '../core/exposition/format.ts';
import type { ExpositionFormat } from '../core/exposition/parser.ts';
import { type ExpositionWriter, writeBatch } from '../core/exposition/writer.ts';
import { formatByteSize } from '../core/model/byte-size.ts';
import type { ScrapeListener, ScrapeResult, Scraper, Target } from '../core/scrape/index.ts';
import { Output } from './output.ts';
import type { Painter } from './paint.ts';

export interface ScrapePrinterOptions {
  format: ExpositionFormat;
  /** A line about each scrape, not only about failures. */
  verbose: boolean;
  paint: Painter;
  /** Writes a line for people. */
  say: (line: string) => void;
  /** How wide the longest name of a target is. */
  nameWidth: number;
}

export class ScrapePrinter implements ScrapeListener {
  /** Whether any scrape failed. */
  failed = false;
  private readonly options: ScrapePrinterOptions;
  private readonly writer: ExpositionWriter;
  private readonly out = new Output();
  /** What was last wrong with each target, so that a target that stays down is not complained about again and again. */
  private readonly trouble = new Map<Target, string>();
  private readonly said = new Set<string>();

  constructor(options: ScrapePrinterOptions) {
    this.options = options;
    this.writer = createWriter(options.format);
  }

  result(result: ScrapeResult): void {
    writeBatch(this.writer, result.batch, result.series, result.t);
    this.writer.end();
    this.out.bytes(this.writer.take());
    this.reportOmissions();
    if (result.isEnd) {
      this.trouble.delete(result.target);
      return;
    }
    this.reportTrouble(result);
    this.reportOddities(result);
    if (this.options.verbose) this.options.say(this.summary(result));
  }

  skipped(scraper: Scraper, ticks: number): void {
    const scrapes = ticks === 1 ? 'a scrape was' : `${ticks} scrapes were`;
    this.warn(
      `${scraper.target.name}: ${scrapes} skipped because the one before took longer than the interval`,
    );
  }

  private reportTrouble({ target, error }: ScrapeResult): void {
    const before = this.trouble.get(target);
    if (error === undefined) {
      if (before !== undefined) this.options.say(`${target.name}: up again`);
      this.trouble.delete(target);
      return;
    }
    this.failed = true;
    // Numbers in a reason change from one time to the next without saying anything new.
    const reason = error.message.replace(/\d+/g, '0');
    if (before !== reason) this.options.say(`${this.options.paint.red('error:')} ${error.message}`);
    this.trouble.set(target, reason);
  }

  private reportOddities({ target, counts, warning }: ScrapeResult): void {
    if (warning !== undefined) this.warnOnce(`${target.name}: ${warning}`);
    if (counts.duplicates > 0) {
      const first = counts.duplicates === 1 ? '' : ', the first of them';
      this.warnOnce(
        `${target.name}: ${plural(counts.duplicates, 'duplicate sample')} left out${first} of ${counts.firstDuplicate}`,
      );
    }
    if (counts.tooFarAhead > 0) {
      const what = plural(counts.tooFarAhead, 'sample');
      this.warnOnce(`${target.name}: ${what} left out: more than 10 minutes in the future`);
    }
  }

  /** What the output format cannot carry must not get lost unnoticed. */
  private reportOmissions(): void {
    const { omitted } = this.writer;
    const { format } = this.options;
    const say = (count: number, what: string, formats: string) => {
      if (count > 0)
        this.warnOnce(`${what} are not in the output, because ${format} cannot carry them (${formats} can)`);
    };
    say(omitted.histograms, 'native histograms', '--output jsonl and --output protobuf');
    say(omitted.staleMarkers, 'stale markers', '--output jsonl');
    say(omitted.exemplars, 'exemplars', '--output jsonl and --output openmetrics');
    say(omitted.startTimestamps, 'start timestamps', '--output jsonl');
    say(omitted.nameless, 'series without a name', '--output jsonl');
  }

  private summary(result: ScrapeResult): string {
    const { paint, nameWidth } = this.options;
    const mark = result.error === undefined ? paint.green('up  ') : paint.red('down');
    const size = result.bodyBytes > 0 ? `  ${formatByteSize(result.bodyBytes)}` : '';
    const samples = plural(result.counts.scraped, 'sample').padStart(16);
    const time = `${(result.durationSeconds * 1000).toFixed(1)} ms`.padStart(11);
    return `${mark} ${result.target.name.padEnd(nameWidth)} ${samples} ${time}${paint.dim(size)}`;
  }

  private warnOnce(line: string): void {
    if (this.said.has(line)) return;
    this.said.add(line);
    this.warn(line);
  }

  private warn(line: string): void {
    this.options.say(`${this.options.paint.yellow('warning:')} ${line}`);
  }
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
