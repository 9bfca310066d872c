/** The loop of mechanisms that ask for everything again and again. */
import { EMPTY_LABELS } from '../model/labels.ts';
import type { Discoverer, DiscoveryHost } from './discoverer.ts';
import type { TargetGroup } from './target-group.ts';

/**
 * Asks at once and then every `intervalMs`, without drift. `refresh` gives all groups there are, or rejects; sources
 * that it no longer gives are taken for gone. It must heed the signal.
 */
export class RefreshingDiscoverer implements Discoverer {
  private readonly intervalMs: number;
  private readonly refresh: (signal: AbortSignal) => Promise<readonly TargetGroup[]>;
  private sources = new Set<string>();

  constructor(intervalMs: number, refresh: (signal: AbortSignal) => Promise<readonly TargetGroup[]>) {
    this.intervalMs = intervalMs;
    this.refresh = refresh;
  }

  async run(host: DiscoveryHost, signal: AbortSignal): Promise<void> {
    const { clock } = host;
    let due = clock.monotonic();
    while (!signal.aborted) {
      const began = clock.monotonic();
      try {
        const groups = await this.refresh(signal);
        if (signal.aborted) return;
        host.update([...groups, ...this.gone(groups)]);
      } catch (error) {
        if (signal.aborted) return;
        host.failed(error as Error);
      }
      host.refreshed?.(clock.monotonic() - began);
      const now = clock.monotonic();
      due += Math.max(1, Math.ceil((now - due) / this.intervalMs)) * this.intervalMs;
      await clock.sleep(due - now, signal).catch(() => {});
    }
  }

  private gone(groups: readonly TargetGroup[]): TargetGroup[] {
    const before = this.sources;
    this.sources = new Set(groups.map(({ source }) => source));
    return [...before].filter((source) => !this.sources.has(source)).map(emptyGroup);
  }
}

/** Says that a source is gone. */
export function emptyGroup(source: string): TargetGroup {
  return { source, targets: [], labels: EMPTY_LABELS };
}
