/** `global`: what jobs inherit, and what is said of the server as a whole. */
import {
  DEFAULT_SCRAPE_PROTOCOLS,
  isScrapeProtocol,
  NATIVE_HISTOGRAM_SCRAPE_PROTOCOLS,
} from '../../exposition/negotiation.ts';
import { ESCAPING_SCHEMES } from '../../model/escaping.ts';
import { goQuote } from '../../model/quote.ts';
import type { GlobalConfig, RuntimeConfig } from '../config.ts';
import {
  boolean,
  type Checked,
  duration,
  field,
  file,
  integer,
  list,
  mapOf,
  optional,
  optionalField,
  Struct,
  size,
  text,
  unsigned,
} from '../schema/index.ts';
import { labelFault } from './labels.ts';

export const DEFAULT_SCRAPE_INTERVAL_MS = 60_000;
export const DEFAULT_SCRAPE_TIMEOUT_MS = 10_000;
const DEFAULT_EVALUATION_INTERVAL_MS = 60_000;
const DEFAULT_GOGC = 75;

/** A list that is there and empty is a mistake; one that is not there has a default. */
const protocols = optional(list(text));

export const global = new Struct<GlobalConfig>(
  'config.plain',
  [
    optionalField('scrape_interval', duration),
    optionalField('scrape_timeout', duration),
    optionalField('scrape_protocols', protocols),
    optionalField('evaluation_interval', duration),
    optionalField('rule_query_offset', duration),
    optionalField('query_log_file', file),
    optionalField('scrape_failure_log_file', file),
    optionalField('external_labels', mapOf(text)),
    optionalField('body_size_limit', size),
    optionalField('sample_limit', unsigned),
    optionalField('target_limit', unsigned),
    optionalField('label_limit', unsigned),
    optionalField('label_name_length_limit', unsigned),
    optionalField('label_value_length_limit', unsigned),
    optionalField('keep_dropped_targets', unsigned),
    optionalField('metric_name_validation_scheme', text),
    optionalField('metric_name_escaping_scheme', text),
    field('scrape_native_histograms', boolean),
    optionalField('convert_classic_histograms_to_nhcb', boolean),
    optionalField('always_scrape_classic_histograms', boolean),
    optionalField('extra_scrape_metrics', boolean),
  ],
  { check: checkGlobal },
);

export const runtime = new Struct<RuntimeConfig>('config.RuntimeConfig', [optionalField('gogc', integer)]);

/** Fills in what nothing was said of; `absent`: the section is not there at all. */
export function completeGlobal(config: GlobalConfig, absent: boolean): void {
  if (absent) config.metricNameEscapingScheme = 'allow-utf-8';
  if (config.scrapeIntervalMs === 0) config.scrapeIntervalMs = DEFAULT_SCRAPE_INTERVAL_MS;
  if (config.scrapeTimeoutMs === 0)
    config.scrapeTimeoutMs = Math.min(DEFAULT_SCRAPE_TIMEOUT_MS, config.scrapeIntervalMs);
  if (config.evaluationIntervalMs === 0) config.evaluationIntervalMs = DEFAULT_EVALUATION_INTERVAL_MS;
  const scheme = config.metricNameValidationScheme;
  if (scheme !== 'legacy' && scheme !== 'utf8') config.metricNameValidationScheme = 'utf8';
}

export function completeRuntime(config: RuntimeConfig, gogc: string | undefined): void {
  if (config.gogc !== 0) return;
  const number = Number(gogc);
  config.gogc = gogc?.toLowerCase() === 'off' ? -1 : gogc && Number.isInteger(number) ? number : DEFAULT_GOGC;
}

/** What is wrong with a list of protocols, or undefined. */
export function protocolsFault(names: readonly string[]): string | undefined {
  if (names.length === 0) return 'scrape_protocols cannot be empty';
  if (new Set(names.map((name) => name.toLowerCase())).size < names.length)
    return `duplicated protocol in scrape_protocols, got [${names.join(' ')}]`;
  const unknown = names.find((name) => !isScrapeProtocol(name));
  return unknown === undefined ? undefined : `scrape_protocols: ${unknownProtocol(unknown)}`;
}

export function unknownProtocol(name: string): string {
  const supported = [...NATIVE_HISTOGRAM_SCRAPE_PROTOCOLS].sort().join(' ');
  return `unknown scrape protocol ${name}, supported: [${supported}]`;
}

export function defaultProtocols(nativeHistograms: boolean): readonly string[] {
  return nativeHistograms ? NATIVE_HISTOGRAM_SCRAPE_PROTOCOLS : DEFAULT_SCRAPE_PROTOCOLS;
}

export function escapingFault(whose: 'global' | 'scrape config', scheme: string): string | undefined {
  if ((ESCAPING_SCHEMES as readonly string[]).includes(scheme)) return undefined;
  const known = "'allow-utf-8', 'underscores', 'dots', or 'values'";
  return `unknown ${whose} name escaping method specified, must be one of ${known}, got ${goQuote(scheme)}`;
}

function checkGlobal(config: GlobalConfig, at: Checked): void {
  const scheme: string = config.metricNameValidationScheme;
  if (!['', 'utf8', 'legacy'].includes(scheme)) {
    at.fault(
      `unknown global name validation method specified, must be either '', 'legacy' or 'utf8', got ${scheme}`,
      'metric_name_validation_scheme',
    );
  }
  if (config.scrapeTimeoutMs > (config.scrapeIntervalMs || DEFAULT_SCRAPE_INTERVAL_MS))
    at.fault('global scrape timeout greater than scrape interval', 'scrape_timeout');
  for (const [name, value] of Object.entries(config.externalLabels)) {
    const fault = labelFault(name, value, scheme === 'legacy' ? 'legacy' : 'utf8');
    if (fault !== undefined) at.fault(fault, `external_labels.${name}`);
  }
  const wrong = config.scrapeProtocols === undefined ? undefined : protocolsFault(config.scrapeProtocols);
  if (wrong !== undefined) at.fault(`${wrong} for global config`, 'scrape_protocols');
}
