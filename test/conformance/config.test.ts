/** Upstream's configuration files: its verdict on each, and what the good ones say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type CheckOptions, checkConfig } from '../../src/cli/config-check.ts';
import { loadConfig, toYaml } from '../../src/core/config/index.ts';
import { parserOptionsFor } from '../../src/core/promql/parser/index.ts';
import { conformanceDir, describeWith } from '../peers.ts';

interface Case {
  file: string;
  kind: string;
  name_says?: 'good' | 'bad';
  promtool_3_5_3_exit: number;
}

/** Good since 3.14, with no word of it in their names. */
const GOOD_NOW = new Set(['scrape_config_local_infer_escaping.yml']);
/** Rules, whatever the name says. */
const NO_CONFIG = new Set(['prometheus-config.rules.good.yml']);

const OPTIONS: CheckOptions = {
  syntaxOnly: true,
  agent: false,
  lints: new Set(),
  lookbackMs: 300_000,
  ignoreUnknownFields: false,
  parser: parserOptionsFor([]),
  env: {},
  expandEnv: false,
};

/** External labels, with TEST set to T. */
const EXPANDED = {
  bar: 'foo',
  foo: 'T',
  baz: 'fooTbar',
  qux: `foo$\{TEST}`,
  xyz: 'foo$bar',
};

const config = conformanceDir('config');
const promtool = conformanceDir('promtool');

function casesIn(dir: string | undefined): Case[] {
  if (dir === undefined) return [];
  const { cases } = JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8')) as { cases: Case[] };
  return cases.filter(({ kind, file }) => kind === 'config' && !NO_CONFIG.has(file));
}

function isGood({ file, name_says, promtool_3_5_3_exit }: Case): boolean {
  if (name_says !== undefined) return name_says === 'good';
  return GOOD_NOW.has(file) || promtool_3_5_3_exit === 0;
}

/** These refer to each other, so what they name is read too. */
function readsOthers(file: string): boolean {
  return file.startsWith('scrape_config_files');
}

describeWith('upstream’s configuration files', { 'conformance data': config && promtool }, () => {
  it.each(casesIn(config))('$file', (one) => {
    const options = { ...OPTIONS, syntaxOnly: !readsOthers(one.file) };
    const { errors } = checkConfig(join(config!, one.file), options);
    expect(errors.map(({ message }) => message).length === 0).toBe(isGood(one));
  });

  it.each(casesIn(promtool))('promtool’s $file', (one) => {
    expect(checkConfig(join(promtool!, one.file), OPTIONS).errors.length === 0).toBe(isGood(one));
  });

  it('an agent takes what forwards, and nothing else', () => {
    const agent = { ...OPTIONS, agent: true };
    const verdict = (file: string) =>
      checkConfig(join(config!, file), agent).errors.map(({ reason }) => reason);
    expect(verdict('agent_mode.good.yml')).toEqual([]);
    expect(verdict('agent_mode.without_remote_writes.yml')).toEqual([]);
    expect(verdict('agent_mode.with_remote_reads.yml')).toEqual([
      'remote_read: field remote_read is not allowed in agent mode',
    ]);
  });

  it('what is written back is read as the same', () => {
    const once = loadConfig(join(config!, 'roundtrip.good.yml')).config;
    const [job] = once.scrapeConfigs.filter(({ jobName }) => jobName === 'bar');
    expect(job.discovery.map(({ mechanism }) => mechanism)).toContain('consul');
    const text = toYaml(once);
    expect(text).not.toMatch(/password: (?!<secret>|null$)/m);
    expect(text).toContain('health_filter: Service.Tags contains "canary"');
  });

  it.each([
    [
      'global_timeout.good.yml',
      (c) => [c.global.scrapeIntervalMs, c.global.scrapeTimeoutMs],
      [3_600_000, 3_600_000],
    ],
    [
      'scrape_interval_larger.good.yml',
      (c) => [c.scrapeConfigs[0].scrapeIntervalMs, c.scrapeConfigs[0].scrapeTimeoutMs],
      [5000, 5000],
    ],
    ['external_labels.good.yml', (c) => c.global.externalLabels, EXPANDED],
    [
      'global_enable_scrape_native_hist.good.yml',
      (c) => [c.scrapeConfigs[0].scrapeNativeHistograms, c.scrapeConfigs[0].scrapeProtocols[0]],
      [true, 'PrometheusProto'],
    ],
    [
      'local_disable_scrape_native_hist.good.yml',
      (c) => [c.scrapeConfigs[0].scrapeNativeHistograms, c.scrapeConfigs[0].scrapeProtocols[0]],
      [false, 'OpenMetricsText1.0.0'],
    ],
    ['local_enable_extra_scrape_metrics.good.yml', (c) => c.scrapeConfigs[0].extraScrapeMetrics, true],
    [
      'scrape_config_local_infer_escaping.yml',
      (c) => [c.scrapeConfigs[0].metricNameValidationScheme, c.scrapeConfigs[0].metricNameEscapingScheme],
      ['legacy', 'underscores'],
    ],
    [
      'scrape_config_local_global_validation_mode.yml',
      (c) => [c.scrapeConfigs[0].metricNameValidationScheme, c.scrapeConfigs[0].metricNameEscapingScheme],
      ['utf8', 'dots'],
    ],
    [
      'otlp_sanitize_promote_resource_attributes.good.yml',
      (c) => c.otlp.promoteResourceAttributes,
      ['k8s.cluster.name', 'k8s.job.name', 'k8s.namespace.name'],
    ],
    [
      'otlp_label_underscore_sanitization_disabled.good.yml',
      (c) => [c.otlp.labelNameUnderscoreSanitization, c.otlp.labelNamePreserveMultipleUnderscores],
      [false, false],
    ],
    ['tsdb_retention_percentage_float.good.yml', (c) => c.storage.tsdb?.retention?.percentage, 0.5],
    ['tsdb_chunk_encoding_floats_xor2.good.yml', (c) => c.storage.tsdb?.chunkEncoding?.floats, 'xor2'],
    [
      'scrape_config_files_combined.good.yml',
      (c) => [c.scrapeConfigs.map(({ jobName }) => jobName), c.includedJobs],
      [['node', 'prometheus', 'alertmanager'], 2],
    ],
  ] as [string, (c: ReturnType<typeof loadConfig>['config']) => unknown, unknown][])(
    'the values of %s',
    (file, pick, expected) => {
      expect(pick(loadConfig(join(config!, file), { env: { TEST: 'T' } }).config)).toEqual(expected);
    },
  );
});
