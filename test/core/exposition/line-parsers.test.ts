/**
 * The byte parsers of text and OpenMetrics against the naive one: the same verdict and the same rows on generated and
 * damaged input, in whatever pieces it comes, on a first pass and on passes where the lines are known.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/core/errors.ts';
import { Batch } from '../../../src/core/exposition/batch.ts';
import { OpenMetricsParser } from '../../../src/core/exposition/openmetrics-parser.ts';
import type { ExpositionParser } from '../../../src/core/exposition/parser.ts';
import { SeriesTable } from '../../../src/core/exposition/series-table.ts';
import { TextParser } from '../../../src/core/exposition/text-parser.ts';
import { openMetricsDocument, openMetricsLine, textDocument, textLine } from './documents.ts';
import { type NaiveResult, type NaiveRow, naiveOpenMetrics, naiveText } from './naive-parser.ts';
import { bits } from './rows.ts';

const NORMAL_NAN = '7ff8000000000001';

interface Dialect {
  make: (table: SeriesTable) => ExpositionParser;
  naive: (bytes: Uint8Array) => NaiveResult;
  anyLine: fc.Arbitrary<string>;
  anyDocument: fc.Arbitrary<string>;
}

const dialects: Record<string, Dialect> = {
  text: {
    make: (table) => new TextParser(table),
    naive: naiveText,
    anyLine: textLine(),
    anyDocument: textDocument(12),
  },
  OpenMetrics: {
    make: (table) => new OpenMetricsParser(table),
    naive: naiveOpenMetrics,
    anyLine: openMetricsLine(),
    anyDocument: openMetricsDocument(12),
  },
};

/** Rows with bits for values, so that NaN and -0 compare. */
type ComparedRow = Omit<NaiveRow, 'v'> & { bits: string };

function compared(row: NaiveRow): ComparedRow {
  const { v, ...rest } = row;
  return { ...rest, bits: Number.isNaN(v) ? NORMAL_NAN : bits(v) };
}

/** Parses `bytes`, cut at the given places. */
function parse(
  parser: ExpositionParser,
  table: SeriesTable,
  bytes: Uint8Array,
  cuts: readonly number[] = [],
) {
  const batch = new Batch();
  let error: unknown;
  try {
    let from = 0;
    for (const cut of [...new Set(cuts.map((c) => c % (bytes.length + 1)))].sort((a, b) => a - b)) {
      // A copy, which the parser must not hold on to.
      const piece = Uint8Array.from(bytes.subarray(from, cut));
      parser.write(piece, batch);
      piece.fill(0x41);
      from = cut;
    }
    parser.write(bytes.subarray(from), batch);
    parser.end(batch);
  } catch (fault) {
    if (!(fault instanceof InputError)) throw fault;
    error = fault;
  }
  const halves = new Uint32Array(batch.v.buffer);
  const hex = (half: number) => half.toString(16).padStart(8, '0');
  const rows: ComparedRow[] = [];
  for (let i = 0; i < batch.length; i++) {
    const labels = { ...table.labels[batch.series[i]].toObject() };
    const t = Number.isNaN(batch.t[i]) ? null : batch.t[i];
    rows.push({ labels, t, bits: hex(halves[2 * i + 1]) + hex(halves[2 * i]) });
  }
  for (const { row, exemplar } of batch.exemplars) {
    rows[row].exemplar = { ...exemplar, labels: { ...exemplar.labels.toObject() } };
  }
  return { error: error as InputError | undefined, rows, place: (error as InputError | undefined)?.place };
}

const soup = fc
  .array(
    fc.constantFrom(
      ...[
        'a',
        'b_total',
        '{',
        '}',
        '"',
        '="',
        'x="1"',
        ',',
        ' ',
        '\t',
        '\n',
        '1',
        'NaN',
        '1e5',
        '.',
        '-',
        '# HELP ',
        '# TYPE ',
      ],
      ...[
        'a counter\n',
        '\\',
        '\\n',
        'é',
        '\xff',
        '# EOF\n',
        ' 1700000000',
        ' # {',
        '#',
        '\0',
        '\r',
        '_',
        'histogram',
        'le="1"',
      ],
    ),
    { maxLength: 24 },
  )
  .map((parts) => Buffer.from(parts.join(''), 'latin1'));

const cuts = fc.array(fc.nat(), { maxLength: 6 });

describe.each(Object.entries(dialects))('%s', (name, { make, naive, anyLine, anyDocument }) => {
  const document = anyDocument.map((text) => Buffer.from(text));
  const damaged = fc
    .tuple(
      document,
      fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom('set', 'cut', 'insert')), { maxLength: 2 }),
    )
    .map(([bytes, edits]) => {
      let out = bytes;
      for (const [where, byte, kind] of edits) {
        const at = where % (out.length + 1);
        const head = out.subarray(0, at);
        if (kind === 'set') out = Buffer.concat([head, Buffer.of(byte), out.subarray(at + 1)]);
        else if (kind === 'cut') out = Buffer.concat([head, out.subarray(at + 1 + (byte & 3))]);
        else out = Buffer.concat([head, Buffer.of(byte), out.subarray(at)]);
      }
      return out;
    });
  const input = fc.oneof(damaged, soup, document);

  const agrees = (bytes: Buffer, at: number[]) => {
    const expected = naive(bytes);
    const wanted = { refused: expected.error !== undefined, rows: expected.rows.map(compared) };
    const table = new SeriesTable();
    const parser = make(table);
    // The first pass learns the lines, the second knows them; pieces and passes must not matter.
    for (const pieces of [[], [], at, at]) {
      const { error, rows } = parse(parser, table, bytes, pieces);
      expect({ refused: error !== undefined, rows }, error?.message ?? expected.error).toEqual(wanted);
    }
    if (expected.error !== undefined) return;
    for (const [family, type] of expected.types)
      expect(table.families[table.findFamily(family)].type).toBe(type);
    for (const [family, help] of expected.helps)
      expect(table.families[table.findFamily(family)].help).toBe(help);
  };

  it('agrees with the naive parser, in any pieces and on every pass', () => {
    fc.assert(fc.property(input, cuts, agrees), { numRuns: 6000 });
  });

  it('knows lines wherever they stand', () => {
    fc.assert(
      fc.property(
        fc.array(anyLine, { maxLength: 10 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        (pool, picks) => {
          const end = name === 'text' ? '' : '# EOF\n';
          const table = new SeriesTable();
          const parser = make(table);
          // Each pass has some of the lines, in an order of its own.
          for (let pass = 0; pass < 3; pass++) {
            const picked = picks.slice(pass * 10, pass * 10 + 10).map((p) => pool[p % pool.length] ?? '');
            const bytes = Buffer.from(picked.join('') + end);
            const expected = naive(bytes);
            const { error, rows } = parse(parser, table, bytes);
            expect(rows).toEqual(expected.rows.map(compared));
            expect(error !== undefined).toBe(expected.error !== undefined);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('names the same place whatever the pieces', () => {
    fc.assert(
      fc.property(damaged, cuts, (bytes, at) => {
        const first = new SeriesTable();
        const second = new SeriesTable();
        const once = parse(make(first), first, bytes);
        const cut = parse(make(second), second, bytes, at);
        expect(cut.place).toEqual(once.place);
        expect(cut.error?.message).toEqual(once.error?.message);
        if (once.place === undefined) return;
        const total = bytes.toString('latin1').split('\n');
        expect(once.place.line).toBeGreaterThanOrEqual(1);
        expect(once.place.line).toBeLessThanOrEqual(total.length + 1);
        const length = total[once.place.line! - 1]?.length ?? 0;
        expect(once.place.column).toBeGreaterThanOrEqual(1);
        expect(once.place.column).toBeLessThanOrEqual(length + 1);
      }),
      { numRuns: 2000 },
    );
  });

  it('gives a verdict on every truncation', () => {
    fc.assert(
      fc.property(document, (bytes) => {
        for (let end = 0; end < bytes.length; end++) {
          const table = new SeriesTable();
          const cut = bytes.subarray(0, end);
          expect(parse(make(table), table, cut).error !== undefined).toBe(naive(cut).error !== undefined);
        }
      }),
      { numRuns: 60 },
    );
  });
});
