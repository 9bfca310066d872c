/**
 * Which exposition format an HTTP body is in: what a scrape asks for (`Accept`), what it takes a Content-Type for, and
 * what our own endpoints answer with. Headers and error messages are those of Prometheus 3.5.
 */
import { InputError } from '../errors.ts';
import { ESCAPING_SCHEMES, type EscapingScheme } from '../model/escaping.ts';
import { goQuote } from '../model/quote.ts';
import { parseMediaType } from './media-type.ts';
import type { ExpositionFormat } from './parser.ts';

/** The names that `scrape_protocols` and `fallback_scrape_protocol` take. */
export type ScrapeProtocol =
  | 'PrometheusProto'
  | 'PrometheusText0.0.4'
  | 'PrometheusText1.0.0'
  | 'OpenMetricsText0.0.1'
  | 'OpenMetricsText1.0.0';

export const DEFAULT_SCRAPE_PROTOCOLS: readonly ScrapeProtocol[] = [
  'OpenMetricsText1.0.0',
  'OpenMetricsText0.0.1',
  'PrometheusText1.0.0',
  'PrometheusText0.0.4',
];

/** The default where native histograms are scraped: only protobuf carries them. */
export const NATIVE_HISTOGRAM_SCRAPE_PROTOCOLS: readonly ScrapeProtocol[] = [
  'PrometheusProto',
  ...DEFAULT_SCRAPE_PROTOCOLS,
];

export const OPENMETRICS_CONTENT_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
export const TEXT_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
export const PROTOBUF_CONTENT_TYPE =
  'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';
export const JSONL_CONTENT_TYPE = 'application/x-ndjson';

interface Protocol {
  format: ExpositionFormat;
  accept: string;
  /** The newer text formats are asked with the escaping scheme that names shall be written in. */
  escapes: boolean;
}

const PROTOCOLS: Readonly<Record<ScrapeProtocol, Protocol>> = {
  PrometheusProto: {
    format: 'protobuf',
    accept: 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited',
    escapes: false,
  },
  'PrometheusText0.0.4': { format: 'text', accept: 'text/plain;version=0.0.4', escapes: false },
  'PrometheusText1.0.0': { format: 'text', accept: 'text/plain;version=1.0.0', escapes: true },
  'OpenMetricsText0.0.1': {
    format: 'openmetrics',
    accept: 'application/openmetrics-text;version=0.0.1',
    escapes: false,
  },
  'OpenMetricsText1.0.0': {
    format: 'openmetrics',
    accept: 'application/openmetrics-text;version=1.0.0',
    escapes: true,
  },
};

const PROTOCOL_COUNT = Object.keys(PROTOCOLS).length;

export function isScrapeProtocol(name: string): name is ScrapeProtocol {
  return Object.hasOwn(PROTOCOLS, name);
}

export function formatOfProtocol(protocol: ScrapeProtocol): ExpositionFormat {
  return PROTOCOLS[protocol].format;
}

/** The Accept header of a scrape: the protocols in order of preference, and anything else after them. */
export function acceptHeader(
  protocols: readonly ScrapeProtocol[],
  escaping: EscapingScheme = 'allow-utf-8',
): string {
  let tenths = PROTOCOL_COUNT + 1;
  const parts = protocols.map((name) => {
    const { accept, escapes } = PROTOCOLS[name];
    return `${accept}${escapes ? `;escaping=${escaping}` : ''};q=0.${tenths--}`;
  });
  return [...parts, `*/*;q=0.${tenths}`].join(',');
}

export interface BodyFormat {
  format: ExpositionFormat;
  /** Why the fallback had to be taken; undefined where the Content-Type was good. */
  warning: string | undefined;
}

/**
 * The format that a Content-Type header names; parameters do not matter. Without a usable one it is that of the
 * fallback, and without a fallback an InputError (`bad_content_type`).
 */
export function bodyFormat(contentType: string | undefined, fallback?: ScrapeProtocol): BodyFormat {
  const found = contentType === undefined || contentType === '' ? BLANK : recognise(contentType);
  if (typeof found === 'string') return { format: found, warning: undefined };
  if (fallback === undefined) throw new InputError('bad_content_type', found.refusal);
  const { format, accept } = PROTOCOLS[fallback];
  const mediaType = goQuote(accept.split(';')[0]);
  return {
    format,
    warning: `${found.complaint}, using fallback_scrape_protocol ${mediaType}${found.detail}`,
  };
}

/** Why a Content-Type is of no use: as an error, and as the start of a warning. */
interface Unusable {
  refusal: string;
  complaint: string;
  detail: string;
}

const BLANK: Unusable = {
  refusal:
    'non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target',
  complaint: 'non-compliant scrape target sending blank Content-Type',
  detail: '',
};

function recognise(contentType: string): ExpositionFormat | Unusable {
  const parsed = parseMediaType(contentType);
  const quoted = goQuote(contentType);
  if (parsed.error !== undefined) {
    return {
      refusal: `cannot parse Content-Type ${quoted} and no fallback_scrape_protocol for target\n${parsed.error}`,
      complaint: `could not parse received Content-Type ${quoted}`,
      detail: `\n${parsed.error}`,
    };
  }
  switch (parsed.type) {
    case 'text/plain':
      return 'text';
    case 'application/openmetrics-text':
      return 'openmetrics';
    case 'application/vnd.google.protobuf':
      return 'protobuf';
    case 'application/x-ndjson':
      return 'jsonl';
  }
  return {
    refusal: `received unsupported Content-Type ${quoted} and no fallback_scrape_protocol specified for target`,
    complaint: `received unsupported Content-Type ${quoted}`,
    detail: '',
  };
}

/** What an endpoint of ours answers a scrape with. */
export interface Answer {
  format: ExpositionFormat;
  escaping: EscapingScheme;
  contentType: string;
}

/** The best format that an Accept header allows; text where it allows none, as client libraries do. */
export function negotiate(accept: string | undefined): Answer {
  let best: Answer = answer('text', 'underscores');
  let bestQuality = 0;
  for (const part of (accept ?? '').split(',')) {
    const { type, parameters } = parseMediaType(part);
    const quality = qualityOf(parameters.get('q'));
    if (quality <= bestQuality) continue;
    const format = offered(type, parameters);
    if (format === undefined) continue;
    const wanted = parameters.get('escaping') as EscapingScheme;
    best = answer(format, ESCAPING_SCHEMES.includes(wanted) ? wanted : 'underscores');
    bestQuality = quality;
  }
  return best;
}

export function contentTypeOf(format: ExpositionFormat): string {
  switch (format) {
    case 'text':
      return TEXT_CONTENT_TYPE;
    case 'openmetrics':
      return OPENMETRICS_CONTENT_TYPE;
    case 'protobuf':
      return PROTOBUF_CONTENT_TYPE;
    case 'jsonl':
      return JSONL_CONTENT_TYPE;
  }
}

function answer(format: ExpositionFormat, escaping: EscapingScheme): Answer {
  return { format, escaping, contentType: `${contentTypeOf(format)}; escaping=${escaping}` };
}

function offered(type: string, parameters: ReadonlyMap<string, string>): ExpositionFormat | undefined {
  const version = parameters.get('version') ?? '';
  switch (type) {
    case '*/*':
    case 'text/*':
      return 'text';
    case 'text/plain':
      return ['', '0.0.4', '1.0.0'].includes(version) ? 'text' : undefined;
    case 'application/openmetrics-text':
      return ['', '0.0.1', '1.0.0'].includes(version) ? 'openmetrics' : undefined;
    case 'application/vnd.google.protobuf':
      return parameters.get('proto') === 'io.prometheus.client.MetricFamily' &&
        parameters.get('encoding') === 'delimited'
        ? 'protobuf'
        : undefined;
    case 'application/x-ndjson':
      return 'jsonl';
  }
  return undefined;
}

function qualityOf(q: string | undefined): number {
  if (q === undefined) return 1;
  const quality = Number(q);
  return quality >= 0 && quality <= 1 ? quality : 0;
}
