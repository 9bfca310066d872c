/**
 * What a collector is: one small reader of a few of the host's files, named as node_exporter names it. Each writes
 * node_exporter's families (https://github.com/prometheus/node_exporter): names, help, types and labels are those
 * of its release 1.11, so that dashboards and rules made for it work unchanged.
 */
import type { Clock } from '../clock.ts';
import type { Families } from './families.ts';
import type { HostFiles } from './files.ts';
import type { CollectorFailure, HostSettings } from './options.ts';

/** What a collector may ask the host for. */
export interface Host {
  readonly files: HostFiles;
  readonly settings: HostSettings;
  readonly clock: Clock;
  /** Reports what went wrong with a part, where the collector as a whole goes on. */
  readonly complain: (failure: CollectorFailure) => void;
}

export interface Collector {
  /** As in the label `collector` of `node_scrape_collector_success`. */
  readonly name: string;
  /**
   * Adds what the host says now to `out`. Returns false where the host has nothing of this kind (no ZFS, no RAID):
   * no fault, but `node_scrape_collector_success` is 0 as in node_exporter. Throws where something is there and
   * cannot be read or understood; what was added before stays.
   */
  collect(host: Host, out: Families): boolean;
}
