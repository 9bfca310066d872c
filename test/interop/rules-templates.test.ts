/** The golden templates beside the real promtool: that the file says what promtool does. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { goQuote } from '../../src/core/model/quote.ts';
import {
  GOLDEN_EXTERNAL_LABELS,
  GOLDEN_LABELS,
  GOLDEN_URL,
  GOLDEN_VALUE,
  type GoldenTemplate,
  goldenTemplates,
} from '../core/template/golden.ts';
import { describeWith, peer } from '../peers.ts';

const promtool = peer('promtool');
const dir = mkdtempSync(join(tmpdir(), 'tsmon-templates-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** One alert a template; JSON is YAML. */
function ruleFile(golden: readonly GoldenTemplate[]): string {
  const rules = golden.map(({ template }, i) => ({
    alert: `A${i}`,
    expr: 'm',
    annotations: { s: template },
  }));
  const path = join(dir, 'rules.yml');
  writeFileSync(path, JSON.stringify({ groups: [{ name: 'g', rules }] }));
  return path;
}

function run(args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(promtool!, args, { cwd: dir, encoding: 'utf8', maxBuffer: 2 ** 28 });
  return stdout + stderr;
}

const { __name__, ...labels } = GOLDEN_LABELS;
const series = `${__name__}{${Object.entries(labels)
  .map(([name, value]) => `${name}=${goQuote(value)}`)
  .join(',')}}`;

describeWith('golden templates', { promtool }, () => {
  it('are expanded as the file says', () => {
    const golden = goldenTemplates().filter(({ text }) => text !== undefined);
    ruleFile(golden);
    writeFileSync(
      join(dir, 'tests.yml'),
      JSON.stringify({
        rule_files: ['rules.yml'],
        tests: [
          {
            external_labels: GOLDEN_EXTERNAL_LABELS,
            external_url: GOLDEN_URL,
            input_series: [{ series, values: `${GOLDEN_VALUE}x5` }],
            // What was not expected is printed.
            alert_rule_test: golden.map((_, i) => ({ eval_time: '2m', alertname: `A${i}`, exp_alerts: [] })),
          },
        ],
      }),
    );
    const output = run(['test', 'rules', 'tests.yml']);
    const wrong = golden.filter(({ text }, i) => {
      const named = goQuote(text!.replaceAll('__alert_T', `__alert_A${i}`));
      const want = new RegExp(`alertname: A${i}, time[^]*?Annotations:\\{(.*)\\}\n`).exec(output)?.[1];
      return want !== `s=${named}`;
    });
    expect(wrong).toEqual([]);
  });

  it('are refused as the file says', () => {
    const golden = goldenTemplates().filter(({ refused }) => refused !== undefined);
    const output = run(['check', 'rules', ruleFile(golden)]);
    const wrong = golden.filter(
      ({ refused }, i) =>
        !output.includes(`"A${i}": annotation "s": ${refused!.replaceAll('_T', `_A${i}`)}\n`),
    );
    expect(wrong).toEqual([]);
  });
});
