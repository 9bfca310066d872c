/** A discoverer that runs for the length of a test, and what it says. */
import { onTestFinished } from 'vitest';
import { type Clock, systemClock } from '../../../src/core/clock.ts';
import type { Discoverer, DiscoveryResources, TargetGroup } from '../../../src/core/discovery/index.ts';
import { openHttpClient } from '../../../src/core/http/configured-client.ts';

export function testResources(env: Record<string, string> = {}): DiscoveryResources {
  return { openClient: (config) => openHttpClient(config, { userAgent: 'tsmon/test', env }), env };
}

/** Waits are so much shorter than they say. */
export function fastClock(times: number): Clock {
  return {
    now: () => systemClock.now(),
    monotonic: () => systemClock.monotonic() * times,
    sleep: (ms, signal) => systemClock.sleep(ms / times, signal),
  };
}

export class Running {
  readonly groups = new Map<string, TargetGroup>();
  readonly failures: string[] = [];
  readonly counts: Record<string, number> = {};
  /** How often it told of groups. */
  updates = 0;
  /** The fewest targets that there ever were after an update. */
  least = Number.POSITIVE_INFINITY;
  private readonly abort = new AbortController();
  private readonly ended: Promise<void>;

  constructor(discoverer: Discoverer, clock: Clock = systemClock) {
    this.ended = discoverer.run(
      {
        clock,
        update: (groups) => {
          this.updates++;
          for (const group of groups) {
            if (group.targets.length === 0) this.groups.delete(group.source);
            else this.groups.set(group.source, group);
          }
          this.least = Math.min(this.least, this.addresses().length);
        },
        failed: (error) => this.failures.push(error.message),
        count: (metric, ...labels) => {
          const key = [metric, ...labels].join(' ');
          this.counts[key] = (this.counts[key] ?? 0) + 1;
        },
      },
      this.abort.signal,
    );
    onTestFinished(() => this.stop());
  }

  async stop(): Promise<void> {
    this.abort.abort(new Error('the test is over'));
    await this.ended;
  }

  addresses(): string[] {
    return [...this.groups.values()]
      .flatMap(({ targets }) => targets.map((target) => target.get('__address__')))
      .sort();
  }

  /** The values of a label over all targets, with those of their groups. */
  values(name: string): string[] {
    const all = [...this.groups.values()].flatMap(({ targets, labels }) =>
      targets.map((target) => target.get(name) || labels.get(name)),
    );
    return [...new Set(all)].sort();
  }
}
