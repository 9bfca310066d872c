/** What discovery says of itself, under Prometheus' names. */
import type { ClassicHistogram, Counter, Gauge, Registry } from '../instrument/index.ts';

export interface DiscoveryMetrics {
  discovered: Gauge;
  failedSetups: Gauge;
  received: Counter;
  delayed: Counter;
  sent: Counter;
  failures: Counter;
  durations: ClassicHistogram;
}

/** `manager` is what the label `name` says: `scrape` or `notify`. */
export function discoveryMetrics(registry: Registry): DiscoveryMetrics {
  return {
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
      'Total number of update events that were held back because others had just been sent.',
      'name',
    ),
    sent: registry.counter(
      'prometheus_sd_updates_total',
      'Total number of update events sent to the SD consumers.',
      'name',
    ),
    failures: registry.counter(
      'prometheus_sd_refresh_failures_total',
      'Number of refresh failures for the given SD mechanism.',
      'mechanism',
      'config',
    ),
    durations: registry.histogram(
      'prometheus_sd_refresh_duration_seconds',
      'The duration of a refresh in seconds for the given SD mechanism.',
      ['mechanism', 'config'],
    ),
  };
}
