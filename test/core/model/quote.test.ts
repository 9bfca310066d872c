import { describe, expect, it } from 'vitest';
import { goQuote } from '../../../src/core/model/index.ts';

describe('goQuote', () => {
  it.each([
    ['', '""'],
    ['plain text', '"plain text"'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ['\x07\b\f\n\r\t\v', '"\\a\\b\\f\\n\\r\\t\\v"'],
    ['\x00\x1b\x7f', '"\\x00\\x1b\\x7f"'],
    ['grüße 日本 🐢 ½', '"grüße 日本 🐢 ½"'],
    ['\u00a0\u2028\ufeff\u00ad', '"\\u00a0\\u2028\\ufeff\\u00ad"'],
    ['\u{e0001}', '"\\U000e0001"'],
    ['\u{10ffff}', '"\\U0010ffff"'],
    ['\ufffd', '"\ufffd"'],
    ['\ud800x', '"\ufffdx"'],
  ])('%j', (text, quoted) => {
    expect(goQuote(text)).toBe(quoted);
  });
});
