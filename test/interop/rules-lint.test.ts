/** `rules lint` of published rules against what the real node_exporter says: what it misses is really not there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { parseRuleFile } from '../../src/core/rules/index.ts';
import { CHECKS, type Finding, lintRules } from '../../src/core/rules/lint/index.ts';
import { readExposition } from '../../src/core/source/exposition.ts';
import { MemorySource } from '../../src/core/source/memory.ts';
import { describeWith, peer, realworldDir } from '../peers.ts';
import { Exporters } from './exporters.ts';

const exporter = peer('prometheus-node-exporter');
const rules = realworldDir('rules');
const SCRAPES = 6;

describeWith('rules for the node_exporter', { exporter, 'real-world rules': rules }, () => {
  const exporters = new Exporters();
  const source = new MemorySource();
  let exposition = '';

  beforeAll(async () => {
    const address = await exporters.start(exporter!, (own) => [`--web.listen-address=${own}`]);
    for (let i = 0; i < SCRAPES; i++) {
      exposition = await (await fetch(`http://${address}/metrics`)).text();
      readExposition([Buffer.from(exposition)], source, systemClock);
      await sleep(50);
    }
  }, 60_000);
  afterAll(() => exporters.stop());

  async function lint(name: string): Promise<Finding[]> {
    const text = readFileSync(join(rules!, name), 'utf8');
    const optional = CHECKS.filter((check) => 'optional' in check).map(({ id }) => id as string);
    const { mint, maxt } = (await source.extent())!;
    const { findings } = await lintRules([{ rules: parseRuleFile(text, name), text }], {
      wants: (id) => !optional.includes(id),
      data: { source, range: { mint, maxt }, engine: {} },
      costlySamples: 1_000_000,
    });
    return findings;
  }

  it('finds the metrics missing that are not exposed, and nothing else', async () => {
    const findings = await lint('awesome/host-and-hardware__node-exporter.yml');
    const missing = findings.filter(({ check }) => check === 'missing-series');
    for (const { message } of missing) {
      const name = /^there is no metric (\w+)/.exec(message)?.[1];
      expect(name).toBeDefined();
      expect(exposition).not.toMatch(new RegExp(`^${name}[{ ]`, 'm'));
    }
    const others = new Set(findings.map(({ check }) => check as string));
    // What this machine happens to do may hold throughout.
    for (const check of ['missing-series', 'fires-throughout', 'for-never-reached', 'no-match'])
      others.delete(check);
    expect([...others]).toEqual([]);
  });

  it('explains a selector by the label that nothing has', async () => {
    const findings = await lint('kube-prometheus/nodeExporter.yml');
    const ofJob = findings.filter(({ message }) => message.includes('job="node-exporter"'));
    expect(ofJob.length).toBeGreaterThan(20);
    expect(new Set(ofJob.map(({ check }) => check))).toEqual(new Set(['missing-series']));
  });
});
