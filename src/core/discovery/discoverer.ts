/**
 * The seam of service discovery. A mechanism is a file (or folder) of its own that makes a DiscoverySetup from its
 * settings; nothing else of it is known outside.
 */
import type { Clock } from '../clock.ts';
import type { FetchClient } from '../http/fetch.ts';
import type { HttpClientConfig } from '../http/http-config.ts';
import type { MechanismDuration, MechanismMetric } from './metrics.ts';
import type { TargetGroup } from './target-group.ts';

/** Finds targets, for as long as it runs. */
export interface Discoverer {
  /**
   * Runs until the signal aborts, then resolves; it may also resolve where there is nothing more to find out. Whatever
   * goes wrong on the way is told to the host and tried again: a rejection ends this discoverer for good.
   */
  run(host: DiscoveryHost, signal: AbortSignal): Promise<void>;
}

/** What a discoverer may use. */
export interface DiscoveryHost {
  readonly clock: Clock;
  /**
   * Takes over groups, whole ones, each in place of the one of the same source; groups of other sources stay. A first
   * call with no groups says that there is nothing.
   */
  update(groups: readonly TargetGroup[]): void;
  /** A refresh failed: it is counted and told, and the targets found before stay. */
  failed(error: Error): void;
  /** So long did a refresh take. */
  refreshed?(durationMs: number): void;
  /** Counts something that only this mechanism has; `labels` are the values of that counter's. */
  count?(metric: MechanismMetric, ...labels: readonly string[]): void;
  /** As `count`, for how long something took. */
  observe?(metric: MechanismDuration, seconds: number, ...labels: readonly string[]): void;
  /** When a file that was read was changed, seconds since the epoch; undefined where it is no longer read. */
  fileTime?(path: string, seconds: number | undefined): void;
}

/** What the process gives all mechanisms. */
export interface DiscoveryResources {
  /** The client of an `http_config`; closed by the discoverer. */
  openClient(config: HttpClientConfig): FetchClient;
  /** Where mechanisms that have programs of their own find their credentials. */
  env: Readonly<Record<string, string | undefined>>;
}

/** One entry of `…_sd_configs` or `static_configs`. */
export interface DiscoverySetup {
  /** `static`, `file`, `dns`: as in the name of the setting. */
  readonly mechanism: string;
  /**
   * All settings as text. Setups with equal keys are served by one discoverer, and one that a reload does not change
   * goes on running.
   */
  readonly key: string;
  /** Loads what the mechanism needs. Rejects with InputError where it can never run. */
  open(): Promise<Discoverer>;
}
