/** Upstream's test scripts of PromQL 3.14: every case of every file passes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseTestScript } from '../../src/core/promql/test-language/index.ts';
import { runTestScript } from '../../src/core/promql/test-runner/index.ts';
import { conformanceDir, describeWith } from '../peers.ts';

const dir = conformanceDir('promqltest');

describeWith("upstream's PromQL tests", { 'conformance/promqltest': dir }, () => {
  const files = readdirSync(dir!).filter((file) => file.endsWith('.test'));

  it('are there', () => {
    expect(files.length).toBeGreaterThan(20);
  });

  it.each(files)('%s', async (file) => {
    const text = readFileSync(join(dir!, file), 'utf8');
    const failed: string[] = [];
    let ran = 0;
    for await (const { command, failure } of runTestScript(parseTestScript(text, { file }))) {
      ran++;
      if (failure === null) continue;
      const { reason, variant } = failure;
      failed.push(
        `${file}:${command.line} ${command.expr}: ${reason}${variant === undefined ? '' : ` [${variant}]`}`,
      );
    }
    expect(failed).toEqual([]);
    expect(ran).toBe(text.match(/^\s*eval/gm)?.length);
  });
});
