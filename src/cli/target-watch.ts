/** Follows the discovery of jobs, and prints the targets that come and go. */
import { systemClock } from '../core/clock.ts';
import { DiscoveryManager, type DiscoveryResources, discoverySetups } from '../core/discovery/index.ts';
import { type ListedTarget, listTargets, type ScrapeConfig } from '../core/scrape/index.ts';
import type { TargetPrinter } from './target-printer.ts';

/** People want to see at once what they changed. */
const DELAY_MS = 200;

export interface TargetWatch {
  printer: TargetPrinter;
  resources: DiscoveryResources;
  wanted: (target: ListedTarget) => boolean;
  complain: (line: string) => void;
  signal: AbortSignal;
}

/** Rejects when the signal aborts, or where nothing can be printed any more. */
export async function watchTargets(
  configs: readonly ScrapeConfig[],
  { printer, resources, wanted, complain, signal }: TargetWatch,
): Promise<void> {
  const shown = new Map<string, Map<string, ListedTarget>>();
  let fail = (_error: unknown) => {};
  const ended = new Promise<never>((_resolve, reject) => {
    fail = reject;
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  const deliver = (job: string, targets: readonly ListedTarget[]) => {
    const before = shown.get(job) ?? new Map<string, ListedTarget>();
    const now = new Map(targets.filter(wanted).map((target) => [keyOf(target), target]));
    for (const [key, target] of before) if (!now.has(key)) printer.change('-', target);
    for (const [key, target] of now) if (!before.has(key)) printer.change('+', target);
    shown.set(job, now);
  };
  const manager = new DiscoveryManager({
    clock: systemClock,
    onTrouble: complain,
    delayMs: DELAY_MS,
    deliver: (job, groups) => {
      const config = configs.find(({ jobName }) => jobName === job)!;
      try {
        deliver(job, listTargets(config, groups));
      } catch (error) {
        fail(error);
      }
    },
  });
  manager.apply(
    new Map(configs.map(({ jobName, discovery }) => [jobName, discoverySetups(discovery, resources)])),
  );
  // Where nothing is left to discover, the process would end otherwise.
  const alive = setInterval(() => {}, 60_000);
  try {
    await ended;
  } finally {
    clearInterval(alive);
    await manager.stop();
  }
}

function keyOf({ state, target, discovered }: ListedTarget): string {
  return `${state}\xff${target?.key ?? discovered.toString()}`;
}
