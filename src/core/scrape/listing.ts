/** What becomes of everything that was discovered for a job: for people who ask why a target is, or is not, there. */
import type { TargetGroup } from '../discovery/target-group.ts';
import type { Labels } from '../model/labels.ts';
import { type PoolTarget, targetsOfGroup } from './pool-target.ts';
import type { ScrapeConfig } from './scrape-config.ts';

export interface ListedTarget {
  job: string;
  /** `duplicate` is one with the labels and URL of another that is active. */
  state: 'active' | 'dropped' | 'faulty' | 'duplicate';
  discovered: Labels;
  /** Of an active target and a duplicate. */
  target: PoolTarget | undefined;
  /** Of a faulty one: why it cannot be scraped. */
  reason: string;
}

export function listTargets(config: ScrapeConfig, groups: readonly TargetGroup[]): ListedTarget[] {
  const seen = new Set<string>();
  const job = config.jobName;
  return groups.flatMap((group) =>
    targetsOfGroup(group, config).map((outcome): ListedTarget => {
      if (outcome.kind === 'dropped')
        return { job, state: 'dropped', discovered: outcome.discovered, target: undefined, reason: '' };
      if (outcome.kind === 'faulty')
        return {
          job,
          state: 'faulty',
          discovered: outcome.discovered,
          target: undefined,
          reason: outcome.reason,
        };
      const { target } = outcome;
      const state = seen.has(target.key) ? 'duplicate' : 'active';
      seen.add(target.key);
      return { job, state, discovered: target.discovered, target, reason: '' };
    }),
  );
}
