/**
 * `dns_sd_configs`: the records of names, asked for again and again. A name that has no records has no targets; one
 * that could not be asked keeps those it had.
 * See https://prometheus.io/docs/prometheus/latest/configuration/configuration/#dns_sd_config
 */
import { promises as dns } from 'node:dns';
import { InputError } from '../../errors.ts';
import { EMPTY_LABELS, type Labels, labelsFromPairs } from '../../model/labels.ts';
import type { Discoverer, DiscoveryHost } from '../discoverer.ts';
import { RefreshingDiscoverer } from '../refresh.ts';
import type { DnsDiscoveryConfig } from '../sd-config.ts';
import type { TargetGroup } from '../target-group.ts';
import { resolveTargets } from './records.ts';
import { candidateNames, readSearchSettings } from './resolv-conf.ts';

/** For one try of one server, of which there are two: a refresh takes no longer than its interval by much. */
const TIMEOUT_MS = 5000;
const TRIES = 2;

/** What DNS answers where there is nothing: not a failure. */
const NO_RECORDS = new Set([dns.NOTFOUND, dns.NODATA] as string[]);

export interface DnsOptions {
  /** `address:port`; those of the system unless given. */
  servers?: readonly string[];
  /** Where search domains are read from. */
  resolvConf?: string;
}

export class DnsDiscoverer implements Discoverer {
  private readonly config: DnsDiscoveryConfig;
  private readonly options: DnsOptions;
  private readonly resolver = new dns.Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  /** The last good answer for each name. */
  private readonly known = new Map<string, TargetGroup>();

  constructor(config: DnsDiscoveryConfig, options: DnsOptions = {}) {
    this.config = config;
    this.options = options;
    if (options.servers !== undefined) this.resolver.setServers(options.servers);
  }

  run(host: DiscoveryHost, signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.resolver.cancel(), { once: true });
    const { refreshIntervalMs } = this.config;
    return new RefreshingDiscoverer(refreshIntervalMs, () => this.refresh(host)).run(host, signal);
  }

  /** All names at a time. Rejects where none could be asked. */
  private async refresh(host: DiscoveryHost): Promise<TargetGroup[]> {
    const outcomes = await Promise.allSettled(this.config.names.map((name) => this.lookup(name, host)));
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    if (failures.length === this.config.names.length && failures.length > 0) throw failures[0];
    for (const failure of failures) host.failed(failure);
    for (const [i, outcome] of outcomes.entries()) {
      const name = this.config.names[i];
      if (outcome.status === 'fulfilled') this.known.set(name, groupOf(name, outcome.value));
    }
    return [...this.known.values()];
  }

  /** The targets of the first of the names that `name` may stand for which has any. */
  private async lookup(name: string, host: DiscoveryHost): Promise<Labels[]> {
    const failures: Error[] = [];
    const search = await readSearchSettings(this.options.resolvConf);
    for (const candidate of candidateNames(name, search)) {
      host.count?.('dnsLookups');
      try {
        const targets = await resolveTargets(this.resolver, candidate, this.config);
        if (targets.length > 0) return targets;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code !== undefined && NO_RECORDS.has(code)) continue;
        host.count?.('dnsLookupFailures');
        failures.push(error as Error);
      }
    }
    // Another of its names may have records that could not be asked for: better keep what is known.
    if (failures.length > 0) throw fault(name, this.config.type, failures[0]);
    return [];
  }
}

function groupOf(name: string, targets: readonly Labels[]): TargetGroup {
  const meta = labelsFromPairs([['__meta_dns_name', name]]);
  return { source: name, targets, labels: targets.length > 0 ? meta : EMPTY_LABELS };
}

function fault(name: string, type: string, cause: Error): InputError {
  const { code } = cause as NodeJS.ErrnoException;
  return new InputError('discovery_dns', `could not resolve ${name} (${type}): ${code ?? cause.message}`);
}
