import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BitReader, BitWriter } from '../../../src/core/encoding/bit-stream.ts';

type Field =
  | { kind: 'bits'; count: number; value: number }
  | { kind: 'bit' | 'uvarint' | 'varint'; value: number };

const field: fc.Arbitrary<Field> = fc.oneof(
  fc
    .tuple(fc.integer({ min: 0, max: 32 }), fc.nat(0xffffffff))
    .map(
      ([count, value]): Field => ({ kind: 'bits', count, value: count === 0 ? 0 : value >>> (32 - count) }),
    ),
  fc.constantFrom(0, 1).map((value): Field => ({ kind: 'bit', value })),
  fc.maxSafeNat().map((value): Field => ({ kind: 'uvarint', value })),
  fc.maxSafeInteger().map((value): Field => ({ kind: 'varint', value })),
);

function write(writer: BitWriter, f: Field): void {
  if (f.kind === 'bits') writer.writeBits(f.value, f.count);
  else if (f.kind === 'bit') writer.writeBit(f.value);
  else if (f.kind === 'uvarint') writer.writeUvarint(f.value);
  else writer.writeVarint(f.value);
}

function read(reader: BitReader, f: Field): number {
  if (f.kind === 'bits') return reader.readBits(f.count);
  if (f.kind === 'bit') return reader.readBit();
  return f.kind === 'uvarint' ? reader.readUvarint() : reader.readVarint();
}

describe('bit stream', () => {
  it('reads back what was written', () => {
    fc.assert(
      fc.property(fc.array(field, { maxLength: 40 }), (fields) => {
        const writer = new BitWriter();
        for (const f of fields) write(writer, f);
        const reader = new BitReader(writer.bytes());
        for (const f of fields) expect(read(reader, f)).toBe(f.value);
        expect(reader.bitPosition).toBe(writer.bitLength);
        expect(reader.exhausted).toBe(false);
      }),
    );
  });

  it('puts the highest bit first and pads with zeros', () => {
    const writer = new BitWriter();
    writer.writeBit(1);
    writer.writeBits(0b0110, 4);
    expect([...writer.bytes()]).toEqual([0b10110000]);
    writer.writeByte(0xff);
    expect([...writer.bytes()]).toEqual([0b10110111, 0b11111000]);
    expect(writer.bitLength).toBe(13);
  });

  it('resumes after any number of bits', () => {
    fc.assert(
      fc.property(fc.array(field, { maxLength: 10 }), fc.array(field, { maxLength: 10 }), (first, second) => {
        const whole = new BitWriter();
        for (const f of [...first, ...second]) write(whole, f);
        const half = new BitWriter();
        for (const f of first) write(half, f);
        const resumed = BitWriter.resume(whole.bytes(), half.bitLength);
        for (const f of second) write(resumed, f);
        expect(resumed.bytes()).toEqual(whole.bytes());
      }),
    );
  });

  it('gives zeros beyond the end and says so', () => {
    const reader = new BitReader(Uint8Array.of(0xff, 0xff), 0, 1);
    expect(reader.readBits(8)).toBe(0xff);
    expect(reader.exhausted).toBe(false);
    expect(reader.readBits(4)).toBe(0);
    expect(reader.readBit()).toBe(0);
    expect(reader.exhausted).toBe(true);
  });
});
