/** What the notifier says of itself, under Prometheus' names. */
import type { Clock } from '../clock.ts';
import type { ClassicHistogram, Counter, Registry, Summary } from '../instrument/index.ts';

export interface NotifierMetrics {
  sent: Counter;
  errors: Counter;
  dropped: Counter;
  latency: Summary;
  latencyHistogram: ClassicHistogram;
}

/** `queued` and `discovered` are read whenever the metrics are asked for. */
export function notifierMetrics(
  registry: Registry,
  clock: Clock,
  capacity: number,
  queued: () => number,
  discovered: () => number,
): NotifierMetrics {
  const name = (suffix: string) => `prometheus_notifications_${suffix}`;
  registry.reading(
    'gauge',
    name('queue_capacity'),
    'The capacity of the alert notifications queue.',
    () => capacity,
  );
  registry.reading('gauge', name('queue_length'), 'The number of alert notifications in the queue.', queued);
  registry.reading(
    'gauge',
    name('alertmanagers_discovered'),
    'The number of alertmanagers discovered and active.',
    discovered,
  );
  return {
    sent: registry.counter(name('sent_total'), 'Total number of alerts sent.', 'alertmanager'),
    errors: registry.counter(
      name('errors_total'),
      'Total number of sent alerts affected by errors.',
      'alertmanager',
    ),
    dropped: registry.counter(
      name('dropped_total'),
      'Total number of alerts dropped due to errors when sending to Alertmanager.',
    ),
    latency: registry.summary(name('latency_seconds'), 'Latency quantiles for sending alert notifications.', {
      labelNames: ['alertmanager'],
      quantiles: [0.5, 0.9, 0.99],
      now: () => clock.monotonic(),
    }),
    latencyHistogram: registry.histogram(
      name('latency_histogram_seconds'),
      'Latency histogram for sending alert notifications.',
      ['alertmanager'],
    ),
  };
}
