/** `static_configs`: targets written into the configuration. */
import type { Discoverer, DiscoveryHost } from './discoverer.ts';
import type { TargetGroup } from './target-group.ts';

/** Gives its groups once. */
export class StaticDiscoverer implements Discoverer {
  private readonly groups: readonly TargetGroup[];

  /** The groups' sources must differ. */
  constructor(groups: readonly TargetGroup[]) {
    this.groups = groups;
  }

  async run(host: DiscoveryHost): Promise<void> {
    host.update(this.groups);
  }
}
