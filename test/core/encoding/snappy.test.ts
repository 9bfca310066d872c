import fc from 'fast-check';
import { compressSync, uncompressSync } from 'snappy';
import { describe, expect, it } from 'vitest';
import {
  snappyCompress,
  snappyDecompress,
  snappyDecompressedLength,
  snappyFirstByte,
  snappyMaxCompressedLength,
} from '../../../src/core/encoding/snappy.ts';

const LIMIT = 1 << 24;

function compress(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(snappyMaxCompressedLength(bytes.length) + 1);
  return out.subarray(1, snappyCompress(bytes, 0, bytes.length, out, 1));
}

/** Data with runs, repetitions at all distances, and noise. */
const data = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.tuple(fc.nat(255), fc.nat(3000)).map(([byte, n]) => new Uint8Array(n).fill(byte)),
      fc
        .tuple(fc.uint8Array({ maxLength: 40 }), fc.nat(60))
        .map(([part, n]) => Buffer.concat(Array(n).fill(part))),
    ),
    { maxLength: 60 },
  )
  .map((parts) => new Uint8Array(Buffer.concat(parts)));

describe('snappy', () => {
  it('decompresses what it compressed, and the reference library does too', () => {
    fc.assert(
      fc.property(data, (bytes) => {
        const block = compress(bytes);
        expect(snappyDecompressedLength(block)).toBe(bytes.length);
        expect(snappyDecompress(block, LIMIT)).toEqual(bytes);
        expect(snappyFirstByte(block)).toBe(bytes[0] ?? -1);
        expect(new Uint8Array(uncompressSync(Buffer.from(block)) as Buffer)).toEqual(bytes);
      }),
    );
  });

  it('decompresses what the reference library compressed', () => {
    fc.assert(
      fc.property(data, (bytes) => {
        const block = compressSync(bytes);
        expect(snappyDecompress(block, LIMIT)).toEqual(bytes);
        expect(snappyFirstByte(block)).toBe(bytes[0] ?? -1);
      }),
    );
  });

  it('handles more than one stretch of 64 KiB, and noise', () => {
    const noise = new Uint8Array(200_003);
    let x = 1;
    for (let i = 0; i < noise.length; i++) {
      x = (Math.imul(x, 1103515245) + 12345) | 0;
      noise[i] = x >>> 16;
    }
    const text = Buffer.from('node_cpu_seconds_total{cpu="0",mode="idle"} 1\n'.repeat(5000));
    for (const bytes of [noise, new Uint8Array(text), new Uint8Array(Buffer.concat([text, noise, text]))]) {
      const block = compress(bytes);
      expect(block.length).toBeLessThanOrEqual(snappyMaxCompressedLength(bytes.length));
      expect(Buffer.compare(snappyDecompress(block, LIMIT), bytes)).toBe(0);
    }
    expect(compress(new Uint8Array(text)).length).toBeLessThan(text.length / 15);
  });

  it('reuses memory that is long enough', () => {
    const out = new Uint8Array(100);
    const result = snappyDecompress(compress(Buffer.from('hello')), LIMIT, out);
    expect(result.buffer).toBe(out.buffer);
    expect(Buffer.from(result).toString()).toBe('hello');
  });

  it('refuses a declared length above the limit before it allocates', () => {
    expect(() => snappyDecompress(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f), 1 << 20)).toThrow(/allowed/);
    expect(snappyDecompressedLength(Uint8Array.of(0x80))).toBeNaN();
  });

  it('ends with an error, never a hang or wild memory, on damaged blocks', () => {
    fc.assert(
      fc.property(
        data,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }),
        fc.nat(),
        (bytes, flips, cutAt) => {
          const block = compress(bytes).slice();
          for (const [at, byte] of flips) block[at % block.length] = byte;
          const damaged = block.subarray(0, cutAt % (block.length + 1));
          let out: Uint8Array | undefined;
          try {
            out = snappyDecompress(damaged, 1 << 20);
          } catch (error) {
            expect(error).toMatchObject({ code: 'corruption' });
          }
          if (out !== undefined) expect(out.length).toBe(snappyDecompressedLength(damaged));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('refuses the input that makes a well-known implementation spin', () => {
    const crafted = Buffer.from('3dfc8270839b00977cfd0d26cfbbe0e02b95a98c88', 'hex');
    expect(() => snappyDecompress(crafted, LIMIT)).toThrow(/snappy/);
  });
});
