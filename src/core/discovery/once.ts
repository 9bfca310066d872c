/** Discovers once, for commands: until every discoverer has found something or failed, or the time is over. */
import type { Clock } from '../clock.ts';
import type { DiscoverySetup } from './discoverer.ts';
import { Provider } from './provider.ts';
import type { TargetGroup } from './target-group.ts';

export interface Discovered {
  groups: readonly TargetGroup[];
  /** What failed, or did not answer in time. */
  failures: { mechanism: string; reason: string }[];
}

/** One entry for each list of setups; setups that are alike are asked once. */
export async function discoverOnce(
  jobs: readonly (readonly DiscoverySetup[])[],
  clock: Clock,
  timeoutMs: number,
): Promise<Discovered[]> {
  const failures = new Map<Provider, string>();
  const providers = new Map<string, Provider>();
  const firsts: Promise<void>[] = [];
  const keyOf = ({ mechanism, key }: DiscoverySetup) => `${mechanism}:${key}`;
  for (const setup of jobs.flat()) {
    if (providers.has(keyOf(setup))) continue;
    const { promise, resolve } = signalled();
    const provider = new Provider(setup, clock, {
      changed: () => resolve(),
      failed: (failed, error) => failures.set(failed, error.message),
      refreshed: () => {},
    });
    providers.set(keyOf(setup), provider);
    firsts.push(promise);
  }
  const timer = new AbortController();
  await Promise.race([Promise.all(firsts), clock.sleep(timeoutMs, timer.signal).catch(() => {})]);
  timer.abort();
  for (const provider of providers.values()) provider.stop();
  return jobs.map((setups) => {
    const own = [...new Set(setups.map(keyOf))].map((key) => providers.get(key)!);
    return {
      groups: own.flatMap(({ groups }) => [...groups.values()]),
      failures: own.flatMap((provider) => {
        const silent = provider.reported ? undefined : `no answer within ${timeoutMs / 1000}s`;
        const reason = failures.get(provider) ?? silent;
        return reason === undefined ? [] : [{ mechanism: provider.setup.mechanism, reason }];
      }),
    };
  });
}

function signalled(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
