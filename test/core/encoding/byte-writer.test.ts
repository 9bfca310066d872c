import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, utf8Text } from '../../../src/core/encoding/byte-reader.ts';
import { ByteWriter } from '../../../src/core/encoding/byte-writer.ts';

const value = fc.oneof(
  fc.tuple(fc.constant('uvarint' as const), fc.maxSafeNat()),
  fc.tuple(fc.constant('varint' as const), fc.maxSafeInteger()),
  fc.tuple(fc.constant('int64' as const), fc.maxSafeInteger()),
  fc.tuple(fc.constant('uint32' as const), fc.nat(0xffffffff)),
  fc.tuple(fc.constant('byte' as const), fc.nat(255)),
  fc.tuple(fc.constant('float64' as const), fc.double()),
  fc.tuple(
    fc.constant('string' as const),
    fc.oneof(fc.string({ maxLength: 200 }), fc.string({ unit: 'grapheme', maxLength: 200 })),
  ),
);

function write(writer: ByteWriter, [kind, v]: [string, unknown]): void {
  (writer as unknown as Record<string, (v: unknown) => void>)[kind](v);
}

function read(reader: ByteReader, kind: string): unknown {
  return (reader as unknown as Record<string, () => unknown>)[kind]();
}

describe('ByteWriter and ByteReader', () => {
  it('reads back what was written', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 50 }), (values) => {
        const writer = new ByteWriter(1);
        for (const v of values) write(writer, v);
        const reader = new ByteReader(writer.view());
        for (const [kind, v] of values) expect(read(reader, kind)).toEqual(v);
        expect(reader.remaining).toBe(0);
      }),
    );
  });

  it('reports every cut', () => {
    fc.assert(
      fc.property(value, (v) => {
        const writer = new ByteWriter();
        write(writer, v);
        for (let cut = 0; cut < writer.length; cut++) {
          expect(() => read(new ByteReader(writer.bytes, 0, cut), v[0])).toThrow(
            expect.objectContaining({ code: 'corruption' }),
          );
        }
      }),
    );
  });

  it('refuses counts that the rest cannot hold', () => {
    const writer = new ByteWriter();
    writer.uvarint(3);
    writer.copy(new Uint8Array(6));
    expect(new ByteReader(writer.view()).count(2)).toBe(3);
    expect(() => new ByteReader(writer.view()).count(3)).toThrow(/too early/);
  });

  it('makes text of any length', () => {
    for (const text of ['', 'a', 'é', 'x'.repeat(24), 'x'.repeat(25), 'ü'.repeat(12), '🙂'.repeat(40)]) {
      const bytes = Buffer.from(`-${text}-`);
      expect(utf8Text(bytes, 1, bytes.length - 1)).toBe(text);
    }
  });
});
