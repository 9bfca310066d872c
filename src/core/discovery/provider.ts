/** A discoverer that runs, and what it found so far. */
import type { Clock } from '../clock.ts';
import type { InputError } from '../errors.ts';
import type { Discoverer, DiscoveryHost, DiscoverySetup } from './discoverer.ts';
import type { TargetGroup } from './target-group.ts';

export interface ProviderListener {
  /** Something was found, or the first refresh failed; `first` where nothing was reported before. */
  changed(provider: Provider, first: boolean): void;
  failed(provider: Provider, error: Error): void;
  refreshed(provider: Provider, durationMs: number): void;
  /** One that could not be started runs after all. */
  mended?(provider: Provider): void;
  /** What only its mechanism has to tell. */
  own?: Pick<DiscoveryHost, 'count' | 'observe' | 'fileTime'>;
}

/** How long until one that could not be started is tried again: a file that it needs may come to be there. */
const RETRY_MS = 30_000;

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
      const discoverer = await this.open(clock, listener, report);
      if (discoverer === undefined || signal.aborted) return;
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
          ...listener.own,
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

  /** Tries until it can be started; undefined where that will never be, or the signal comes first. */
  private async open(
    clock: Clock,
    listener: ProviderListener,
    report: () => void,
  ): Promise<Discoverer | undefined> {
    const { signal } = this.abort;
    for (let told = ''; ; ) {
      try {
        const discoverer = await this.setup.open();
        if (this.broken) {
          this.broken = false;
          listener.mended?.(this);
        }
        return discoverer;
      } catch (error) {
        if (signal.aborted) return undefined;
        this.broken = true;
        const { code, message } = error as InputError;
        if (message !== told) listener.failed(this, error as Error);
        told = message;
        if (!this.reported) report();
        if (code === 'unsupported_discovery') return undefined;
        await clock.sleep(RETRY_MS, signal).catch(() => {});
        if (signal.aborted) return undefined;
      }
    }
  }

  private take(groups: readonly TargetGroup[]): void {
    for (const group of groups) {
      if (group.targets.length === 0) this.groups.delete(group.source);
      else this.groups.set(group.source, group);
    }
  }
}
