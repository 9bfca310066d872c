/** The configuration that both servers run: one text, in a directory for each. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Addresses {
  targets: string;
  gone: string;
  node: string;
  gateway: string;
}

/** Jobs whose target plays a piece by the number of the scrape, and what selects the series of each. */
export const PLAYED: Readonly<Record<string, RegExp>> = {
  plain: /\bjob="plain"/,
  faulty: /\bjob="faulty"/,
  limited: /__name__="(?:up|scrape_\w+)", .*\bjob="limited"/,
  honoring: /\bjob="(?:honoring|mine)"/,
  openmetrics: /\bjob="openmetrics"/,
  native: /\bjob="native"/,
  relabelled: /\bjob="relabelled"/,
  nhcb: /\bjob="nhcb"/,
  ignoring: /\bjob="ignoring"/,
};

export function prometheusYml({ targets, gone, node, gateway }: Addresses, more: boolean): string {
  const job = (name: string, path: string, settings = '') =>
    `- job_name: ${name}\n  metrics_path: /${path}\n  static_configs: [{targets: ['${targets}']}]\n${settings}`;
  return `global:
  scrape_interval: 5s
  scrape_timeout: 3s
  evaluation_interval: 5s
  external_labels: {site: here, replica: r1}
rule_files: [rules*.yml]
alerting:
  alert_relabel_configs:
  - {regex: replica, action: labeldrop}
  - {source_labels: [alertname], regex: Hidden, action: drop}
  alertmanagers:
  - file_sd_configs: [{files: [alertmanagers.json], refresh_interval: 10s}]
scrape_configs:
- job_name: node
  scrape_interval: 15s
  static_configs: [{targets: ['${node}'], labels: {rack: r7}}]
  metric_relabel_configs:
  - {source_labels: [__name__], regex: 'node_cpu_guest.*', action: drop}
- job_name: gateway
  honor_labels: true
  static_configs: [{targets: ['${gateway}']}]
- job_name: clock
  metrics_path: /clock
  static_configs: [{targets: ['${targets}']}]
- job_name: gone
  static_configs: [{targets: ['${gone}']}]
- job_name: files
  metrics_path: /files
  file_sd_configs: [{files: [targets.json], refresh_interval: 5s}]
- job_name: found
  metrics_path: /found
  http_sd_configs: [{url: 'http://${targets}/sd', refresh_interval: 5s}]
${job('plain', 'plain')}
${job('faulty', 'faulty')}
${job('limited', 'limited', '  sample_limit: 30\n')}
${job('honoring', 'honoring', '  honor_labels: true\n')}
${job('openmetrics', 'openmetrics')}
${job('native', 'native')}
${job('nhcb', 'nhcb', '  convert_classic_histograms_to_nhcb: true\n')}
${job('ignoring', 'timed-ignored', '  honor_timestamps: false\n')}
${job('timed', 'timed')}
${job('tracked', 'timed-tracked', '  track_timestamps_staleness: true\n')}
${job(
  'relabelled',
  'relabelled',
  `  metric_relabel_configs:
  - {source_labels: [__name__], regex: 'drop_.*', action: drop}
  - {regex: tmp, action: labeldrop}
  - {source_labels: [le], regex: '5', target_label: five, replacement: 'yes'}
  - {source_labels: [__name__], regex: 'wave', target_label: __name__, replacement: 'gentle_wave'}
`,
)}
${more ? job('added', 'added') : ''}`;
}

export const RULES = `groups:
- name: chain
  rules:
  - {record: 'level:sum', expr: sum(level)}
  - {record: 'site:level:max', expr: max by (site) (level), labels: {team: x}}
  - {record: 'level:avg1m', expr: 'avg_over_time(level:sum[1m])'}
  - {record: 'c:rate30s', expr: 'rate(c_total{job="plain"}[30s])'}
  - {record: 'job:up:sum', expr: sum by (job) (up)}
  - {record: 'native:rate', expr: 'sum(rate(native_seconds[1m]))'}
  - {record: 'native:p90', expr: 'histogram_quantile(0.9, native:rate)'}
  - {record: 'nothing', expr: 'vector(1) > 2'}
- name: alerts
  labels: {group: alerts}
  rules:
  - alert: LevelHigh
    expr: level > 5
    for: 20s
    keep_firing_for: 15s
    labels: {severity: '{{ if gt $value 9.0 }}page{{ else }}warn{{ end }}'}
    annotations: {summary: '{{ $labels.site }} at {{ $value | humanize }} in {{ $externalLabels.site }}'}
  - {alert: Flapping, expr: flapping == 1, annotations: {text: 'value {{ $value }}'}}
  - {alert: FlappingHeld, expr: flapping == 1, keep_firing_for: 20s}
  - {alert: Gone, expr: 'up{job="gone"} == 0', for: 10s}
  - {alert: GoneLong, expr: 'up{job="gone"} == 0', for: 1m}
  - {alert: Missing, expr: 'absent(sometimes)'}
  - {alert: Hidden, expr: 'flapping == 1'}
  - {alert: OfAlerts, expr: 'ALERTS{alertname="LevelHigh",alertstate="firing"} == 1', labels: {alertname: other}}
  - {alert: Always, expr: 'vector(7)', annotations: {text: '<b>{{ $value }}</b>'}}
- name: limited
  limit: 1
  rules:
  - {record: 'too:many', expr: level}
- name: late
  interval: 7s
  query_offset: 10s
  rules:
  - {record: 'level:offset', expr: sum(level)}
`;

const MORE_RULES = `groups:
- name: more
  rules:
  - {record: 'more:level', expr: sum(level)}
`;

/** Writes what a server reads; `more`: with a job and a rule more. */
export function writeConfiguration(dir: string, at: Addresses, receiver: string, more: boolean): void {
  mkdirSync(dir, { recursive: true });
  put(dir, 'prometheus.yml', prometheusYml(at, more));
  put(dir, 'rules.yml', RULES);
  put(dir, 'rules-more.yml', more ? MORE_RULES : 'groups: []\n');
  put(dir, 'alertmanagers.json', JSON.stringify([{ targets: [receiver] }]));
}

/** The targets of the job `files`, which change every 90 s. */
export function writeTargets(dir: string, { targets }: Addresses, round: number): void {
  const groups = [
    [{ targets: [targets], labels: { zone: 'a' } }],
    [{ targets: [targets], labels: { zone: 'b' } }],
    [
      { targets: [targets], labels: { zone: 'a' } },
      { targets: [targets], labels: { zone: 'c', __metrics_path__: '/files-c' } },
    ],
    [],
  ];
  put(dir, 'targets.json', JSON.stringify(groups[round % groups.length]));
}

/** Whole, or as it was before. */
function put(dir: string, name: string, text: string): void {
  writeFileSync(join(dir, `${name}.new`), text);
  renameSync(join(dir, `${name}.new`), join(dir, name));
}
