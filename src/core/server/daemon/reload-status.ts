/** How the last reading of the configuration went, for the API and under Prometheus' metric names. */
import type { Clock } from '../../clock.ts';
import type { Registry } from '../../instrument/index.ts';

export class ReloadStatus {
  successful = true;
  /** Of the last success, milliseconds since the epoch. */
  at: number;
  private readonly clock: Clock;

  /** The first reading was a success, else there would be no server. */
  constructor(registry: Registry, clock: Clock) {
    this.clock = clock;
    this.at = clock.now();
    registry.reading(
      'gauge',
      'prometheus_config_last_reload_successful',
      'Whether the last configuration reload attempt was successful.',
      () => Number(this.successful),
    );
    registry.reading(
      'gauge',
      'prometheus_config_last_reload_success_timestamp_seconds',
      'Timestamp of the last successful configuration reload.',
      () => this.at / 1000,
    );
  }

  succeeded(): void {
    this.successful = true;
    this.at = this.clock.now();
  }

  failed(): void {
    this.successful = false;
  }
}
