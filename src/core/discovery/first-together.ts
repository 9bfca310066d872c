/**
 * Who finds out about many things one by one, and must not report before the first round is whole: else a command that
 * asks once would take the first few targets for all, and a job would start over with a part of its targets.
 */
import type { DiscoveryHost } from './discoverer.ts';
import type { TargetGroup } from './target-group.ts';

export class FirstTogether {
  private readonly host: DiscoveryHost;
  private groups: TargetGroup[] | undefined = [];
  private failures: Error[] = [];

  constructor(host: DiscoveryHost) {
    this.host = host;
  }

  update(groups: readonly TargetGroup[]): void {
    if (this.groups === undefined) this.host.update(groups);
    else this.groups.push(...groups);
  }

  failed(error: Error): void {
    if (this.groups === undefined) this.host.failed(error);
    else this.failures.push(error);
  }

  /** The first round is over. Where nothing but failures came of it nothing is reported as found. */
  release(): void {
    const { groups, failures } = this;
    if (groups === undefined) return;
    this.groups = undefined;
    this.failures = [];
    if (groups.length > 0 || failures.length === 0) this.host.update(groups);
    for (const failure of failures) this.host.failed(failure);
  }
}
