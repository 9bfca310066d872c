import { describe, expect, it } from 'vitest';
import { toLowerCase, toUpperCase } from '../../../src/core/model/index.ts';

// As Go's strings.ToLower and strings.ToUpper answer.
describe('letter case', () => {
  it.each([
    ['Ab-Z9', 'ab-z9'],
    ['GRÜẞE', 'grüße'],
    ['İSTANBUL', 'istanbul'],
    ['ΟΔΟΣ', 'οδοσ'],
    ['𐐀', '𐐨'],
    ['ᾼ', 'ᾳ'],
    ['ǅ', 'ǆ'],
  ])('%s in lower case', (text, lower) => {
    expect(toLowerCase(text)).toBe(lower);
  });

  it.each([
    ['Ab-z9', 'AB-Z9'],
    ['straße', 'STRAßE'],
    ['ﬁt', 'ﬁT'],
    ['οδος', 'ΟΔΟΣ'],
    ['𐐨', '𐐀'],
    ['ᾳ', 'ᾼ'],
    ['ᾀ', 'ᾈ'],
    ['ᾶ', 'ᾶ'],
    ['ŉ', 'ŉ'],
    ['ǆ', 'Ǆ'],
  ])('%s in upper case', (text, upper) => {
    expect(toUpperCase(text)).toBe(upper);
  });
});
