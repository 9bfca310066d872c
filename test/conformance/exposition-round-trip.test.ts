/** Upstream's expositions, read, written and read again: nothing is lost on the way. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createParser, createWriter } from '../../src/core/exposition/format.ts';
import type { ExpositionFormat } from '../../src/core/exposition/parser.ts';
import { parseAll, type Row, writeAll } from '../core/exposition/rows.ts';
import { conformanceDir, describeWith } from '../peers.ts';

const textparse = conformanceDir('textparse');
const openmetrics = conformanceDir('openmetrics');

interface Document {
  name: string;
  format: ExpositionFormat;
  bytes: Buffer;
}

function documents(): Document[] {
  const read = (dir: string, file: string, format: ExpositionFormat): Document => ({
    name: file,
    format,
    bytes: readFileSync(join(dir, file)),
  });
  const good = readdirSync(openmetrics!).filter(
    (name) => JSON.parse(readFileSync(join(openmetrics!, name, 'test.json'), 'utf8')).shouldParse,
  );
  return [
    ...readdirSync(textparse!).map((file) =>
      read(textparse!, file, file.endsWith('.om.txt') ? 'openmetrics' : 'text'),
    ),
    ...good.map((name) => read(openmetrics!, join(name, 'metrics'), 'openmetrics')),
  ];
}

const parse = (bytes: Uint8Array, format: ExpositionFormat): Row[] =>
  parseAll((table) => createParser(format, table), bytes);

const rewritten = (rows: readonly Row[], format: ExpositionFormat): Row[] =>
  parse(writeAll(createWriter(format), rows), format);

const withoutFamily = ({ family: _, ...row }: Row): Row => row;

describeWith('expositions of upstream, round trip', { textparse, openmetrics }, () => {
  it.each(documents())('$name through JSON Lines is the same', ({ bytes, format }) => {
    const rows = parse(bytes, format);
    expect(rewritten(rows, 'jsonl')).toEqual(rows);
  });

  it.each(documents())('$name through its own format is the same', ({ bytes, format }) => {
    // Times beyond the exact ones were cut to the greatest of these, which seconds cannot tell from its neighbours.
    const rows = parse(bytes, format).filter(({ t }) => t !== Number.MAX_SAFE_INTEGER);
    expect(rewritten(rows, format)).toEqual(rows);
  });

  it.each(documents())('$name through protobuf keeps its samples', ({ bytes, format }) => {
    const rows = parse(bytes, format).map(withoutFamily);
    // A time of 0 means none there, and exemplars have a place in counters and buckets only.
    const expected = rows.map(({ exemplars: _, ...row }) => (row.t === 0 ? { ...row, t: null } : row));
    const found = rewritten(rows, 'protobuf').map(({ exemplars: _, ...row }) => withoutFamily(row));
    expect(found).toEqual(expected);
  });
});
