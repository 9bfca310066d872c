/** The way of alerts out of the server: the notifier, and discovery of the Alertmanagers it sends to. */
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/index.ts';
import {
  DiscoveryManager,
  type DiscoveryMetrics,
  type DiscoveryResources,
  discoverySetups,
  type TargetGroup,
} from '../../discovery/index.ts';
import type { FetchClient } from '../../http/fetch.ts';
import type { HttpClientConfig } from '../../http/http-config.ts';
import type { Registry } from '../../instrument/index.ts';
import type { Labels } from '../../model/labels.ts';
import { LabelsBuilder } from '../../model/labels-builder.ts';
import { Notifier } from '../../notifier/index.ts';
import type { Logger } from '../logger.ts';
import type { AlertmanagersView } from '../views.ts';

export interface AlertingOptions {
  clock: Clock;
  registry: Registry;
  /** Shared with the discovery of targets. */
  discovery: DiscoveryMetrics;
  logger: Logger;
  /** Alerts that may wait for one Alertmanager. */
  capacity: number;
  /** Alerts in one request. */
  batch: number;
  openClient: (config: HttpClientConfig) => FetchClient;
  /** For the mechanisms of discovery. */
  env: Readonly<Record<string, string | undefined>>;
}

export class Alerting {
  readonly notifier: Notifier;
  private readonly discovery: DiscoveryManager;
  private readonly resources: DiscoveryResources;

  constructor({ clock, registry, discovery, logger, capacity, batch, openClient, env }: AlertingOptions) {
    this.resources = { openClient, env };
    this.notifier = new Notifier({
      clock,
      registry,
      capacity,
      batch,
      onFailure: (alertmanager, count, reason) =>
        logger.error('Error sending alerts', { component: 'notifier', alertmanager, count, err: reason }),
    });
    this.discovery = new DiscoveryManager({
      clock,
      metrics: discovery,
      name: 'notify',
      onTrouble: (message) => logger.error(message, { component: 'discovery manager notify' }),
      deliver: (key, groups) => this.notifier.update(key, groups.flatMap(labelsOfTargets)),
    });
  }

  /** From now on these are the Alertmanagers; what an entry that stays has waiting is still sent. */
  apply({ alerting }: Config, externalLabels: Labels): void {
    const { alertmanagers, alertRelabelConfigs } = alerting;
    // As Prometheus names them: they are shown, so nothing of the settings belongs there.
    const keys = alertmanagers.map((_, i) => `config-${i}`);
    this.notifier.configure({
      externalLabels,
      alertRelabelConfigs,
      groups: alertmanagers.map((config, i) => ({
        key: keys[i],
        client: this.resources.openClient(config.http),
        config,
      })),
    });
    this.discovery.apply(
      new Map(alertmanagers.map(({ discovery }, i) => [keys[i], discoverySetups(discovery, this.resources)])),
    );
  }

  view(): AlertmanagersView {
    return { active: () => this.notifier.active(), dropped: () => this.notifier.dropped() };
  }

  async stop(drainMs: number): Promise<void> {
    await this.discovery.stop();
    await this.notifier.stop(drainMs);
  }
}

function labelsOfTargets({ targets, labels }: TargetGroup): Labels[] {
  return targets.map((target) => {
    const builder = new LabelsBuilder(labels);
    for (const [name, value] of target) builder.set(name, value);
    return builder.labels();
  });
}
