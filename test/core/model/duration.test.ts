import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatDuration,
  MAX_DURATION,
  parseDuration,
  parseSignedDuration,
} from '../../../src/core/model/index.ts';

describe('parseDuration', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['1ms', 1],
    ['500ms', 500],
    ['1s', 1000],
    ['1h30m', 5_400_000],
    ['1d', 86_400_000],
    ['1w', 604_800_000],
    ['1y', 365 * 86_400_000],
    ['1y2w3d4h5m6s7ms', 365 * 86_400_000 + 17 * 86_400_000 + 4 * 3_600_000 + 5 * 60_000 + 6000 + 7],
    ['007s', 7000],
    ['292y', 292 * 365 * 86_400_000],
    ['9223372036854ms', MAX_DURATION],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  // Wording as promtool prints it.
  it.each([
    ['', 'empty duration string'],
    ['5', 'not a valid duration string: "5"'],
    ['1h30', 'not a valid duration string: "1h30"'],
    ['h', 'not a valid duration string: "h"'],
    ['1h1h', 'not a valid duration string: "1h1h"'],
    ['1m1h', 'not a valid duration string: "1m1h"'],
    ['1ms1s', 'not a valid duration string: "1ms1s"'],
    ['-5m', 'not a valid duration string: "-5m"'],
    [' 5m', 'not a valid duration string: " 5m"'],
    ['99999999999999999999999s', 'not a valid duration string: "99999999999999999999999s"'],
    ['1x', 'unknown unit "x" in duration "1x"'],
    ['1.5h', 'unknown unit "." in duration "1.5h"'],
    ['5m ', 'unknown unit "m " in duration "5m "'],
    ['300y', 'duration out of range'],
    ['292y30w', 'duration out of range'],
    ['9223372036855ms', 'duration out of range'],
    ['18446744073709551615s', 'duration out of range'],
  ])('refuses %j', (text, message) => {
    expect(() => parseDuration(text)).toThrow(message);
  });

  it('takes a sign only where asked to', () => {
    expect(parseSignedDuration('-1h30m')).toBe(-5_400_000);
    expect(parseSignedDuration('5m')).toBe(300_000);
    expect(Object.is(parseSignedDuration('-0'), 0)).toBe(true);
    expect(() => parseSignedDuration('-5')).toThrow('not a valid duration string: "-5"');
    expect(() => parseSignedDuration('--5m')).toThrow('not a valid duration string: "--5m"');
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [0.4, '0s'],
    [1, '1ms'],
    [1500, '1s500ms'],
    [5_400_000, '1h30m'],
    [86_400_000, '1d'],
    [90 * 86_400_000, '90d'],
    [14 * 86_400_000, '2w'],
    [365 * 86_400_000, '1y'],
    [366 * 86_400_000, '366d'],
    [-300_000, '-5m'],
  ])('writes %d as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('is read back as the same duration', () => {
    fc.assert(
      fc.property(fc.integer({ min: -MAX_DURATION, max: MAX_DURATION }), (ms) => {
        expect(parseSignedDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});
