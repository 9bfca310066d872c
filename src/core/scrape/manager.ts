/** Everything that a configuration says of scraping, running: discovery, pools, and what the API shows of them. */
import { hostname } from 'node:os';
import type { Clock } from '../clock.ts';
import {
  DiscoveryManager,
  type DiscoveryMetrics,
  type DiscoveryResources,
  discoveryMetrics,
  discoverySetups,
} from '../discovery/index.ts';
import type { FetchClient } from '../http/fetch.ts';
import { Registry } from '../instrument/index.ts';
import { EMPTY_LABELS, type Labels } from '../model/labels.ts';
import type { MetricType } from '../model/metadata.ts';
import type { Appender } from '../source/source.ts';
import { ScrapeBuffers } from './buffers.ts';
import type { Health } from './loop.ts';
import { scrapeMetrics } from './metrics.ts';
import { type PoolHost, ScrapePool } from './pool.ts';
import { ResultWriter } from './result-writer.ts';
import type { ScrapeConfig } from './scrape-config.ts';
import type { ScrapeResult } from './scraper.ts';
import { offsetSeed } from './target-hash.ts';

export type Store =
  /** Makes an appender for one target; its refs are that target's own. */
  | { appender: () => Appender }
  /** Takes every scrape with its rows; the result is valid until the call returns. */
  | { receive: (result: ScrapeResult) => void };

export interface ScrapeManagerOptions {
  clock: Clock;
  /** Where samples go. */
  store: Store;
  /** The client of a job, by its `http` settings; closed by the manager. */
  openClient: (config: ScrapeConfig) => FetchClient;
  /** For the mechanisms of discovery. */
  discovery: DiscoveryResources;
  registry?: Registry;
  /** Where other managers of discovery count, too; default: made for this one. */
  discoveryMetrics?: DiscoveryMetrics;
  /** Spread scrapes over the interval differently from servers that have others. */
  externalLabels?: Labels;
  /** Series that say when they began, by `_created` or as protobuf has it, get a zero at that time from an appender. */
  createdAsStart?: boolean | undefined;
  /** A line for people. */
  onTrouble: (message: string) => void;
}

export interface ActiveTarget {
  discoveredLabels: Labels;
  labels: Labels;
  scrapePool: string;
  scrapeUrl: string;
  health: Health;
  /** '' while all is well. */
  lastError: string;
  /** Milliseconds since the epoch; 0 before the first. */
  lastScrape: number;
  lastDurationSeconds: number;
  intervalMs: number;
  timeoutMs: number;
}

export interface DroppedTarget {
  discoveredLabels: Labels;
  scrapePool: string;
}

export interface TargetMetadata {
  target: Labels;
  metric: string;
  type: MetricType;
  help: string;
  unit: string;
}

export class ScrapeManager {
  private readonly host: PoolHost;
  private readonly discovery: DiscoveryManager;
  private readonly resources: DiscoveryResources;
  private readonly running = new Map<string, ScrapePool>();
  /** Pools of jobs that are gone, whose series are about to end. */
  private readonly retired = new Map<string, ScrapePool>();

  constructor(options: ScrapeManagerOptions) {
    const { clock, store, openClient, onTrouble, createdAsStart = false } = options;
    const registry = options.registry ?? new Registry();
    // Before the gauges that it fills are read.
    registry.source(() => this.countMetadata());
    const metrics = scrapeMetrics(registry);
    this.host = {
      clock,
      sinkFor: (series) =>
        'appender' in store
          ? new ResultWriter(store.appender(), series, clock, metrics, createdAsStart)
          : { write: store.receive, forget: () => {} },
      openClient,
      onTrouble,
      buffers: new ScrapeBuffers(),
      createdAsStart,
      metrics,
      offsetSeed: offsetSeed(hostname(), options.externalLabels ?? EMPTY_LABELS),
    };
    this.resources = options.discovery;
    this.discovery = new DiscoveryManager({
      clock,
      metrics: options.discoveryMetrics ?? discoveryMetrics(registry),
      onTrouble,
      deliver: (job, groups) => this.running.get(job)?.sync(groups),
    });
  }

  /** From now on these are the jobs; what they have in common with those before goes on undisturbed. */
  apply(configs: readonly ScrapeConfig[]): void {
    const names = new Set(configs.map(({ jobName }) => jobName));
    for (const [name, pool] of this.running) if (!names.has(name)) this.retire(name, pool);
    for (const config of configs) {
      const { jobName } = config;
      const known = this.running.get(jobName) ?? this.retired.get(jobName);
      this.retired.delete(jobName);
      this.running.set(jobName, known ?? new ScrapePool(config, this.host));
      known?.reload(config);
    }
    this.discovery.apply(
      new Map(configs.map(({ jobName, discovery }) => [jobName, discoverySetups(discovery, this.resources)])),
    );
  }

  /** Ends everything at once; whoever starts next goes on with the series. */
  async stop(): Promise<void> {
    await this.discovery.stop();
    await Promise.all([...this.running.values(), ...this.retired.values()].map((pool) => pool.stop()));
    this.running.clear();
    this.retired.clear();
  }

  /** The names of the jobs. */
  get pools(): string[] {
    return [...this.running.keys()].sort();
  }

  /** Of a job; undefined where there is none of that name. */
  settingsOf(pool: string): ScrapeConfig | undefined {
    return this.running.get(pool)?.settings;
  }

  /** Of one pool, or of all. */
  activeTargets(pool?: string): ActiveTarget[] {
    return this.chosen(pool).flatMap(([scrapePool, { loops }]) =>
      [...loops.values()].map((loop) => ({
        discoveredLabels: loop.target.discovered,
        labels: loop.target.labels,
        scrapePool,
        scrapeUrl: loop.target.url,
        health: loop.health,
        lastError: loop.lastError,
        lastScrape: loop.lastScrape,
        lastDurationSeconds: loop.lastDurationSeconds,
        intervalMs: loop.target.intervalMs,
        timeoutMs: loop.target.timeoutMs,
      })),
    );
  }

  /** Those that `keep_dropped_targets` keeps. */
  droppedTargets(pool?: string): DroppedTarget[] {
    return this.chosen(pool).flatMap(([scrapePool, { dropped }]) =>
      dropped.map((discoveredLabels) => ({ discoveredLabels, scrapePool })),
    );
  }

  /** How many targets each pool dropped, kept or not. */
  droppedCounts(): Map<string, number> {
    return new Map([...this.running].map(([name, { droppedCount }]) => [name, droppedCount]));
  }

  /** What targets say of their metrics, for those whose labels `matches`; of one metric, or of all. */
  targetMetadata(matches: (labels: Labels) => boolean, metric?: string): TargetMetadata[] {
    const found: TargetMetadata[] = [];
    for (const { loops } of this.running.values()) {
      for (const { target, families } of loops.values()) {
        if (!matches(target.labels)) continue;
        for (const { name, type, help, unit } of families) {
          if (metric === undefined || metric === name)
            found.push({ target: target.labels, metric: name, type, help, unit });
        }
      }
    }
    return found;
  }

  private chosen(pool: string | undefined): [string, ScrapePool][] {
    return [...this.running].filter(([name]) => pool === undefined || name === pool);
  }

  private retire(name: string, pool: ScrapePool): void {
    this.running.delete(name);
    this.retired.set(name, pool);
    pool.retireAll().then(async () => {
      if (this.retired.get(name) !== pool) return;
      this.retired.delete(name);
      await pool.stop();
    });
  }

  /** Counted when it is asked for. */
  private countMetadata(): [] {
    for (const [name, { loops }] of this.running) {
      let entries = 0;
      let bytes = 0;
      for (const { families } of loops.values()) {
        entries += families.length;
        for (const { help, unit, type } of families) bytes += help.length + unit.length + type.length;
      }
      this.host.metrics.metadataEntries.with(name).set(entries);
      this.host.metrics.metadataBytes.with(name).set(bytes);
    }
    return [];
  }
}
