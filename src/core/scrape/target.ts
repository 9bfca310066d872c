/** What is scraped, and the labels that its series get. */
import { compareStrings, Labels } from '../model/labels.ts';

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

/** Where each label of a result comes from: exposed label `i`, or the target's label `~i`. */
interface Plan {
  names: readonly string[];
  from: Int32Array;
}

/**
 * Adds a target's labels to those of its series. Where both have a label, the target's wins and the exposed one is
 * kept as `exported_…` (again and again prefixed until the name is free, shorter names first), or, with `honor`, the
 * exposed one stays. As in Prometheus, an exposed label that is empty (`instance=""`) has nothing to keep, but with
 * `honor` keeps the target's label away.
 *
 * All of that depends on names alone, and series of one family share theirs, so it is worked out once for each list.
 */
export class TargetLabels {
  private readonly target: Labels;
  private readonly honor: boolean;
  private readonly plans = new WeakMap<readonly string[], Plan>();

  constructor(target: Labels, honor: boolean) {
    this.target = target;
    this.honor = honor;
  }

  /** `empty` names the exposed labels that have no value: a label set holds none. */
  addTo(exposed: Labels, empty: readonly string[]): Labels {
    const { names, from } = this.planFor(exposed.names, empty);
    const values = new Array<string>(from.length);
    for (let i = 0; i < from.length; i++) {
      values[i] = from[i] >= 0 ? exposed.values[from[i]] : this.target.values[~from[i]];
    }
    return new Labels(names, values);
  }

  private planFor(names: readonly string[], empty: readonly string[]): Plan {
    if (empty.length > 0) return this.plan(names, empty);
    let plan = this.plans.get(names);
    if (plan === undefined) {
      plan = this.plan(names, empty);
      this.plans.set(names, plan);
    }
    return plan;
  }

  private plan(names: readonly string[], empty: readonly string[]): Plan {
    const from = new Map<string, number>(names.map((name, i) => [name, i]));
    const displaced: [name: string, index: number][] = [];
    for (const [i, name] of this.target.names.entries()) {
      const own = from.get(name);
      if (this.honor && (own !== undefined || empty.includes(name))) continue;
      if (own !== undefined) displaced.push([name, own]);
      from.set(name, ~i);
    }
    displaced.sort(([a], [b]) => a.length - b.length);
    for (const [name, index] of displaced) {
      let free = EXPORTED_PREFIX + name;
      while (from.has(free)) free = EXPORTED_PREFIX + free;
      from.set(free, index);
    }
    const sorted = [...from].sort(([a], [b]) => compareStrings(a, b));
    return { names: sorted.map(([name]) => name), from: Int32Array.from(sorted, ([, index]) => index) };
  }
}
