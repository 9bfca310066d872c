/**
 * The targets of one job and their loops. A target that stays, in whichever group, keeps its loop, whatever else
 * changes; one that goes has its series ended; and one that comes back before that goes on as if nothing had been.
 */
import type { TargetGroup } from '../discovery/target-group.ts';
import { InputError } from '../errors.ts';
import type { FetchClient } from '../http/fetch.ts';
import type { Labels } from '../model/labels.ts';
import { FailureLog } from './failure-log.ts';
import { type LoopHost, type LoopSettings, ScrapeLoop } from './loop.ts';
import { settingsKey } from './loop-settings.ts';
import { type PoolTarget, type TargetOutcome, targetsOfGroup } from './pool-target.ts';
import type { ScrapeConfig } from './scrape-config.ts';

export interface PoolHost extends LoopHost {
  openClient: (config: ScrapeConfig) => FetchClient;
}

export class ScrapePool {
  readonly loops = new Map<string, ScrapeLoop>();
  /** Of targets that relabelling dropped, as far as the job keeps them. */
  dropped: readonly Labels[] = [];
  droppedCount = 0;
  private readonly host: PoolHost;
  private config: ScrapeConfig;
  private key: string;
  private client: FetchClient;
  private failureLog: FailureLog | undefined;
  private groups: readonly TargetGroup[] = [];
  /** Groups whose targets are known, while the settings stay. */
  private outcomes = new WeakMap<TargetGroup, readonly TargetOutcome[]>();
  /** Loops whose series are about to end. */
  private readonly retiring = new Map<string, ScrapeLoop>();
  private stopped = false;

  constructor(config: ScrapeConfig, host: PoolHost) {
    this.host = host;
    this.config = config;
    this.key = settingsKey(config);
    this.client = host.openClient(config);
    this.failureLog = this.openLog(config);
    host.metrics.pools.inc();
    host.metrics.targetLimit.with(config.jobName).set(config.targetLimit);
    host.metrics.syncFailed.with(config.jobName);
  }

  get settings(): ScrapeConfig {
    return this.config;
  }

  /** Other settings for the same job; nothing happens where they are the same. */
  reload(config: ScrapeConfig): void {
    const key = settingsKey(config);
    if (key === this.key) return;
    const began = this.host.clock.monotonic();
    const before = this.config;
    this.config = config;
    this.key = key;
    this.outcomes = new WeakMap();
    if (clientKey(config) !== clientKey(before)) this.replaceClient(before);
    if (config.scrapeFailureLogFile !== before.scrapeFailureLogFile) {
      this.failureLog?.close();
      this.failureLog = this.openLog(config);
    }
    this.host.metrics.reloads.inc();
    this.host.metrics.targetLimit.with(config.jobName).set(config.targetLimit);
    const { groups } = this;
    this.groups = [];
    this.sync(groups, true);
    this.host.metrics.reloadLengths.observe(config.scrapeIntervalMs, this.host.clock.monotonic() - began);
  }

  /** These are the targets from now on. */
  sync(groups: readonly TargetGroup[], reloaded = false): void {
    if (this.stopped) return;
    this.groups = groups;
    const { metrics, clock } = this.host;
    const began = clock.monotonic();
    const { jobName, targetLimit } = this.config;
    const targets = this.sort(groups);
    metrics.syncs.with(jobName).inc();
    metrics.targets.with(jobName).set(targets.size);
    const wasLimited = this.limited;
    this.limited = overTargetLimit(targets.size, targetLimit);
    if (this.limited !== undefined && wasLimited === undefined) {
      metrics.exceededTargetLimit.inc();
      this.host.onTrouble(`${jobName}: ${this.limited.reason}`);
    }
    const settings = this.loopSettings();
    const isChanged = reloaded || wasLimited?.reason !== this.limited?.reason;
    const added: ScrapeLoop[] = [];
    for (const [key, target] of targets) this.take(key, target, settings, isChanged, added);
    for (const [key, loop] of this.loops) if (!targets.has(key)) this.retire(key, loop);
    // All at once, and last: while many are made, none of them has a moment that could pass.
    for (const loop of added) loop.start();
    metrics.syncLengths.observe((clock.monotonic() - began) / 1000, jobName);
  }

  /** The job is gone: its series end like those of targets that went. */
  async retireAll(): Promise<void> {
    this.groups = [];
    for (const [key, loop] of this.loops) this.retire(key, loop);
    await Promise.all(this.endings.values());
  }

  /** Ends at once. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all([...this.loops.values(), ...this.retiring.values()].map((loop) => loop.stop()));
    this.loops.clear();
    this.retiring.clear();
    this.client.close();
    this.failureLog?.close();
    const { metrics } = this.host;
    for (const metric of [
      metrics.targets,
      metrics.targetLimit,
      metrics.metadataEntries,
      metrics.metadataBytes,
    ]) {
      metric.remove(this.config.jobName);
    }
  }

  private readonly endings = new Map<string, Promise<void>>();
  private limited: InputError | undefined;

  /** The active targets of groups by their keys; keeps those that were dropped, and tells of those that are wrong. */
  private sort(groups: readonly TargetGroup[]): Map<string, PoolTarget> {
    const { jobName, keepDroppedTargets } = this.config;
    const active = new Map<string, PoolTarget>();
    const dropped: Labels[] = [];
    this.droppedCount = 0;
    for (const group of groups) {
      const isNew = !this.outcomes.has(group);
      for (const outcome of this.outcomesOf(group)) {
        if (outcome.kind === 'active') {
          active.set(outcome.target.key, outcome.target);
        } else if (outcome.kind === 'dropped') {
          this.droppedCount++;
          if (keepDroppedTargets === 0 || dropped.length < keepDroppedTargets)
            dropped.push(outcome.discovered);
        } else if (isNew) {
          this.host.metrics.syncFailed.with(jobName).inc();
          this.host.onTrouble(
            `${jobName}: a target of group ${group.source} cannot be scraped: ${outcome.reason}`,
          );
        }
      }
    }
    this.dropped = dropped;
    return active;
  }

  private outcomesOf(group: TargetGroup): readonly TargetOutcome[] {
    let outcomes = this.outcomes.get(group);
    if (outcomes === undefined) {
      outcomes = targetsOfGroup(group, this.config);
      this.outcomes.set(group, outcomes);
    }
    return outcomes;
  }

  private take(
    key: string,
    target: PoolTarget,
    settings: LoopSettings,
    isChanged: boolean,
    added: ScrapeLoop[],
  ): void {
    const loop = this.loops.get(key) ?? this.retiring.get(key);
    if (loop === undefined) {
      const started = new ScrapeLoop(target, settings, this.host);
      this.loops.set(key, started);
      added.push(started);
      return;
    }
    if (this.retiring.delete(key)) {
      this.loops.set(key, loop);
      this.endings.delete(key);
      loop.update(target, settings);
      loop.start();
    } else if (isChanged || loop.target !== target) {
      loop.update(target, settings);
    }
  }

  private retire(key: string, loop: ScrapeLoop): void {
    this.loops.delete(key);
    this.retiring.set(key, loop);
    const ending = loop.retire().then(() => {
      if (this.endings.get(key) !== ending) return;
      this.endings.delete(key);
      this.retiring.delete(key);
    });
    this.endings.set(key, ending);
  }

  private loopSettings(): LoopSettings {
    const { config, client, failureLog, limited } = this;
    return { config, client, failureLog, forcedError: limited };
  }

  private openLog({ scrapeFailureLogFile }: ScrapeConfig): FailureLog | undefined {
    if (scrapeFailureLogFile === '') return undefined;
    return new FailureLog(scrapeFailureLogFile, this.host.onTrouble);
  }

  /** Scrapes under way finish with the client that they began with. */
  private replaceClient(before: ScrapeConfig): void {
    const { clock, openClient } = this.host;
    const old = this.client;
    this.client = openClient(this.config);
    const longest = [...this.loops.values()].reduce((ms, { target }) => Math.max(ms, target.timeoutMs), 0);
    clock.sleep(Math.max(longest, before.scrapeTimeoutMs) + 1000).then(() => old.close());
  }
}

/** The settings that a client is made of. */
function clientKey({ http, enableCompression }: ScrapeConfig): string {
  return settingsKey([http, enableCompression]);
}

/** Why a job with so many targets is not scraped, or undefined. */
export function overTargetLimit(targets: number, limit: number): InputError | undefined {
  if (limit === 0 || targets <= limit) return undefined;
  return new InputError(
    'scrape_target_limit',
    `target_limit exceeded (number of targets: ${targets}, limit: ${limit})`,
  );
}
