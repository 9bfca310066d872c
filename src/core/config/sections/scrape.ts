/** `scrape_configs`: jobs, and what they take from `global`. */
import type { Node } from 'yaml';
import { goQuote } from '../../model/quote.ts';
import type { ScrapeConfig } from '../../scrape/scrape-config.ts';
import type { GlobalConfig } from '../config.ts';
import type { Origin, Reader } from '../reader.ts';
import {
  boolean,
  type Checked,
  duration,
  field,
  file,
  float,
  list,
  mapOf,
  optional,
  optionalField,
  Struct,
  size,
  text,
  unsigned,
} from '../schema/index.ts';
import { checkStaticTargets, discovery } from './discovery.ts';
import { defaultProtocols, escapingFault, protocolsFault, unknownProtocol } from './global.ts';
import { http } from './http.ts';
import { relabelRules } from './relabel.ts';

export const scrapeConfig = new Struct<ScrapeConfig>(
  'config.ScrapeConfig',
  [
    field('job_name', text),
    optionalField('honor_labels', boolean),
    field('honor_timestamps', boolean, true),
    field('track_timestamps_staleness', boolean),
    optionalField('params', mapOf(list(text), 'url.Values')),
    optionalField('scrape_interval', duration),
    optionalField('scrape_timeout', duration),
    optionalField('scrape_protocols', optional(list(text))),
    optionalField('fallback_scrape_protocol', optional(text)),
    optionalField('scrape_native_histograms', optional(boolean)),
    optionalField('always_scrape_classic_histograms', optional(boolean)),
    optionalField('convert_classic_histograms_to_nhcb', optional(boolean)),
    optionalField('scrape_failure_log_file', file),
    optionalField('metrics_path', text, '/metrics'),
    optionalField('scheme', text, 'http'),
    field('enable_compression', boolean, true),
    optionalField('body_size_limit', size),
    optionalField('sample_limit', unsigned),
    optionalField('target_limit', unsigned),
    optionalField('label_limit', unsigned),
    optionalField('label_name_length_limit', unsigned),
    optionalField('label_value_length_limit', unsigned),
    optionalField('native_histogram_bucket_limit', unsigned),
    optionalField('native_histogram_min_bucket_factor', float),
    optionalField('keep_dropped_targets', unsigned),
    optionalField('metric_name_validation_scheme', text),
    optionalField('metric_name_escaping_scheme', text),
    optionalField('extra_scrape_metrics', optional(boolean)),
    { inline: http, prop: 'http' },
    optionalField('relabel_configs', relabelRules('empty or null target relabeling rule in scrape config')),
    optionalField(
      'metric_relabel_configs',
      relabelRules('empty or null metric relabeling rule in scrape config'),
    ),
    discovery,
  ],
  { check: checkScrape, around: ownNameScheme },
);

/** A job's own scheme of names rules its relabelling. */
function ownNameScheme(reader: Reader, get: (key: string) => Node | null): () => void {
  const before = reader.nameScheme;
  const node = get('metric_name_validation_scheme');
  const own = node === null ? '' : reader.document.text(node);
  if (own === 'legacy' || own === 'utf8') reader.nameScheme = own;
  return () => {
    reader.nameScheme = before;
  };
}

function checkScrape(config: ScrapeConfig, at: Checked): void {
  if (config.jobName === '') at.fault('job_name is empty');
  if (config.relabelConfigs.length === 0) checkStaticTargets(config.discovery, at);
}

/** Limits and files that a job leaves to `global`. */
const INHERITED = [
  ['body_size_limit', 'bodySizeLimitBytes'],
  ['sample_limit', 'sampleLimit'],
  ['target_limit', 'targetLimit'],
  ['label_limit', 'labelLimit'],
  ['label_name_length_limit', 'labelNameLengthLimit'],
  ['label_value_length_limit', 'labelValueLengthLimit'],
  ['keep_dropped_targets', 'keepDroppedTargets'],
  ['scrape_failure_log_file', 'scrapeFailureLogFile'],
  ['scrape_native_histograms', 'scrapeNativeHistograms'],
  ['extra_scrape_metrics', 'extraScrapeMetrics'],
  ['convert_classic_histograms_to_nhcb', 'convertClassicHistogramsToNhcb'],
  ['always_scrape_classic_histograms', 'alwaysScrapeClassicHistograms'],
] as const;

const DEFAULT: Origin = { kind: 'default' };

/** Completes one job from `global`, and tells what does not fit together. `path` is the job's. */
export function inheritGlobal(
  config: ScrapeConfig,
  globals: GlobalConfig,
  { origins, faultAt }: InheritContext,
  path: string,
): void {
  const job = goQuote(config.jobName);
  const from = (key: string) => {
    const source = `global.${key}`;
    origins.set(`${path}.${key}`, origins.has(source) ? { kind: 'global', key: source } : DEFAULT);
  };
  if (config.scrapeIntervalMs === 0) {
    config.scrapeIntervalMs = globals.scrapeIntervalMs;
    from('scrape_interval');
  }
  if (config.scrapeTimeoutMs > config.scrapeIntervalMs) {
    faultAt(
      `${path}.scrape_timeout`,
      `scrape timeout greater than scrape interval for scrape config with job name ${job}`,
    );
  }
  if (config.scrapeTimeoutMs === 0) {
    config.scrapeTimeoutMs = Math.min(globals.scrapeTimeoutMs, config.scrapeIntervalMs);
    from('scrape_timeout');
  }
  const values = config as unknown as Record<string, unknown>;
  for (const [key, prop] of INHERITED) {
    // A job cannot lift a limit of `global`: 0 means nothing was said.
    if (values[prop] !== undefined && values[prop] !== 0 && values[prop] !== '') continue;
    values[prop] = globals[prop];
    from(key);
  }
  inheritProtocols(config, globals, { origins, faultAt }, path, from);
  inheritNames(config, globals, { origins, faultAt }, path, from);
}

export interface InheritContext {
  origins: Reader['origins'];
  faultAt(path: string, message: string): void;
}

function inheritProtocols(
  config: ScrapeConfig,
  globals: GlobalConfig,
  { faultAt }: InheritContext,
  path: string,
  from: (key: string) => void,
): void {
  const job = goQuote(config.jobName);
  if (config.scrapeProtocols === undefined) {
    const inherited = globals.scrapeProtocols ?? defaultProtocols(config.scrapeNativeHistograms);
    config.scrapeProtocols = inherited as ScrapeConfig['scrapeProtocols'];
    from('scrape_protocols');
  }
  const wrong = protocolsFault(config.scrapeProtocols);
  if (wrong !== undefined)
    faultAt(`${path}.scrape_protocols`, `${wrong} for scrape config with job name ${job}`);
  const fallback = config.fallbackScrapeProtocol;
  if (fallback === undefined || (fallback as string) === '') config.fallbackScrapeProtocol = undefined;
  else if (protocolsFault([fallback]) !== undefined) {
    faultAt(
      `${path}.fallback_scrape_protocol`,
      `invalid fallback_scrape_protocol for scrape config with job name ${job}: ${unknownProtocol(fallback)}`,
    );
  }
}

function inheritNames(
  config: ScrapeConfig,
  globals: GlobalConfig,
  { faultAt }: InheritContext,
  path: string,
  from: (key: string) => void,
): void {
  const own = config.metricNameValidationScheme as string;
  if (own === '') {
    config.metricNameValidationScheme = globals.metricNameValidationScheme;
    from('metric_name_validation_scheme');
  } else if (own !== 'legacy' && own !== 'utf8') {
    faultAt(
      `${path}.metric_name_validation_scheme`,
      `unknown scrape config name validation method specified, must be either '', 'legacy' or 'utf8', got ${own}`,
    );
    return;
  }
  const wide =
    (globals.metricNameEscapingScheme as string) || usualEscaping(globals.metricNameValidationScheme);
  const globalFault = escapingFault('global', wide);
  if (globalFault !== undefined) faultAt('global.metric_name_escaping_scheme', globalFault);
  if ((config.metricNameEscapingScheme as string) === '') {
    const inferred = own === '' ? wide : usualEscaping(config.metricNameValidationScheme);
    config.metricNameEscapingScheme = inferred as ScrapeConfig['metricNameEscapingScheme'];
    if (own === '') from('metric_name_escaping_scheme');
  }
  const key = `${path}.metric_name_escaping_scheme`;
  const fault = escapingFault('scrape config', config.metricNameEscapingScheme);
  if (fault !== undefined) faultAt(key, fault);
  else if (config.metricNameEscapingScheme === 'allow-utf-8' && config.metricNameValidationScheme !== 'utf8')
    faultAt(key, 'utf8 metric names requested but validation scheme is not set to UTF8');
}

function usualEscaping(scheme: string): string {
  return scheme === 'legacy' ? 'underscores' : 'allow-utf-8';
}
