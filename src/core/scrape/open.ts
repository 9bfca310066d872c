/** Makes scrapers for targets, and loads only what their kinds need: a file does not pay for HTTP. */
import type { Clock } from '../clock.ts';
import { InputError } from '../errors.ts';
import type { ScrapeProtocol } from '../exposition/negotiation.ts';
import type { OpenMetricsOptions } from '../exposition/openmetrics-parser.ts';
import type { FetchClient, FetchClientOptions } from '../http/fetch.ts';
import { FamilyInput, fileInput, HttpInput, type ScrapeInput, StreamInput } from './input.ts';
import type { ScrapeLimits } from './limits.ts';
import { Scraper } from './scraper.ts';
import { type Target, TargetLabels } from './target.ts';

export interface ScrapeSettings {
  clock: Clock;
  client: FetchClientOptions;
  timeoutMs: number;
  bodySizeLimitBytes: number;
  protocols: readonly ScrapeProtocol[];
  fallbackProtocol: ScrapeProtocol | undefined;
  honorLabels: boolean;
  honorTimestamps: boolean;
  trackTimestampsStaleness: boolean;
  limits: ScrapeLimits;
  parser?: OpenMetricsOptions | undefined;
  /** Leave out the target's labels and the series about the scrape. */
  raw: boolean;
  /** For `-`. */
  stdin: AsyncIterable<Uint8Array>;
  /** For `host:`. */
  textfileDirectories: readonly string[];
  /** A part of `host:` that could not be collected; the rest could. */
  onCollectorFailure?: ((reason: string) => void) | undefined;
}

export interface OpenScrapers {
  scrapers: Scraper[];
  /** Lets go of connections. */
  close(): void;
}

export async function openScrapers(
  targets: readonly Target[],
  settings: ScrapeSettings,
): Promise<OpenScrapers> {
  if (targets.filter(({ origin }) => origin.kind === 'stdin').length > 1)
    throw new InputError('bad_target', 'standard input (-) can be a target only once');
  let client: FetchClient | undefined;
  const scrapers: Scraper[] = [];
  for (const target of targets) {
    if (target.origin.kind === 'http' && client === undefined) {
      const { HttpClient } = await import('../http/http-client.ts');
      client = new HttpClient(settings.client);
    }
    scrapers.push(scraperFor(target, await inputFor(target, settings, client), settings));
  }
  return { scrapers, close: () => client?.close() };
}

/** What it takes to reach a target, whatever is done with its samples. */
export type InputSettings = Pick<
  ScrapeSettings,
  | 'clock'
  | 'client'
  | 'timeoutMs'
  | 'bodySizeLimitBytes'
  | 'protocols'
  | 'fallbackProtocol'
  | 'stdin'
  | 'textfileDirectories'
  | 'onCollectorFailure'
>;

/** One target as it is, for who looks at the exposition itself. */
export async function openInput(
  target: Target,
  settings: InputSettings,
): Promise<{ input: ScrapeInput; close(): void }> {
  let client: FetchClient | undefined;
  if (target.origin.kind === 'http') {
    const { HttpClient } = await import('../http/http-client.ts');
    client = new HttpClient(settings.client);
  }
  return { input: await inputFor(target, settings, client), close: () => client?.close() };
}

function scraperFor(target: Target, input: ScrapeInput, settings: ScrapeSettings): Scraper {
  const { clock, honorLabels, honorTimestamps, trackTimestampsStaleness, limits, parser, raw } = settings;
  const labels = new TargetLabels(target.labels, honorLabels);
  return new Scraper(target, input, {
    clock,
    relabel: raw ? (exposed) => exposed : (exposed, empty) => labels.addTo(exposed, empty),
    reportTo: raw ? null : target.labels,
    honorTimestamps,
    trackTimestampsStaleness,
    limits,
    parser,
  });
}

async function inputFor(
  { origin }: Target,
  settings: InputSettings,
  client: FetchClient | undefined,
): Promise<ScrapeInput> {
  switch (origin.kind) {
    case 'http':
      return new HttpInput(client!, origin, settings);
    case 'file':
      return fileInput(origin.path, settings.bodySizeLimitBytes);
    case 'stdin':
      return new StreamInput(() => settings.stdin, settings.bodySizeLimitBytes);
    case 'host': {
      const { HostCollector } = await import('../collector/index.ts');
      const { clock, textfileDirectories, onCollectorFailure } = settings;
      const onFailure = (failure: { collector: string; reason: string }) =>
        onCollectorFailure?.(`${failure.collector}: ${failure.reason}`);
      const collector = new HostCollector({ clock, textfileDirectories, onFailure });
      return new FamilyInput(() => collector.collect());
    }
    case 'self': {
      const { processFamilies } = await import('../instrument/process.ts');
      return new FamilyInput(() => processFamilies());
    }
  }
}
