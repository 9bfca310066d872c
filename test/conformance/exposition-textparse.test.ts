/** Expositions that Prometheus parses: ours has the same rows as the naive parser, and loses nothing on a second pass. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Batch } from '../../src/core/exposition/batch.ts';
import { createParser } from '../../src/core/exposition/format.ts';
import { SeriesTable } from '../../src/core/exposition/series-table.ts';
import { naiveOpenMetrics, naiveText } from '../core/exposition/naive-parser.ts';
import { bits, rowsOf } from '../core/exposition/rows.ts';
import { conformanceDir, describeWith } from '../peers.ts';

const dir = conformanceDir('textparse');

describeWith('textparse', { 'conformance data': dir }, () => {
  it.each(readdirSync(dir!))('%s', (file) => {
    const openMetrics = file.endsWith('.om.txt');
    const bytes = readFileSync(join(dir!, file));
    const expected = openMetrics ? naiveOpenMetrics(bytes) : naiveText(bytes);
    expect(expected.error).toBeUndefined();
    expect(expected.rows.length).toBeGreaterThan(40);
    const wanted = expected.rows.map(({ labels, v, t, exemplar }) => ({
      labels,
      t,
      bits: Number.isNaN(v) ? '7ff8000000000001' : bits(v),
      ...(exemplar ? { exemplars: [exemplar] } : {}),
    }));
    const table = new SeriesTable();
    const parser = createParser(openMetrics ? 'openmetrics' : 'text', table);
    const batch = new Batch();
    for (let pass = 0; pass < 2; pass++) {
      batch.clear();
      parser.write(bytes, batch);
      parser.end(batch);
      expect(rowsOf(batch, table).map(({ family: _, ...row }) => row)).toEqual(wanted);
    }
    for (const [name, type] of expected.types) expect(table.families[table.findFamily(name)].type).toBe(type);
    for (const [name, help] of expected.helps) expect(table.families[table.findFamily(name)].help).toBe(help);
  });
});
