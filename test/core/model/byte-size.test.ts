import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/core/errors.ts';
import { formatByteSize, parseByteSize } from '../../../src/core/model/byte-size.ts';

describe('a size in bytes', () => {
  it.each([
    ['0', 0],
    ['512', 512],
    ['512B', 512],
    ['10MB', 10 * 1024 ** 2],
    ['10MiB', 10 * 1024 ** 2],
    ['1.5GB', 1.5 * 1024 ** 3],
    ['2k', 2048],
    ['1 TB', 1024 ** 4],
  ])('%s is %d', (text, size) => expect(parseByteSize(text)).toBe(size));

  it.each(['', 'MB', '-1', '1XB', '1Mi', '1e3', '100000EB'])('is not %s', (text) => {
    expect(() => parseByteSize(text)).toThrow(InputError);
  });

  it.each([
    [0, '0B'],
    [999, '999B'],
    [1000, '0.977KB'],
    [1_272_000, '1.21MB'],
    [35_328, '34.5KB'],
    [1024 ** 3, '1GB'],
  ])('%d is shown as %s', (size, text) => expect(formatByteSize(size)).toBe(text));
});
