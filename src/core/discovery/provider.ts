/** A discoverer that runs, and what it found so far. */
import type { Clock } from '../clock.ts';
import type { DiscoverySetup } from './discoverer.ts';
import type { MechanismMetric } from './metrics.ts';
import type { TargetGroup } from './target-group.ts';

export interface ProviderListener {
  /** Something was found, or the first refresh failed; `first` where nothing was reported before. */
  changed(provider: Provider, first: boolean): void;
  failed(provider: Provider, error: Error): void;
  refreshed(provider: Provider, durationMs: number): void;
  counted?(metric: MechanismMetric, labels: readonly string[]): void;
}

export class Provider {
  readonly setup: DiscoverySetup;
  /** By source; none is empty. */
  readonly groups = new Map<string, TargetGroup>();
  /** It found something, or failed to. */
  reported = false;
  /** It could not be started, or ended with a fault. */
  broken = false;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  private readonly abort = new AbortController();

  constructor(setup: DiscoverySetup, clock: Clock, listener: ProviderListener) {
    this.setup = setup;
    this.ended = this.run(clock, listener);
  }

  stop(): void {
    this.abort.abort(new Error('discovery was stopped'));
  }

  private async run(clock: Clock, listener: ProviderListener): Promise<void> {
    const { signal } = this.abort;
    const report = () => {
      const first = !this.reported;
      this.reported = true;
      listener.changed(this, first);
    };
    try {
      const discoverer = await this.setup.open();
      if (signal.aborted) return;
      await discoverer.run(
        {
          clock,
          update: (groups) => {
            if (signal.aborted) return;
            this.take(groups);
            report();
          },
          failed: (error) => {
            if (signal.aborted) return;
            listener.failed(this, error);
            if (!this.reported) report();
          },
          refreshed: (durationMs) => listener.refreshed(this, durationMs),
          count: (metric, ...labels) => listener.counted?.(metric, labels),
        },
        signal,
      );
    } catch (error) {
      if (signal.aborted) return;
      this.broken = true;
      listener.failed(this, error as Error);
    }
    if (!signal.aborted && !this.reported) report();
  }

  private take(groups: readonly TargetGroup[]): void {
    for (const group of groups) {
      if (group.targets.length === 0) this.groups.delete(group.source);
      else this.groups.set(group.source, group);
    }
  }
}
