/** Lints of rules that people publish: what is found is really wrong, each of them was looked at. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseRuleFile } from '../../src/core/rules/index.ts';
import { CHECKS, lintRules } from '../../src/core/rules/lint/index.ts';
import { describeWith, realworldDir } from '../peers.ts';

const rules = realworldDir('rules');

/** `summary: … {{ $labels.instance }}` after an aggregation that drops it: found in many of these files. */
const FREQUENT = 'lost-in-text';

describeWith('rules that people publish', { 'real-world rules': rules }, () => {
  it('have these faults, and no others are found', async () => {
    const names = readdirSync(rules!, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.yml'),
    );
    const files = names.sort().map((name) => {
      const text = readFileSync(join(rules!, name), 'utf8');
      return { rules: parseRuleFile(text, name), text };
    });
    const optional = CHECKS.filter((check) => 'optional' in check).map(({ id }) => id as string);
    const { findings } = await lintRules(files, {
      wants: (id) => !optional.includes(id),
      data: undefined,
      costlySamples: 1,
    });
    expect(
      findings.filter(({ check }) => check !== FREQUENT).map(({ check, rule }) => `${check} ${rule}`),
    ).toEqual([
      // sum(x == 0) > 0: a sum of zeros.
      'never-true MimirBadRuntimeConfig',
      'wrong-type MimirCompactorHasRunOutOfDiskSpace',
      'never-true TempoBadOverrides',
      'no-condition PostgresqlInvalidIndex',
      'wrong-type SystemdSocketRefusedConnections',
      // count(x) == 0: a count of nothing is nothing.
      'never-true TraefikServiceDown',
    ]);
    const lost = findings.filter(({ check }) => check === FREQUENT);
    expect(lost.length).toBeGreaterThan(100);
    // Of every such finding the expression aggregates, compares with on(), or asks for absence.
    for (const { message, place } of lost) {
      expect(message).toMatch(/^\w+(?: and \w+)* uses? the label \w+, which is always empty: /);
      const { text } = files.find((file) => file.rules.file === place.file)!;
      expect(text.split('\n')[place.line! - 1]).toMatch(/\{\{.*(?:labels|Labels)/);
    }
  });
});
