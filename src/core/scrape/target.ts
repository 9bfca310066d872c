/** What is scraped, and the labels that its series get. */
import { type Labels, labelsFromPairs } from '../model/labels.ts';

/** Where a target's metrics are. */
export type Origin =
  | { kind: 'http'; url: URL; socketPath?: string }
  | { kind: 'file'; path: string }
  | { kind: 'stdin' }
  /** This machine, through the built-in collector. */
  | { kind: 'host' }
  /** tsmon's own process. */
  | { kind: 'self' };

export interface Target {
  /** What messages call it: a URL without its password, a path, `stdin`, `host:`, `self:`. */
  name: string;
  origin: Origin;
  /** `job`, `instance` and whatever else every series of the target gets. */
  labels: Labels;
}

const EXPORTED_PREFIX = 'exported_';

/**
 * The labels of a series once its target's labels are added. Where both have a label, the target's wins and the
 * exposed one is kept as `exported_…` (again and again prefixed until the name is free, shorter names first), or,
 * with `honor`, the exposed one stays. As in Prometheus, an exposed label that is empty (`instance=""`, named in
 * `emptyNames` because a label set holds no empty values) has nothing to keep, but with `honor` keeps the target's
 * label away.
 */
export function withTargetLabels(
  exposed: Labels,
  target: Labels,
  honor: boolean,
  emptyNames: readonly string[] = [],
): Labels {
  const pairs = exposed.toObject();
  const displaced: [string, string][] = [];
  for (let i = 0; i < target.names.length; i++) {
    const name = target.names[i];
    const own = pairs[name];
    if (honor) {
      if (own === undefined && !emptyNames.includes(name)) pairs[name] = target.values[i];
      continue;
    }
    if (own !== undefined) displaced.push([name, own]);
    pairs[name] = target.values[i];
  }
  displaced.sort((a, b) => a[0].length - b[0].length);
  for (const [name, value] of displaced) {
    let free = EXPORTED_PREFIX + name;
    while (pairs[free] !== undefined) free = EXPORTED_PREFIX + free;
    pairs[free] = value;
  }
  return labelsFromPairs(Object.entries(pairs));
}
