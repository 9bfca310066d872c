/**
 * Upstream's PromQL test scripts: all of them can be read, and all their queries too, printed forms included. That
 * their results are right is another test's business.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  ALL_PARSER_FEATURES,
  parseQuery,
  prettyPrint,
  printExpr,
} from '../../src/core/promql/parser/index.ts';
import { parseTestScript } from '../../src/core/promql/test-language/index.ts';
import { conformanceDir, describeWith } from '../peers.ts';

const dir = conformanceDir('promqltest');

describeWith("upstream's test scripts", { 'conformance data': dir }, () => {
  const files = readdirSync(dir!).filter((file) => file.endsWith('.test'));

  it('are there', () => {
    expect(files.length).toBeGreaterThan(20);
  });

  it.each(files)('%s', (file) => {
    const text = readFileSync(join(dir!, file), 'utf8');
    const { commands } = parseTestScript(text, { file });
    const evals = commands.filter((command) => command.kind === 'eval');
    expect(evals.length).toBe(text.match(/^\s*eval/gm)?.length ?? 0);
    for (const { expr } of evals) {
      const printed = printExpr(parseQuery(expr, ALL_PARSER_FEATURES));
      expect(printExpr(parseQuery(printed, ALL_PARSER_FEATURES)), expr).toBe(printed);
      const pretty = prettyPrint(parseQuery(expr, ALL_PARSER_FEATURES));
      expect(printExpr(parseQuery(pretty, ALL_PARSER_FEATURES)), expr).toBe(printed);
    }
  });
});
