import { describe, expect, it } from 'vitest';
import {
  acceptHeader,
  bodyFormat,
  DEFAULT_SCRAPE_PROTOCOLS,
  isScrapeProtocol,
  NATIVE_HISTOGRAM_SCRAPE_PROTOCOLS,
  negotiate,
} from '../../../src/core/exposition/negotiation.ts';

// All headers and messages here were seen on the wire and in the targets API of Prometheus 3.5.3.
describe('Accept', () => {
  it('lists the protocols in order of preference', () => {
    expect(acceptHeader(DEFAULT_SCRAPE_PROTOCOLS)).toBe(
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,' +
        'application/openmetrics-text;version=0.0.1;q=0.5,' +
        'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    );
    expect(acceptHeader(['PrometheusProto'])).toBe(
      'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,*/*;q=0.5',
    );
    expect(acceptHeader(['OpenMetricsText1.0.0', 'PrometheusText0.0.4'], 'dots')).toBe(
      'application/openmetrics-text;version=1.0.0;escaping=dots;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.4',
    );
    expect(acceptHeader(NATIVE_HISTOGRAM_SCRAPE_PROTOCOLS)).toMatch(
      /;encoding=delimited;q=0\.6,.*,\*\/\*;q=0\.1$/,
    );
  });

  it('knows the names that a configuration may use', () => {
    expect(isScrapeProtocol('PrometheusText1.0.0')).toBe(true);
    expect(isScrapeProtocol('toString')).toBe(false);
  });
});

describe('Content-Type', () => {
  it.each([
    ['text/plain', 'text'],
    ['TEXT/PLAIN;version=2.0', 'text'],
    ['text/plain; charset=utf-8; charset=utf-8', 'text'],
    ['text/plain;', 'text'],
    ['  text/plain ; x="a;b"', 'text'],
    ['application/openmetrics-text; version=9.9', 'openmetrics'],
    ['application/vnd.google.protobuf', 'protobuf'],
    ['application/x-ndjson', 'jsonl'],
  ])('%s is %s', (header, format) => {
    expect(bodyFormat(header, 'PrometheusProto')).toEqual({ format, warning: undefined });
  });

  it.each([
    [
      '',
      'non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target',
    ],
    [
      'text/html; charset=utf-8',
      'received unsupported Content-Type "text/html; charset=utf-8" and no fallback_scrape_protocol specified for target',
    ],
    ['text', 'received unsupported Content-Type "text" and no fallback_scrape_protocol specified for target'],
    ['text/plain; version', 'mime: invalid media parameter'],
    ['text/plain; =x', 'mime: invalid media parameter'],
    ['text/plain; version="0.0.4', 'mime: invalid media parameter'],
    ['text/plain; a=b; a=c', 'mime: duplicate parameter name'],
    ['text/', 'mime: expected token after slash'],
    ['/plain', 'mime: no media type'],
    [';', 'mime: no media type'],
    ['text plain', 'mime: expected slash after first token'],
    ['text/plain, text/html', 'mime: unexpected content after media subtype'],
  ])('refuses %j', (header, reason) => {
    const message = reason.startsWith('mime: ')
      ? `cannot parse Content-Type ${JSON.stringify(header)} and no fallback_scrape_protocol for target\n${reason}`
      : reason;
    expect(() => bodyFormat(header)).toThrow(expect.objectContaining({ code: 'bad_content_type', message }));
  });

  it.each([
    [
      undefined,
      'non-compliant scrape target sending blank Content-Type, using fallback_scrape_protocol "text/plain"',
    ],
    [
      'text/html',
      'received unsupported Content-Type "text/html", using fallback_scrape_protocol "text/plain"',
    ],
    [
      'text/plain; =x',
      'could not parse received Content-Type "text/plain; =x", using fallback_scrape_protocol "text/plain"\n' +
        'mime: invalid media parameter',
    ],
  ])('takes the fallback for %j and says so', (header, warning) => {
    expect(bodyFormat(header, 'PrometheusText0.0.4')).toEqual({ format: 'text', warning });
  });
});

describe('negotiation of an endpoint', () => {
  it.each([
    [undefined, 'text', 'underscores'],
    ['*/*', 'text', 'underscores'],
    ['text/html', 'text', 'underscores'],
    ['text/plain;version=1.0.0;escaping=allow-utf-8', 'text', 'allow-utf-8'],
    ['text/plain;escaping=bogus', 'text', 'underscores'],
    ['application/openmetrics-text;version=2.0.0,*/*;q=0.1', 'text', 'underscores'],
    ['text/plain;q=0.1,application/openmetrics-text;q=0.5', 'openmetrics', 'underscores'],
    ['application/openmetrics-text;q=0', 'text', 'underscores'],
    ['application/vnd.google.protobuf', 'text', 'underscores'],
    [acceptHeader(['PrometheusProto', 'OpenMetricsText1.0.0']), 'protobuf', 'underscores'],
    [acceptHeader(DEFAULT_SCRAPE_PROTOCOLS, 'values'), 'openmetrics', 'values'],
  ])('%s gets %s', (accept, format, escaping) => {
    expect(negotiate(accept)).toMatchObject({ format, escaping });
  });

  it('says which escaping it used', () => {
    expect(negotiate('text/plain').contentType).toBe(
      'text/plain; version=0.0.4; charset=utf-8; escaping=underscores',
    );
  });
});
