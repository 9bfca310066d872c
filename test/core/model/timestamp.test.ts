import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatApiTimestamp,
  formatTimestamp,
  MAX_TIMESTAMP,
  MIN_TIMESTAMP,
  parseApiDuration,
  parseApiTimestamp,
  parseTimestamp,
} from '../../../src/core/model/index.ts';

const NOW = Date.UTC(2026, 2, 1, 12);

describe('parseTimestamp', () => {
  it.each([
    ['now', NOW],
    ['now-5m', NOW - 300_000],
    ['now+1h30m', NOW + 5_400_000],
    ['0', 0],
    ['1700000000', 1_700_000_000_000],
    ['1700000000.1236', 1_700_000_000_124],
    ['-1.5', -1500],
    ['1.7e9', 1_700_000_000_000],
    ['1700000000123', 1_700_000_000_123],
    ['99999999999', 99_999_999_999_000],
    ['100000000000', 100_000_000_000],
    ['2026-03-01T12:00:00Z', NOW],
    ['2026-03-01t12:00:00z', NOW],
    ['2026-03-01T12:00:00.5Z', NOW + 500],
    ['2026-03-01T12:00:00.123456789Z', NOW + 123],
    ['2026-03-01T13:30:00+01:30', NOW],
    ['2026-03-01T07:00:00-05:00', NOW],
    ['2026-03-01', NOW - 43_200_000],
    ['2026-03-01T12:00', NOW],
    ['2026-03-01 12:00:00', NOW],
    ['0001-01-01T00:00:00Z', -62_135_596_800_000],
  ])('reads %s', (text, ms) => {
    expect(parseTimestamp(text, NOW)).toBe(ms);
  });

  it.each([
    '',
    'yesterday',
    'now-',
    'now-5',
    'now*2',
    '2026-02-31',
    '2026-13-01',
    '2026-03-01T24:00:00Z',
    '2026-03-01T12:60:00Z',
    '2026-03-01T12:00:60Z',
    '2026-03-01Z',
    '2026-03-01T12:00:00+25:00',
    '1e30',
    'NaN',
    'Infinity',
    '0x10p0',
    ' 0',
  ])('refuses %j', (text) => {
    expect(() => parseTimestamp(text, NOW)).toThrow(/to a valid timestamp|duration/);
  });

  it('reads back what formatTimestamp writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(0, 0), max: Date.UTC(9999, 11) }), (ms) => {
        expect(parseTimestamp(formatTimestamp(ms), NOW)).toBe(ms);
        expect(parseApiTimestamp(formatTimestamp(ms))).toBe(ms);
      }),
    );
  });
});

// Checked against the query endpoint of a real Prometheus.
describe('parseApiTimestamp', () => {
  it.each([
    ['1700000000.1236', 1_700_000_000_124],
    ['1700000000123', 1_700_000_000_123_000],
    ['0x10p0', 16_000],
    ['1_0', 10_000],
    ['2026-03-01T12:00:00,5Z', NOW + 500],
    ['2026-03-01T2:00:00Z', NOW - 36_000_000],
    ['2026-03-01T12:00:00+24:00', NOW - 86_400_000],
    ['-292273086-05-16T16:47:06Z', MIN_TIMESTAMP],
    ['292277025-08-18T07:12:54.999999999Z', MAX_TIMESTAMP],
    ['+Inf', MAX_TIMESTAMP],
    ['1e300', MAX_TIMESTAMP],
  ])('reads %s', (text, ms) => {
    expect(parseApiTimestamp(text)).toBe(ms);
  });

  it.each([
    '',
    'now',
    '2026-03-01',
    '2026-03-01T12:00:00',
    '2026-03-01T12:00:00z',
    '2026-03-01t12:00:00Z',
    '2026-03-01 12:00:00Z',
    '2026-03-01T12:00:00.Z',
    '2026-03-01T12:00:00+24:61',
    '2026-02-29T12:00:00Z',
    'NaN',
    '0x10',
  ])('refuses %j', (text) => {
    expect(() => parseApiTimestamp(text)).toThrow(
      `cannot parse ${JSON.stringify(text)} to a valid timestamp`,
    );
  });
});

describe('parseApiDuration', () => {
  it.each([
    ['15', 15_000],
    ['0.5', 500],
    ['-1', -1000],
    ['1h30m', 5_400_000],
  ])('reads %s', (text, ms) => {
    expect(parseApiDuration(text)).toBe(ms);
  });

  it.each([
    ['1x', 'cannot parse "1x" to a valid duration'],
    ['1.5s', 'cannot parse "1.5s" to a valid duration'],
    ['NaN', 'cannot parse "NaN" to a valid duration'],
    ['1e300', 'cannot parse "1e300" to a valid duration. It overflows int64'],
    ['inf', 'cannot parse "inf" to a valid duration. It overflows int64'],
  ])('refuses %s', (text, message) => {
    expect(() => parseApiDuration(text)).toThrow(message);
  });
});

describe('writing', () => {
  it('gives RFC 3339 with milliseconds, and the ends of time as Go names them', () => {
    expect(formatTimestamp(NOW + 7)).toBe('2026-03-01T12:00:00.007Z');
    expect(formatTimestamp(Date.UTC(12345, 0))).toBe('12345-01-01T00:00:00.000Z');
    expect(formatTimestamp(MIN_TIMESTAMP)).toBe('-292273086-05-16T16:47:06Z');
    expect(formatTimestamp(MAX_TIMESTAMP)).toBe('292277025-08-18T07:12:54.999999999Z');
  });

  it.each([
    [0, '0'],
    [1000, '1'],
    [1500, '1.500'],
    [1007, '1.007'],
    [-1500, '-1.500'],
    [-7, '-0.007'],
    [1_700_000_000_123, '1700000000.123'],
  ])('gives the API seconds for %d', (ms, text) => {
    expect(formatApiTimestamp(ms)).toBe(text);
  });
});
