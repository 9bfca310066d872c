/** What the text formats can carry comes back from them; what they cannot is not in these rows. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/core/errors.ts';
import { Batch } from '../../../src/core/exposition/batch.ts';
import { detectFormat } from '../../../src/core/exposition/detection.ts';
import { createParser, createWriter } from '../../../src/core/exposition/format.ts';
import type { ExpositionFormat } from '../../../src/core/exposition/parser.ts';
import { type Family, SeriesTable } from '../../../src/core/exposition/series-table.ts';
import { anyLabels, anyText, bits, legacyName, parseAll, type Row, sorted, writeAll } from './rows.ts';

const anyName = fc.oneof(
  legacyName,
  anyText.filter((name) => name !== ''),
);
const anyTextBits = fc.oneof(
  fc.double({ noNaN: true }).map(bits),
  fc.integer().map(bits),
  fc.integer({ min: -1e6, max: 1e6 }).map((n) => bits(n / 1000)),
  fc.constantFrom(
    '7ff8000000000001',
    bits(0),
    bits(-0),
    bits(Number.POSITIVE_INFINITY),
    bits(Number.NEGATIVE_INFINITY),
  ),
);
// Leading and trailing space is not part of a help text.
const anyHelp = anyText.map((help) => help.trim());

interface Shape {
  type: Family['type'];
  /** Suffixes of the family's samples. */
  suffixes: readonly string[];
  /** The family's name has this suffix too. */
  nameSuffix: string;
}

const TEXT_SHAPES: Shape[] = [
  { type: 'counter', suffixes: [''], nameSuffix: '_total' },
  { type: 'gauge', suffixes: [''], nameSuffix: '' },
  { type: 'unknown', suffixes: [''], nameSuffix: '' },
  { type: 'histogram', suffixes: ['_bucket', '_sum', '_count'], nameSuffix: '' },
  { type: 'summary', suffixes: ['', '_sum', '_count'], nameSuffix: '' },
];
const OPENMETRICS_SHAPES: Shape[] = [
  { type: 'counter', suffixes: ['_total'], nameSuffix: '' },
  { type: 'info', suffixes: ['_info'], nameSuffix: '' },
  { type: 'stateset', suffixes: [''], nameSuffix: '' },
  { type: 'gaugehistogram', suffixes: ['_bucket', '_gsum', '_gcount'], nameSuffix: '' },
  ...TEXT_SHAPES.slice(1),
];

/** Families with distinct names, and rows of theirs. */
function anyRows(shapes: Shape[], times: fc.Arbitrary<number>): fc.Arbitrary<Row[]> {
  const sample = fc.record({
    labels: anyLabels(anyName),
    bits: anyTextBits,
    t: fc.option(times),
    suffix: fc.nat(),
  });
  const anyFamily = fc.record({
    name: anyName,
    shape: fc.constantFrom(...shapes),
    help: anyHelp,
    described: fc.boolean(),
    samples: fc.array(sample, { minLength: 1, maxLength: 4 }),
  });
  return fc.array(anyFamily, { maxLength: 5 }).map((families) =>
    families.flatMap(({ name, shape, help, described, samples }, i) => {
      // The number keeps one family's suffixes from being another family's name.
      const family: Family = { name: `${name}${i}x${shape.nameSuffix}`, type: shape.type, help, unit: '' };
      return samples.map(({ labels, suffix, ...row }): Row => {
        const { le: _le, quantile: _quantile, ...rest } = labels;
        const sampleName = family.name + shape.suffixes[suffix % shape.suffixes.length];
        const sampleLabels = sorted({ ...rest, __name__: sampleName });
        return { ...row, labels: sampleLabels, ...(described ? { family } : {}) };
      });
    }),
  );
}

/** Of several rows of one series, all would have the family that any of them has: they have it anyway here. */
const roundTrip = (format: ExpositionFormat, rows: Row[], size: number): void => {
  const bytes = writeAll(createWriter(format), rows);
  expect(parseAll((table) => createParser(format, table), bytes, size)).toEqual(rows);
};

const size = fc.integer({ min: 1, max: 80 });

describe('round trips', () => {
  it('text reads back what was written', () => {
    const rows = anyRows(TEXT_SHAPES, fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));
    fc.assert(
      fc.property(rows, size, (given, n) => roundTrip('text', given, n)),
      { numRuns: 300 },
    );
  });

  it('OpenMetrics reads back what was written', () => {
    const rows = anyRows(OPENMETRICS_SHAPES, fc.integer({ min: -(10 ** 12), max: 10 ** 13 }));
    fc.assert(
      fc.property(rows, size, (given, n) => roundTrip('openmetrics', given, n)),
      { numRuns: 300 },
    );
  });

  it('OpenMetrics reads back exemplars and units', () => {
    const anyExemplar = fc.record({
      labels: fc.dictionary(legacyName, fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 8 }), {
        maxKeys: 3,
        noNullPrototype: true,
      }),
      v: fc.double({ noNaN: true }),
      t: fc.option(fc.integer({ min: 0, max: 10 ** 13 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(anyExemplar, { minLength: 1, maxLength: 4 }), size, (exemplars, n) => {
        const family: Family = { name: 'c_seconds', type: 'counter', help: 'h', unit: 'seconds' };
        const rows = exemplars.map(
          (exemplar, i): Row => ({
            labels: { __name__: 'c_seconds_total', i: String(i) },
            t: i === 0 ? null : i,
            bits: bits(i),
            exemplars: [{ ...exemplar, labels: sorted(exemplar.labels) }],
            family,
          }),
        );
        roundTrip('openmetrics', rows, n);
      }),
    );
  });
});

describe('every format', () => {
  const family: Family = { name: 'h', type: 'histogram', help: 'A "help"\ntext', unit: '' };
  const rows: Row[] = ['0.5', '1.0', '+Inf'].map((le, i) => ({
    labels: sorted({ __name__: 'h_bucket', le, path: '/ä "b"\\' }),
    t: 1_700_000_000_000 + i,
    bits: bits(i + 0.25),
    family,
  }));

  it.each(['text', 'openmetrics', 'protobuf', 'jsonl'] as const)(
    '%s is recognised by what it looks like',
    (format) => {
      expect(detectFormat(writeAll(createWriter(format), rows))).toBe(format);
    },
  );

  it.each(['text', 'openmetrics', 'protobuf', 'jsonl'] as const)('%s survives damage', (format) => {
    const bytes = writeAll(createWriter(format), rows);
    const verdict = (input: Uint8Array): void => {
      const batch = new Batch();
      try {
        const parser = createParser(format, new SeriesTable());
        parser.write(input, batch);
        parser.end(batch);
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        expect((error as InputError).code).toBe('bad_exposition');
      }
    };
    for (let end = 0; end <= bytes.length; end++) verdict(bytes.subarray(0, end));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 })), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.constantFrom('change', 'insert', 'delete', 'repeat'),
        (edits, kind) => {
          let input = Buffer.from(bytes);
          for (const [at, byte] of edits) {
            if (kind === 'change') input[at % input.length] = byte;
            else if (kind === 'insert')
              input = Buffer.concat([input.subarray(0, at), Buffer.from([byte]), input.subarray(at)]);
            else if (kind === 'delete')
              input = Buffer.concat([input.subarray(0, at), input.subarray(at + 1 + (byte & 7))]);
            else input = Buffer.concat([input.subarray(0, at), input.subarray(Math.max(0, at - byte))]);
          }
          verdict(input);
        },
      ),
      { numRuns: 1500 },
    );
  });
});
