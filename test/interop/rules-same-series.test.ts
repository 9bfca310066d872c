/**
 * Rules that write the same series, in a real Prometheus and in ours: which value is stored, and what is said of the
 * rule whose sample was refused.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith, peer } from '../peers.ts';
import { RealPrometheus } from './prometheus.ts';

const RULES = `groups:
- name: one
  rules:
  - {record: x, expr: vector(1)}
  - {record: x, expr: vector(2.5)}
  - {record: same, expr: vector(5)}
  - {record: same, expr: vector(5)}
- name: a
  rules: [{record: y, expr: vector(3)}]
- name: b
  rules: [{record: y, expr: vector(1e6)}]
- name: later
  rules:
  - {record: z, expr: 'vector(1)'}
  - {record: z, expr: 'vector(2) and on () (vector(time()) % 4 < 2)'}
`;

interface Rule {
  name: string;
  health: string;
  lastError?: string;
}

describeWith('rules that write the same series', { prometheus: peer('prometheus') }, () => {
  let dir: string;
  let servers: RealPrometheus[];

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'tsmon-same-'));
    const rules = join(dir, 'rules.yml');
    writeFileSync(rules, RULES);
    const ours = join(dir, 'tsmon-serve');
    const launcher = join(process.cwd(), 'bin', 'tsmon.cjs');
    writeFileSync(ours, `#!/bin/sh\nexec '${process.execPath}' '${launcher}' serve "$@"\n`, { mode: 0o755 });
    const config = `global: {evaluation_interval: 1s}\nrule_files: [${rules}]\n`;
    servers = await Promise.all(
      [peer('prometheus')!, ours].map((program, i) => {
        const own = join(dir, String(i));
        mkdirSync(own);
        return RealPrometheus.start(program, own, config);
      }),
    );
    await sleep(10_000);
  }, 60_000);

  afterAll(async () => {
    await Promise.all((servers ?? []).map((server) => server.stop()));
    rmSync(dir, { recursive: true, force: true });
  });

  it('are healthy or not alike, for the same reason', async () => {
    const [real, ours] = await Promise.all(
      servers.map(async (server) => {
        const { groups } = (await server.get('rules')) as { groups: { name: string; rules: Rule[] }[] };
        return groups
          .filter(({ name }) => name !== 'later')
          .map(({ name, rules }) => [
            name,
            ...rules.map((rule) => [rule.name, rule.health, rule.lastError?.replace(/\d{13}/, 'T')]),
          ]);
      }),
    );
    expect(ours).toEqual(real);
    expect(ours[2]).toContainEqual([
      'x',
      'err',
      'duplicate sample for timestamp T; overrides not allowed: existing 1, new value 2.5',
    ]);
  });

  it('leave the same values in the store, and no failures', async () => {
    const [real, ours] = await Promise.all(
      servers.map(async (server) => {
        const valuesOf = async (query: string) => {
          const { result } = (await server.get('query', { query })) as {
            result: { values: [number, string][] }[];
          };
          return result.map(({ values }) => values.map(([, value]) => value));
        };
        const metrics = await (await fetch(`${server.url}/metrics`)).text();
        const failures = [
          ...metrics.matchAll(
            /^prometheus_rule_evaluation_failures_total\{rule_group="[^;]*;(\w+)"\} (\d+)/gm,
          ),
        ].map(([, group, count]) => [group, count]);
        const distinct = async (query: string) => [...new Set((await valuesOf(query)).flat())].sort();
        return {
          x: await distinct('x[1m]'),
          same: await distinct('same[1m]'),
          y: await distinct('y[1m]'),
          z: await distinct('z[1m]'),
          failures: failures.sort(),
        };
      }),
    );
    expect(ours).toEqual(real);
    expect(ours).toMatchObject({ x: ['1'], y: ['1000000', '3'], z: ['1'] });
  });
});
