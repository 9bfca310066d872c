/** One prometheus.yml, read by the real Prometheus and by us: the same verdict, the same words, the same effect. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ConfigError, parseConfig, toYaml } from '../../src/core/config/index.ts';
import { describeWith, peer } from '../peers.ts';
import { RealPrometheus } from './prometheus.ts';

const promtool = peer('promtool');
const prometheus = peer('prometheus');
const folder = mkdtempSync(join(tmpdir(), 'tsmon-config-'));

/** The message that ends the reading of `text`, or undefined. */
function theirFault(text: string): string | undefined {
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, text);
  const { status, stderr } = spawnSync(promtool!, ['check', 'config', '--syntax-only', file], {
    encoding: 'utf8',
  });
  if (status === 0) return undefined;
  const [first, ...more] = stderr
    .trim()
    .replace(/^FAILED: (?:parsing YAML file \S+: )?/, '')
    .split('\n');
  return first.startsWith('yaml: unmarshal errors') ? more[0].trim().replace(/^line \d+: /, '') : first;
}

function ourFaults(text: string): string[] {
  try {
    parseConfig(text, { syntaxOnly: true });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.errors.map(({ reason }) => reason);
    throw error;
  }
}

const JOB = 'scrape_configs:\n- job_name: a\n';

const SECTIONS = [
  'global: {scrape_interval: foo}',
  'global: {scrape_interval: 5}',
  'global: {scrape_interval: 5s, scrape_timeout: 6s}',
  'global: {sample_limit: -1}',
  'global: {sample_limit: a}',
  'global: {sample_limit: 1.5}',
  'global: {sample_limit: "1"}',
  'global: {body_size_limit: 100}',
  'global: {body_size_limit: 100mb}',
  'global: {body_size_limit: 1.5GB}',
  'global: {body_size_limit: MB}',
  'global: {scrape_protocols: []}',
  'global: {scrape_protocols: [foo]}',
  'global: {scrape_protocols: [PrometheusProto, PrometheusProto]}',
  'global: {external_labels: {"": b}}',
  'global: foo',
  'global: []',
  'foo: []',
  'rule_files: foo',
  "rule_files: ['a*/b']",
  "remote_write: [{url: ':x'}]",
  "remote_write: [{url: '1.2.3.4:5'}]",
  "remote_write: [{url: 'http://[::1'}]",
  "remote_write: [{url: 'http://a:b'}]",
  "remote_write: [{url: 'http://a b'}]",
  "remote_write: [{url: 'http://a/%zz'}]",
  'remote_write: [{}]',
  'remote_write: [null]',
  'remote_write: [{url: http://x, name: a}, {url: http://x, name: a}]',
  'remote_write: [{url: http://x, headers: {host: a}}]',
  'remote_write: [{url: http://x, protobuf_message: a}]',
  'remote_read: [{url: http://x, headers: {X-Amz-Date: a}}]',
  'remote_read: [{url: http://x, required_matchers: {"": a}}]',
  'alerting: {alertmanagers: [{api_version: v1}]}',
  'alerting: {alertmanagers: [{relabel_configs: [null]}]}',
  'alerting: {alertmanagers: [{static_configs: [{targets: ["a/b"]}]}]}',
  'tracing: {client_type: x}',
  'tracing: {}',
  'tracing: {endpoint: x, compression: y}',
  'tracing: {endpoint: x, headers: {Authorization: x}}',
  'storage: {tsdb: {out_of_order_time_window: -5m}}',
  'storage: {exemplars: {max_exemplars: a}}',
  'otlp: {promote_resource_attributes: [a, a]}',
  "otlp: {promote_resource_attributes: ['']}",
  'otlp: {ignore_resource_attributes: [a]}',
  'runtime: {gogc: a}',
  'runtime: {gogc: 18446744073709551615}',
  'storage: {exemplars: {max_exemplars: 18446744073709551615}}',
  'global: {body_size_limit: 8EB}',
  'global: {body_size_limit: 9EB}',
  'global: {body_size_limit: 5EB5EB}',
  'global: {sample_limit: 18446744073709551616}',
  '',
  'a',
  '\t',
  ' \t\n',
];

const JOBS = [
  '{}',
  'static_configs: [null]',
  "static_configs: [{targets: ['http://x']}]",
  "static_configs: [{targets: ['a'], labels: {'': x}}]",
  'file_sd_configs: [null]',
  'file_sd_configs: [{files: [a.txt]}]',
  "file_sd_configs: [{files: ['*/a.yml']}]",
  'relabel_configs: [null]',
  'relabel_configs: [{regex: "a(", target_label: b}]',
  'relabel_configs: [{foo: b}]',
  'metric_relabel_configs: [{action: foo}]',
  'basic_auth: {username: a, username_file: b}',
  'basic_auth: {username: a, foo: b}',
  'basic_auth: {username: a}\n  oauth2: {client_id: a, token_url: b}',
  'authorization: {type: basic}',
  'authorization: {credentials: a, credentials_file: b}',
  'authorization: {credentials: a}\n  bearer_token: b',
  'tls_config: {ca: a, ca_file: b}',
  'tls_config: {cert: a}',
  'tls_config: {key_file: a}',
  'tls_config: {min_version: TLS14}',
  "proxy_url: ':x'",
  "no_proxy: 'x'",
  'proxy_from_environment: true\n  proxy_url: http://x',
  'proxy_from_environment: true\n  no_proxy: x',
  'proxy_connect_header: {a: [b]}',
  'http_headers: {authorization: {values: [b]}}',
  'oauth2: {client_id: x}',
  'oauth2: {token_url: x}',
  'oauth2: {token_url: x, client_id: x, client_secret: a, client_secret_file: y}',
  'scrape_protocols: [PrometheusProto, PrometheusProto]',
  'fallback_scrape_protocol: foo',
  'honor_labels: 5',
  'honor_labels: "true"',
  'honor_labels: tRue',
  'honor_labels: yes',
  'native_histogram_min_bucket_factor: .nan',
  'relabel_configs: [{action: hashmod, modulus: 18446744073709551615, target_label: x}]',
  'file_sd_configs: [{files: [~]}]',
  "kubernetes_sd_configs: [{role: pod, selectors: [{role: pod, label: 'a>5'}]}]",
  "kubernetes_sd_configs: [{role: pod, selectors: [{role: pod, label: 'a>b'}]}]",
  "kubernetes_sd_configs: [{role: pod, selectors: [{role: pod, field: 'a=b=c'}]}]",
  "kubernetes_sd_configs: [{role: pod, selectors: [{role: pod, field: 'a=b\\'}]}]",
  'kubernetes_sd_configs: [{role: endpoints, attach_metadata: {node: true}, selectors: [{role: node}]}]',
  'scaleway_sd_configs: [{role: instance, project_id: x, secret_key_file: y, access_key: SCWXXXXXXXXXXXXXXXXX}]',
  'params: {a: b}',
  'scheme: ftp',
  "http_sd_configs: [{url: ''}]",
  'http_sd_configs: [{url: foo}]',
  "http_sd_configs: [{url: 'http://'}]",
  'dns_sd_configs: [{}]',
  'dns_sd_configs: [{names: [a], type: FOO}]',
  'dns_sd_configs: [{names: [a], type: A}]',
  'dns_sd_configs: [{names: [a], type: srv}]',
  "docker_sd_configs: [{host: ''}]",
  'dockerswarm_sd_configs: [{host: x}]',
  'dockerswarm_sd_configs: [{host: x, role: foo}]',
  'ec2_sd_configs: [{region: x, filters: [{name: a}]}]',
  'kubernetes_sd_configs: [{}]',
  'kubernetes_sd_configs: [{role: foo}]',
  'kubernetes_sd_configs: [{role: pod, kubeconfig_file: x, api_server: y}]',
  'kubernetes_sd_configs: [{role: pod, kubeconfig_file: x, basic_auth: {username: a}}]',
  'kubernetes_sd_configs: [{role: pod, tls_config: {ca_file: x}}]',
  'kubernetes_sd_configs: [{role: pod, namespaces: {own_namespace: true}, api_server: x}]',
  'kubernetes_sd_configs: [{role: endpointslice, selectors: [{role: node}]}]',
  "kubernetes_sd_configs: [{role: pod, selectors: [{role: pod, label: 'a in (b,c),!d,e!=f'}]}]",
  "kubernetes_sd_configs: [{role: pod, selectors: [{role: pod, field: 'a'}]}]",
  'eureka_sd_configs: [{server: foo}]',
  'gce_sd_configs: [{project: x}]',
  'hetzner_sd_configs: [{role: foo}]',
  'ionos_sd_configs: [{}]',
  'marathon_sd_configs: [{}]',
  'marathon_sd_configs: [{servers: [x], auth_token: a, bearer_token: b}]',
  'nerve_sd_configs: [{servers: [a], paths: [b]}]',
  'serverset_sd_configs: [{servers: [a]}]',
  'ovhcloud_sd_configs: [{application_key: a, application_secret: b, consumer_key: c}]',
  'puppetdb_sd_configs: [{url: http://x}]',
  'scaleway_sd_configs: [{role: instance, project_id: x}]',
  'scaleway_sd_configs: [{role: instance, project_id: x, secret_key: y, access_key: z}]',
  'triton_sd_configs: [{account: x, dns_suffix: y, endpoint: z, role: f}]',
  'uyuni_sd_configs: [{server: x}]',
  'vultr_sd_configs: [{foo: x}]',
  'linode_sd_configs: [{}]',
  'digitalocean_sd_configs: [{port: x}]',
];

describeWith('promtool’s verdict and words', { promtool }, () => {
  it.each([...SECTIONS, ...JOBS.map((keys) => JOB + (keys === '{}' ? '' : `  ${keys}\n`))])('%s', (text) => {
    const theirs = theirFault(text);
    const ours = ourFaults(text);
    if (theirs === undefined) expect(ours).toEqual([]);
    else expect(ours.join('\n')).toContain(theirs);
  });
});

/** What 3.14 says more than the 3.5 that is at hand, what it says elsewhere, and a feature that the latter runs with. */
function asOlder(text: string): string {
  const lines = text
    .split('\n')
    .filter((line) => !/^ +(?:scrape_native_histograms|extra_scrape_metrics): false$/.test(line))
    .filter((line) => !/^ {2}label_name_\w+: true$/.test(line))
    .filter((line) => !/^ +(?:separator|replacement): ""$|^ +role: droplets$/.test(line))
    .join('\n')
    .replace(/^( *- )PrometheusProto\n(?=\1OpenMetricsText1\.0\.0\n\1OpenMetricsText0\.0\.1)/gm, '');
  const end = lines.search(/\n(?!global)\w/);
  const global = lines
    .slice(0, end)
    .replace(/^ {2}scrape_protocols:\n(?: {2}- .*\n)+/m, '')
    .replace(/^ {2}metric_name_validation_scheme: utf8$/m, '');
  return global.trimEnd() + lines.slice(end);
}

describeWith('the configuration that Prometheus shows', { prometheus }, () => {
  it('is ours, to the byte', async () => {
    const real = await RealPrometheus.start(prometheus!, folder, '', ['--web.enable-lifecycle']);
    onTestFinished(() => real.stop());
    for (const name of ['everything.yml', 'discovery.yml', 'texts.yml', 'bare.yml']) {
      const text = readFileSync(new URL(`../testdata/config/${name}`, import.meta.url), 'utf8');
      const file = join(folder, 'prometheus.yml');
      writeFileSync(file, text);
      const reload = await fetch(`${real.url}/-/reload`, { method: 'POST' });
      expect(await reload.text()).toBe('');
      const answer = await fetch(`${real.url}/api/v1/status/config`);
      const { data } = (await answer.json()) as { data: { yaml: string } };
      expect(asOlder(toYaml(parseConfig(text, { file, syntaxOnly: true }).config)), name).toBe(
        asOlder(data.yaml),
      );
    }
  });
});
