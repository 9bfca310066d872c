import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FIXED32,
  FIXED64,
  field,
  LENGTH,
  ProtobufReader,
  VARINT,
} from '../../../src/core/encoding/protobuf-reader.ts';
import { ProtobufWriter } from '../../../src/core/encoding/protobuf-writer.ts';
import { InputError } from '../../../src/core/errors.ts';

const bytesOf = (write: (w: ProtobufWriter) => void): Uint8Array => {
  const writer = new ProtobufWriter(1);
  write(writer);
  return writer.take().slice();
};

const readerOf = (bytes: Uint8Array, base = 0): ProtobufReader => {
  const reader = new ProtobufReader();
  reader.reset(bytes, 0, bytes.length, base);
  return reader;
};

const anyBits = fc.oneof(
  fc.double().map((v) => new BigUint64Array(Float64Array.of(v).buffer)[0]),
  fc.constantFrom(0x7ff0000000000002n, 0x7ff8000000000001n, 0xfff800000000000an),
);

describe('protobuf wire format', () => {
  it('writes the bytes of the encoding guide', () => {
    expect([...bytesOf((w) => w.uint(1, 150))]).toEqual([0x08, 0x96, 0x01]);
    expect([...bytesOf((w) => w.string(2, 'testing'))]).toEqual([0x12, 7, ...Buffer.from('testing')]);
    expect([...bytesOf((w) => w.int(1, -2))]).toEqual([8, 0xfe, ...Array(8).fill(0xff), 0x01]);
    expect([...bytesOf((w) => w.sint(1, -500))]).toEqual([8, 0xe7, 0x07]);
    const nested = bytesOf((w) => {
      const start = w.begin(3);
      w.uint(1, 150);
      w.finish(start);
    });
    expect([...nested]).toEqual([0x1a, 0x03, 0x08, 0x96, 0x01]);
  });

  it('reads integers back exactly', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.maxSafeNat(), (signed, unsigned) => {
        const reader = readerOf(
          bytesOf((w) => {
            w.int(1, signed);
            w.sint(1, signed);
            w.uint(1, unsigned);
          }),
        );
        reader.tag();
        expect(reader.int()).toBe(signed);
        reader.tag();
        expect(reader.sint()).toBe(signed);
        reader.tag();
        expect(reader.uint()).toBe(unsigned);
        expect(reader.tag()).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });

  it('reads the greatest 64-bit integers as the nearest number', () => {
    const all = Uint8Array.of(...Array(9).fill(0xff), 1);
    const read = (how: (r: ProtobufReader) => number) => how(readerOf(all));
    expect(read((r) => r.uint())).toBe(2 ** 64);
    expect(read((r) => r.int())).toBe(-1);
    expect(read((r) => r.sint())).toBe(-(2 ** 63));
    const fixed = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0x80);
    expect(readerOf(fixed).sfixed64()).toBe(-(2 ** 63) + 1);
    expect(readerOf(fixed).fixed64()).toBe(2 ** 63 + 1);
    expect(readerOf(Uint8Array.of(255, 255, 255, 255)).fixed32()).toBe(2 ** 32 - 1);
  });

  it('keeps all bits of doubles between columns', () => {
    fc.assert(
      fc.property(anyBits, (bits) => {
        const column = new Float64Array(new BigUint64Array([0n, bits]).buffer);
        const reader = readerOf(bytesOf((w) => w.doubleFrom(5, column, 1)));
        expect(reader.tag()).toBe(field(5, FIXED64));
        const out = new Float64Array(3);
        reader.doubleInto(out, 2);
        expect(new BigUint64Array(out.buffer)[2]).toBe(bits);
      }),
    );
  });

  it('fills in lengths of messages of any size, however nested', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 40_000 }), { minLength: 1, maxLength: 4 }), (sizes) => {
        const bytes = bytesOf((w) => {
          const starts = sizes.map((size) => {
            const start = w.begin(1);
            w.raw(2, new Uint8Array(size).fill(7));
            return start;
          });
          for (const start of starts.reverse()) w.finish(start);
          w.string(3, 'é');
        });
        const reader = readerOf(bytes);
        const outers: number[] = [];
        for (const size of sizes) {
          expect(reader.tag()).toBe(field(1, LENGTH));
          outers.push(reader.enter());
          expect(reader.tag()).toBe(field(2, LENGTH));
          expect(reader.raw().length).toBe(size);
        }
        for (const outer of outers.reverse()) {
          expect(reader.tag()).toBe(0);
          reader.leave(outer);
        }
        expect(reader.tag()).toBe(field(3, LENGTH));
        expect(reader.string()).toBe('é');
      }),
      { numRuns: 50 },
    );
  });

  it('passes over fields of every kind', () => {
    const reader = readerOf(
      Uint8Array.of(0x08, 0x96, 0x01, 0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x1a, 2, 9, 9, 0x25, 1, 2, 3, 4, 0x28, 1),
    );
    const seen: number[] = [];
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      seen.push(tag);
      if (tag === field(5, VARINT)) expect(reader.bool()).toBe(true);
      else reader.skip(tag);
    }
    expect(seen).toEqual([
      field(1, VARINT),
      field(2, FIXED64),
      field(3, LENGTH),
      field(4, FIXED32),
      field(5, VARINT),
    ]);
  });

  it.each([
    ['a varint without an end', [0x08, 0x80], 'the message ends within a field', 101],
    ['a varint of eleven bytes', [0x08, ...Array(10).fill(0x80), 1], 'a varint of more than 64 bits', 101],
    ['a varint of 65 bits', [0x08, ...Array(9).fill(0xff), 2], 'a varint of more than 64 bits', 101],
    ['a length beyond the end', [0x12, 5, 1, 2], '5 bytes are announced, 2 are left', 101],
    [
      'a length near 2^64',
      [0x12, ...Array(9).fill(0xff), 1, 2],
      '18446744073709552000 bytes are announced',
      101,
    ],
    ['a short double', [0x11, 1, 2], 'the message ends within a field', 101],
    ['a group', [0x0b, 1], 'wire type 3 is not supported', 101],
    ['field number 0', [0x00, 1], 'bad field number', 100],
  ])('refuses %s', (_, bytes, reason, offset) => {
    const reader = readerOf(Uint8Array.from(bytes), 100);
    const read = () => {
      for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) reader.skip(tag);
    };
    expect(read).toThrow(InputError);
    reader.reset(Uint8Array.from(bytes), 0, bytes.length, 100);
    expect(read).toThrow(
      expect.objectContaining({
        code: 'bad_protobuf',
        reason: expect.stringContaining(reason),
        place: { offset },
      }),
    );
  });

  it('refuses strings that are no UTF-8', () => {
    const reader = readerOf(Uint8Array.of(2, 0xc3, 0x28));
    expect(() => reader.string()).toThrow('byte 0: invalid UTF-8 in a string');
  });
});
