/**
 * `consul_sd_configs`: the services of Consul's catalog, and where each of them runs, by long polls.
 * See https://prometheus.io/docs/prometheus/latest/configuration/configuration/#consul_sd_config
 */
import type { Discoverer, DiscoveryHost, DiscoveryResources } from '../discoverer.ts';
import { FirstTogether } from '../first-together.ts';
import { emptyGroup } from '../refresh.ts';
import type { ConsulDiscoveryConfig } from '../sd-config.ts';
import { ConsulApi, type PollAnswer } from './api.ts';
import { serviceGroup } from './targets.ts';

const RETRY_MS = 15_000;

/** One service that is followed. */
interface Watch {
  stop: AbortController;
  /** Resolves when it has been asked for once, with whatever outcome. */
  first: Promise<void>;
}

export class ConsulDiscoverer implements Discoverer {
  private readonly config: ConsulDiscoveryConfig;
  private readonly api: ConsulApi;
  private readonly watches = new Map<string, Watch>();

  constructor(config: ConsulDiscoveryConfig, resources: DiscoveryResources) {
    this.config = config;
    this.api = new ConsulApi(config, resources);
  }

  async run(host: DiscoveryHost, signal: AbortSignal): Promise<void> {
    try {
      const run = new Run(this.config, host);
      const datacenter = this.config.datacenter || (await this.agentDatacenter(run, signal));
      if (datacenter === undefined) return;
      const { services, tags } = this.config;
      // Which services have the tags only the catalog knows.
      if (services.length === 0 || tags.length > 0) await this.followCatalog(run, datacenter, signal);
      else await this.followFixed(run, datacenter, services, signal);
    } finally {
      this.api.close();
    }
  }

  /** Asks until there is an answer; undefined where the signal comes first. */
  private async agentDatacenter(run: Run, signal: AbortSignal): Promise<string | undefined> {
    while (!signal.aborted) {
      try {
        return await this.api.datacenter(signal);
      } catch (error) {
        if (signal.aborted) return undefined;
        run.fail(error as Error);
        run.reports.release();
        await run.host.clock.sleep(RETRY_MS, signal).catch(() => {});
      }
    }
    return undefined;
  }

  private async followFixed(
    run: Run,
    datacenter: string,
    services: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    for (const name of services) this.follow(name, run, datacenter, signal);
    await this.allFirst();
    run.reports.release();
    await aborted(signal);
  }

  private followCatalog(run: Run, datacenter: string, signal: AbortSignal): Promise<void> {
    const poll = (index: number) => this.api.services(index, signal);
    return run.poll('services', poll, signal, async (outcome) => {
      if (outcome !== undefined) this.applyCatalog(outcome, run, datacenter, signal);
      // Services are being asked for; the next round of the catalog need not wait for them, but the first must.
      await this.allFirst();
      run.reports.release();
    });
  }

  private applyCatalog(
    catalog: Readonly<Record<string, readonly string[]>>,
    run: Run,
    datacenter: string,
    signal: AbortSignal,
  ): void {
    const { services, tags } = this.config;
    const wanted = new Set<string>();
    for (const [name, own] of Object.entries(catalog)) {
      const named = services.length === 0 || services.includes(name);
      if (named && tags.every((tag) => own?.includes(tag))) wanted.add(name);
    }
    for (const name of wanted) if (!this.watches.has(name)) this.follow(name, run, datacenter, signal);
    const gone = [...this.watches.keys()].filter((name) => !wanted.has(name));
    for (const name of gone) {
      this.watches.get(name)!.stop.abort(new Error('the service is gone'));
      this.watches.delete(name);
    }
    if (gone.length > 0) run.reports.update(gone.map(emptyGroup));
  }

  private follow(name: string, run: Run, datacenter: string, signal: AbortSignal): void {
    const stop = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    const first = new Promise<void>((resolve) => {
      const poll = (index: number) => this.api.service(name, index, either);
      run
        .poll('service', poll, either, (entries) => {
          if (entries !== undefined)
            run.reports.update([serviceGroup(name, datacenter, this.config.tagSeparator, entries ?? [])]);
          resolve();
        })
        .finally(resolve);
    });
    this.watches.set(name, { stop, first });
  }

  private async allFirst(): Promise<void> {
    await Promise.all([...this.watches.values()].map(({ first }) => first));
  }
}

/** What the polls of one run have in common. */
class Run {
  readonly host: DiscoveryHost;
  readonly reports: FirstTogether;
  private readonly intervalMs: number;

  constructor(config: ConsulDiscoveryConfig, host: DiscoveryHost) {
    this.host = host;
    this.reports = new FirstTogether(host);
    this.intervalMs = config.refreshIntervalMs;
  }

  fail(error: Error): void {
    this.host.count?.('consulFailures');
    this.reports.failed(error);
  }

  /**
   * Polls until the signal aborts, not more often than the refresh interval says; `take` gets what has changed, or
   * undefined where asking failed. `call` is what the metric of durations calls it.
   */
  async poll<T>(
    call: 'services' | 'service',
    ask: (index: number) => Promise<PollAnswer<T>>,
    signal: AbortSignal,
    take: (document: T | undefined) => void | Promise<void>,
  ): Promise<void> {
    const { clock } = this.host;
    let index = 0;
    while (!signal.aborted) {
      const began = clock.monotonic();
      const observe = () =>
        this.host.observe?.('consulCalls', (clock.monotonic() - began) / 1000, 'catalog', call);
      let waitMs = this.intervalMs;
      try {
        const answer = await ask(index).finally(observe);
        if (signal.aborted) return;
        const changed = answer.index !== index || answer.index === 0;
        if (changed) await take(answer.document);
        index = answer.index;
      } catch (error) {
        if (signal.aborted) return;
        this.fail(error as Error);
        await take(undefined);
        waitMs = Math.max(RETRY_MS, waitMs);
      }
      const rest = waitMs - (clock.monotonic() - began);
      if (rest > 0) await clock.sleep(rest, signal).catch(() => {});
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
