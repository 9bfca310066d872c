import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  loadZstdCompressor,
  zstdDecompress,
  zstdDecompressPortable,
} from '../../../src/core/encoding/zstd.ts';

const compress = await loadZstdCompressor();
const text = new Uint8Array(Buffer.from('go_goroutines 12\n'.repeat(20_000)));

describe.each([
  ['as this Node does', zstdDecompress],
  ['without help from Node', zstdDecompressPortable],
])('zstd, %s', (_, decompress) => {
  it('decompresses what was compressed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => {
        expect(Buffer.compare(decompress(compress(bytes), 5000), bytes)).toBe(0);
      }),
    );
    const frame = compress(text);
    expect(frame.length).toBeLessThan(text.length / 100);
    expect(Buffer.compare(decompress(frame, text.length), text)).toBe(0);
  });

  it('stops at the limit', () => {
    expect(() => decompress(compress(text), text.length - 1)).toThrow(/more than 339999 bytes/);
  });

  it('reports every truncation and survives damage', () => {
    const frame = compress(text.subarray(0, 3000));
    for (let cut = 0; cut < frame.length; cut++) {
      expect(() => decompress(frame.subarray(0, cut), 1 << 20)).toThrow(
        expect.objectContaining({ code: 'corruption' }),
      );
    }
    fc.assert(
      fc.property(fc.nat(frame.length - 1), fc.nat(255), (at, byte) => {
        const damaged = frame.slice();
        damaged[at] = byte;
        try {
          decompress(damaged, 1 << 20);
        } catch (error) {
          expect(error).toMatchObject({ code: 'corruption' });
        }
      }),
    );
  });
});
