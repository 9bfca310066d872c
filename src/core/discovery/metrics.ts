/** What discovery says of itself, under Prometheus' names. */
import type { ClassicHistogram, Counter, Gauge, Registry, Summary } from '../instrument/index.ts';

/** What one mechanism alone counts: name, help and labels. */
const MECHANISM_METRICS = {
  dnsLookups: ['prometheus_sd_dns_lookups_total', 'The number of DNS-SD lookups.'],
  dnsLookupFailures: ['prometheus_sd_dns_lookup_failures_total', 'The number of DNS-SD lookup failures.'],
  fileReadErrors: ['prometheus_sd_file_read_errors_total', 'The number of File-SD read errors.'],
  fileWatcherErrors: [
    'prometheus_sd_file_watcher_errors_total',
    'The number of File-SD errors caused by filesystem watch failures.',
  ],
  httpFailures: ['prometheus_sd_http_failures_total', 'Number of HTTP service discovery refresh failures.'],
  consulFailures: ['prometheus_sd_consul_rpc_failures_total', 'The number of Consul RPC call failures.'],
  kubernetesEvents: [
    'prometheus_sd_kubernetes_events_total',
    'The number of Kubernetes events handled.',
    'role',
    'event',
  ],
  kubernetesFailures: [
    'prometheus_sd_kubernetes_failures_total',
    'The number of failed WATCH/LIST requests.',
  ],
  kubernetesRequests: [
    'prometheus_sd_kubernetes_http_request_total',
    'Total number of HTTP requests to the Kubernetes API by status code.',
    'status_code',
  ],
} as const satisfies Record<string, readonly [name: string, help: string, ...labelNames: string[]]>;

const QUANTILES = [0.5, 0.9, 0.99];

/** How long what one mechanism alone does takes: name, help, labels and quantiles. */
const MECHANISM_DURATIONS = {
  consulCalls: [
    'prometheus_sd_consul_rpc_duration_seconds',
    'The duration of a Consul RPC call in seconds.',
    { labelNames: ['endpoint', 'call'], quantiles: QUANTILES },
  ],
  kubernetesRequests: [
    'prometheus_sd_kubernetes_http_request_duration_seconds',
    'Summary of latencies for HTTP requests to the Kubernetes API by endpoint.',
    { labelNames: ['endpoint'], quantiles: [] },
  ],
} as const satisfies Record<
  string,
  readonly [name: string, help: string, Parameters<Registry['summary']>[2]]
>;

const KUBERNETES_ROLES = ['endpoints', 'endpointslice', 'ingress', 'node', 'pod', 'service'];

export type MechanismMetric = keyof typeof MECHANISM_METRICS;
export type MechanismDuration = keyof typeof MECHANISM_DURATIONS;

export interface DiscoveryMetrics {
  mechanisms: Readonly<Record<MechanismMetric, Counter>>;
  mechanismDurations: Readonly<Record<MechanismDuration, Summary>>;
  /** Of files that targets are read from, by their names. */
  fileTimes: Gauge;
  discovered: Gauge;
  failedSetups: Gauge;
  received: Counter;
  delayed: Counter;
  sent: Counter;
  lastSent: Gauge;
  failures: Counter;
  durations: Summary;
  durationsByConfig: ClassicHistogram;
  /** Of files alone. */
  fileScans: Summary;
}

/** `manager` is what the label `name` says: `scrape` or `notify`. */
export function discoveryMetrics(registry: Registry): DiscoveryMetrics {
  return {
    mechanisms: mechanismMetrics(registry),
    mechanismDurations: mechanismDurations(registry),
    fileTimes: registry.gauge(
      'prometheus_sd_file_mtime_seconds',
      'Timestamp (mtime) of files read by FileSD. Timestamp is set at read time.',
      'filename',
    ),
    discovered: registry.gauge(
      'prometheus_sd_discovered_targets',
      'Current number of discovered targets.',
      'name',
      'config',
    ),
    failedSetups: registry.gauge(
      'prometheus_sd_failed_configs',
      'Current number of service discovery configurations that failed to load.',
      'name',
    ),
    received: registry.counter(
      'prometheus_sd_received_updates_total',
      'Total number of update events received from the SD providers.',
      'name',
    ),
    delayed: registry.counter(
      'prometheus_sd_updates_delayed_total',
      "Total number of update events that couldn't be sent immediately.",
      'name',
    ),
    sent: registry.counter(
      'prometheus_sd_updates_total',
      'Total number of update events sent to the SD consumers.',
      'name',
    ),
    lastSent: registry.gauge(
      'prometheus_sd_last_update_timestamp_seconds',
      'Timestamp of the last update sent to the SD consumers.',
      'name',
      'config',
    ),
    failures: registry.counter(
      'prometheus_sd_refresh_failures_total',
      'Number of refresh failures for the given SD mechanism.',
      'mechanism',
      'config',
    ),
    durations: registry.summary(
      'prometheus_sd_refresh_duration_seconds',
      'The duration of a refresh in seconds for the given SD mechanism.',
      { labelNames: ['mechanism'], quantiles: QUANTILES },
    ),
    fileScans: registry.summary(
      'prometheus_sd_file_scan_duration_seconds',
      'The duration of the File-SD scan in seconds.',
      { quantiles: QUANTILES },
    ),
    durationsByConfig: registry.histogram(
      'prometheus_sd_refresh_duration_histogram_seconds',
      'The duration of a refresh for the given SD mechanism.',
      ['mechanism', 'config'],
    ),
  };
}

function mechanismMetrics(registry: Registry): DiscoveryMetrics['mechanisms'] {
  const counters = Object.entries(MECHANISM_METRICS).map(([key, [name, help, ...labelNames]]) => {
    const counter = registry.counter(name, help, ...labelNames);
    // Those without labels are there from the start, at 0.
    if (labelNames.length === 0) counter.with();
    if (key === 'kubernetesEvents') {
      for (const role of KUBERNETES_ROLES)
        for (const event of ['add', 'delete', 'update']) counter.with(role, event);
    }
    return [key, counter];
  });
  return Object.fromEntries(counters);
}

function mechanismDurations(registry: Registry): DiscoveryMetrics['mechanismDurations'] {
  const summaries = Object.entries(MECHANISM_DURATIONS).map(([key, [name, help, options]]) => [
    key,
    registry.summary(name, help, options),
  ]);
  return Object.fromEntries(summaries);
}
