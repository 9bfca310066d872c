/** Upstream's cases of OpenMetrics text: a strict parser's verdict is the one that each case states. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { InputError } from '../../src/core/errors.ts';
import { Batch } from '../../src/core/exposition/batch.ts';
import { OpenMetricsParser } from '../../src/core/exposition/openmetrics-parser.ts';
import { SeriesTable } from '../../src/core/exposition/series-table.ts';
import { conformanceDir, describeWith } from '../peers.ts';

const dir = conformanceDir('openmetrics');

describeWith('OpenMetrics, strict', { 'conformance data': dir }, () => {
  for (const name of readdirSync(dir!)) {
    const { file, shouldParse } = JSON.parse(readFileSync(join(dir!, name, 'test.json'), 'utf8'));
    const bytes = readFileSync(join(dir!, name, file));

    it(`${shouldParse ? 'takes' : 'refuses'} ${name}`, () => {
      const refusals = [bytes.length, 1].map((size) => {
        const parser = new OpenMetricsParser(new SeriesTable(), { level: 'strict' });
        try {
          const batch = new Batch();
          for (let at = 0; at < bytes.length; at += size) parser.write(bytes.subarray(at, at + size), batch);
          parser.end(batch);
          return undefined;
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
          return error.message;
        }
      });
      // A fault has a place, and the same one byte by byte.
      expect(refusals[1]).toBe(refusals[0]);
      if (shouldParse) expect(refusals[0]).toBeUndefined();
      else expect(refusals[0]).toMatch(/^line \d+, column \d+: ./);
    });
  }
});
