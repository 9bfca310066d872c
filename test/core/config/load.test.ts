import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig, parseConfig } from '../../../src/core/config/index.ts';

function faults(text: string, options = {}): string[] {
  try {
    parseConfig(text, options);
  } catch (error) {
    if (error instanceof ConfigError) return error.errors.map(({ message }) => message);
    throw error;
  }
  return [];
}

describe('faults', () => {
  it('are told all at once, each with its place, its key path and what was meant', () => {
    const text = `global:
  scrape_intervall: 5s
scrape_configs:
- job_name: a
  scrape_timeot: 5s
  sample_limit: x
- job_nam: b
remote_write:
- url: http://x
  queue_config: {capacity: 0}
`;
    expect(faults(text)).toEqual([
      'prometheus.yml:2:3: global.scrape_intervall: field scrape_intervall not found in type config.plain (did you mean scrape_interval?)',
      'prometheus.yml:5:3: scrape_configs[0].scrape_timeot: field scrape_timeot not found in type config.ScrapeConfig (did you mean scrape_timeout?)',
      'prometheus.yml:6:17: scrape_configs[0].sample_limit: cannot unmarshal !!str `x` into uint',
      'prometheus.yml:7:3: scrape_configs[1].job_nam: field job_nam not found in type config.ScrapeConfig (did you mean job_name?)',
      'prometheus.yml:10:28: remote_write[0].queue_config.capacity: capacity must be greater than 0, got 0',
    ]);
  });

  it('of keys that stand twice', () => {
    expect(faults('global: {scrape_interval: 1s, scrape_interval: 2s}')).toHaveLength(1);
    expect(faults('global: {external_labels: {a: b, a: c}}')).toHaveLength(1);
  });

  it('of a file that is no map', () => {
    expect(faults('- a')).toHaveLength(1);
    expect(faults('a')).toHaveLength(1);
    expect(faults('')).toEqual([]);
    expect(faults('# nothing')).toEqual([]);
  });

  it('of syntax', () => {
    expect(faults('a: [')[0]).toMatch(/^prometheus\.yml:\d+:\d+: yaml: /);
  });
});

describe('settings that are newer than the Prometheus at hand', () => {
  const AZURE =
    'client_id: 11111111-1111-1111-1111-111111111112, tenant_id: 11111111-1111-1111-1111-111111111112';

  it.each([
    'storage: {tsdb: {stale_series_compaction_threshold: 0.5}}',
    'storage: {tsdb: {retention: {percentage: 12.5}, chunk_encoding: {floats: xor2}}}',
    `remote_write: [{url: http://x, azuread: {certificate: {${AZURE}, certificate_path: c.pem, certificate_key_path: k.pem}}}]`,
  ])('%s', (text) => {
    expect(faults(text)).toEqual([]);
  });

  it('are checked', () => {
    expect(faults(`remote_write: [{url: http://x, azuread: {certificate: {${AZURE}}}}]`)).toEqual([
      expect.stringContaining('must provide an Azure Certificate certificate_path in the Azure AD config'),
    ]);
  });
});

describe('inheritance', () => {
  const text = `global:
  scrape_interval: 30s
  sample_limit: 7
  body_size_limit: 1MB
  scrape_native_histograms: true
  metric_name_validation_scheme: legacy
scrape_configs:
- job_name: a
- job_name: b
  scrape_interval: 5s
  sample_limit: 8
  scrape_native_histograms: false
  metric_name_validation_scheme: utf8
`;
  const { config, origins } = parseConfig(text, { file: 'p.yml' });

  it('gives jobs what they do not say', () => {
    const [a, b] = config.scrapeConfigs;
    expect(a).toMatchObject({
      scrapeIntervalMs: 30_000,
      scrapeTimeoutMs: 10_000,
      sampleLimit: 7,
      bodySizeLimitBytes: 1_048_576,
      scrapeNativeHistograms: true,
      metricNameValidationScheme: 'legacy',
      metricNameEscapingScheme: 'underscores',
    });
    expect(a.scrapeProtocols[0]).toBe('PrometheusProto');
    expect(b).toMatchObject({
      scrapeIntervalMs: 5000,
      scrapeTimeoutMs: 5000,
      sampleLimit: 8,
      scrapeNativeHistograms: false,
      metricNameValidationScheme: 'utf8',
      metricNameEscapingScheme: 'allow-utf-8',
    });
  });

  it('says where values come from', () => {
    expect(origins.get('scrape_configs[0].scrape_interval')).toEqual({
      kind: 'global',
      key: 'global.scrape_interval',
    });
    const own = origins.get('scrape_configs[1].scrape_interval');
    expect(own?.kind === 'file' && own.place).toEqual({ file: 'p.yml', line: 10, column: 20 });
    expect(origins.get('scrape_configs[0].scrape_timeout')).toEqual({ kind: 'default' });
    expect(origins.has('scrape_configs[0].scheme')).toBe(false);
  });

  it('a section that is empty is as good as none', () => {
    const bare = parseConfig('', {}).config;
    expect(parseConfig('global:\nruntime:\notlp: {}\n', {}).config.global).toEqual(bare.global);
    expect(bare.runtime.gogc).toBe(75);
    expect(parseConfig('', { env: { GOGC: 'off' } }).config.runtime.gogc).toBe(-1);
  });
});

describe('variables', () => {
  const env = { ZONE: 'eu', EMPTY: '' };

  it('are expanded in external labels, and nowhere else unless that is asked for', () => {
    const labels = ['a: $ZONE', `b: x$\{ZONE}y`, 'c: $$ZONE', 'd: $NONE', 'e: "$"', `f: $\{EMPTY}z`];
    const text = `global:\n  external_labels:\n${labels.map((label) => `    ${label}\n`).join('')}  query_log_file: /$ZONE\n`;
    const { config, warnings } = parseConfig(text, { env });
    expect(config.global.externalLabels).toEqual({ a: 'eu', b: 'xeuy', c: '$ZONE', d: '', e: '$', f: 'z' });
    expect(config.global.queryLogFile).toBe('/$ZONE');
    expect(warnings.map(({ message }) => message)).toEqual([
      'prometheus.yml:6:8: the environment variable NONE is empty',
      'prometheus.yml:8:8: the environment variable EMPTY is empty',
    ]);
    expect(parseConfig(text, { env, expandEnv: true }).config.global.queryLogFile).toBe('/eu');
  });

  it('may be numbers and durations where all is expanded', () => {
    const text = 'global: {scrape_interval: $EVERY, sample_limit: $MOST}';
    const { global } = parseConfig(text, { env: { EVERY: '7s', MOST: '9' }, expandEnv: true }).config;
    expect([global.scrapeIntervalMs, global.sampleLimit]).toEqual([7000, 9]);
  });
});

describe('files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tsmon-config-'));
  mkdirSync(join(folder, 'jobs'));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  it('are named relative to the file that names them', () => {
    file('jobs/a.yml', 'scrape_configs: [{job_name: a, tls_config: {ca_file: ca.pem}}]');
    file('jobs/b.yml', 'scrape_configs: [{job_name: b, sample_limit: 5}]');
    const main = file(
      'main.yml',
      'global: {sample_limit: 3}\nscrape_config_files: [jobs/*.yml]\nrule_files: [rules/*.yml, /abs.yml]\nscrape_configs: [{job_name: c, bearer_token_file: t}]',
    );
    const { config, origins } = loadConfig(main);
    expect(config.ruleFiles).toEqual([join(folder, 'rules/*.yml'), '/abs.yml']);
    expect(config.scrapeConfigs.map(({ jobName, sampleLimit }) => [jobName, sampleLimit])).toEqual([
      ['c', 3],
      ['a', 3],
      ['b', 5],
    ]);
    expect(config.scrapeConfigs[0].http.authorization).toEqual({
      type: 'Bearer',
      credentials: '',
      credentialsFile: join(folder, 't'),
    });
    expect(config.scrapeConfigs[1].http.tlsConfig.caFile).toBe(join(folder, 'jobs/ca.pem'));
    expect(origins.get('scrape_configs[2].sample_limit')).toMatchObject({
      place: { file: join(folder, 'jobs/b.yml'), line: 1 },
    });
  });

  it('faults of included files carry their names', () => {
    file('jobs2.yml', 'scrape_configs: [{job_name: c}]');
    const main = file('main2.yml', 'scrape_config_files: [jobs2.yml]\nscrape_configs: [{job_name: c}]');
    expect(() => loadConfig(main)).toThrow(
      `${join(folder, 'jobs2.yml')}:1:29: scrape_configs[0].job_name: found multiple scrape configs with job name "c"`,
    );
  });
});

describe('discovery', () => {
  it('what runs is typed in full, the rest keeps its settings', () => {
    const text = `scrape_configs:
- job_name: a
  static_configs: [{targets: ['h:1'], labels: {x: '1'}}, {targets: ['i:1']}]
  dns_sd_configs: [{names: [n]}]
  consul_sd_configs: [{username: u, password: p}]
  hetzner_sd_configs: [{role: hcloud, authorization: {credentials: s}}]
`;
    const { discovery } = parseConfig(text, {}).config.scrapeConfigs[0];
    expect(discovery.find(({ mechanism }) => mechanism === 'static')).toEqual({
      mechanism: 'static',
      groups: [
        { targets: ['h:1'], labels: { x: '1' } },
        { targets: ['i:1'], labels: {} },
      ],
    });
    expect(discovery.find(({ mechanism }) => mechanism === 'dns')).toEqual({
      mechanism: 'dns',
      names: ['n'],
      refreshIntervalMs: 30_000,
      type: 'SRV',
      port: 0,
    });
    expect(discovery.find(({ mechanism }) => mechanism === 'consul')).toMatchObject({
      server: 'localhost:8500',
      http: { basicAuth: { username: 'u', password: 'p' } },
    });
    expect(discovery.find(({ mechanism }) => mechanism === 'hetzner')).toMatchObject({
      settings: { role: 'hcloud', port: 80, refreshIntervalMs: 60_000 },
    });
  });

  it.each(['ec2', 'lightsail', 'aws'])('no region of %s is asked of the network', (name) => {
    const role = name === 'aws' ? 'role: ecs' : '';
    expect(faults(`scrape_configs: [{job_name: a, ${name}_sd_configs: [{${role}}]}]`)).toEqual([]);
  });
});
