/**
 * Brings alerts to every Alertmanager of the configuration. Prometheus' part of the protocol:
 * https://prometheus.io/docs/alerting/latest/clients/.
 */
import type { Clock } from '../clock.ts';
import type { FetchClient } from '../http/fetch.ts';
import type { Registry } from '../instrument/index.ts';
import type { Labels } from '../model/labels.ts';
import { LabelsBuilder } from '../model/labels-builder.ts';
import { type RelabelRule, relabel } from '../relabel/index.ts';
import type { SentAlert } from '../rules/sent-alert.ts';
import type { AlertingConfig, AlertmanagerConfig } from './alertmanager-config.ts';
import { DEFAULT_BATCH, Endpoint } from './endpoint.ts';
import { type NotifierMetrics, notifierMetrics } from './metrics.ts';
import { type AlertmanagerTargets, endpointUrls, NO_TARGETS } from './targets.ts';

/** One entry of `alerting.alertmanagers`. */
export interface AlertmanagerGroup {
  /** Stays the same over a reload where the entry does. */
  key: string;
  /** For its targets; closed by the notifier when the group goes. */
  client: FetchClient;
  config: AlertmanagerConfig;
}

export interface NotifierSettings {
  externalLabels: Labels;
  /** For all alerts, before any group's own. */
  alertRelabelConfigs: AlertingConfig['alertRelabelConfigs'];
  groups: readonly AlertmanagerGroup[];
}

export interface NotifierOptions {
  clock: Clock;
  registry: Registry;
  /** Alerts that may wait for one Alertmanager. */
  capacity: number;
  /** Alerts in one request; 256 by default. */
  batch?: number;
  /** Told of every batch that was lost. */
  onFailure: (url: string, alerts: number, reason: string) => void;
}

interface Group extends AlertmanagerGroup {
  targets: readonly Labels[];
  found: AlertmanagerTargets;
  endpoints: Map<string, Endpoint>;
}

export class Notifier {
  private readonly options: NotifierOptions;
  private readonly metrics: NotifierMetrics;
  private externalLabels: readonly (readonly [string, string])[] = [];
  private alertRelabelConfigs: readonly RelabelRule[] = [];
  private groups = new Map<string, Group>();

  constructor(options: NotifierOptions) {
    this.options = options;
    this.metrics = notifierMetrics(
      options.registry,
      options.clock,
      options.capacity,
      () => Math.max(0, ...this.endpoints().map((endpoint) => endpoint.length)),
      () => this.active().length,
    );
  }

  /** Takes a new configuration. Groups that it still has keep their targets and what waits for these. */
  configure(settings: NotifierSettings): void {
    this.externalLabels = [...settings.externalLabels];
    this.alertRelabelConfigs = settings.alertRelabelConfigs;
    const before = this.groups;
    this.groups = new Map();
    for (const entry of settings.groups) {
      const old = before.get(entry.key);
      before.delete(entry.key);
      if (old !== undefined && old.client !== entry.client) old.client.close();
      const group: Group = {
        ...entry,
        targets: old?.targets ?? [],
        found: NO_TARGETS,
        endpoints: old?.endpoints ?? new Map(),
      };
      this.groups.set(entry.key, group);
      this.discover(group);
    }
    for (const group of before.values()) closeGroup(group);
  }

  /** The targets that discovery has for a group now, each with all its labels. */
  update(key: string, targets: readonly Labels[]): void {
    const group = this.groups.get(key);
    if (group === undefined) return;
    group.targets = targets;
    this.discover(group);
  }

  /** Queues the alerts for every Alertmanager. Never waits, never throws. */
  send(alerts: readonly SentAlert[]): void {
    if (alerts.length === 0) return;
    const relabelled = relabelAlerts(
      alerts.map((alert) => this.withExternalLabels(alert)),
      this.alertRelabelConfigs,
    );
    for (const { config, endpoints } of this.groups.values()) {
      const own = relabelAlerts(relabelled, config.alertRelabelConfigs);
      if (own.length > 0) for (const endpoint of endpoints.values()) endpoint.send(own);
    }
  }

  /** The URLs that alerts go to. */
  active(): string[] {
    return [...new Set(this.endpoints().map((endpoint) => endpoint.url.href))];
  }

  /** The URLs of targets that relabelling has dropped. */
  dropped(): string[] {
    return [...this.groups.values()].flatMap(({ found }) => found.dropped);
  }

  /** Sends what waits, for `drainMs` at most, and closes. */
  async stop(drainMs: number): Promise<void> {
    const patience = new AbortController();
    const late = this.options.clock.sleep(drainMs, patience.signal).catch(() => {});
    await Promise.race([Promise.all(this.endpoints().map((endpoint) => endpoint.idle())), late]);
    patience.abort();
    for (const group of this.groups.values()) closeGroup(group);
    this.groups.clear();
  }

  private endpoints(): Endpoint[] {
    return [...this.groups.values()].flatMap(({ endpoints }) => [...endpoints.values()]);
  }

  /** Makes the group's endpoints those of its targets; the ones that stay keep their queues. */
  private discover(group: Group): void {
    const { config } = group;
    group.found = endpointUrls(group.targets, config);
    const settings = {
      client: group.client,
      timeoutMs: config.timeoutMs,
      capacity: this.options.capacity,
      batch: this.options.batch ?? DEFAULT_BATCH,
      clock: this.options.clock,
      metrics: this.metrics,
      onFailure: this.options.onFailure,
    };
    const wanted = new Map(group.found.active.map((url) => [url.href, url]));
    for (const [href, endpoint] of group.endpoints) {
      if (wanted.has(href)) endpoint.configure(settings);
      else {
        endpoint.close();
        group.endpoints.delete(href);
      }
    }
    for (const [href, url] of wanted) {
      if (!group.endpoints.has(href)) group.endpoints.set(href, new Endpoint(url, settings));
    }
  }

  /** The alert's own labels win. */
  private withExternalLabels(alert: SentAlert): SentAlert {
    if (this.externalLabels.length === 0) return alert;
    const builder = new LabelsBuilder(alert.labels);
    for (const [name, value] of this.externalLabels) if (!alert.labels.has(name)) builder.set(name, value);
    return { ...alert, labels: builder.labels() };
  }
}

function relabelAlerts(alerts: readonly SentAlert[], rules: readonly RelabelRule[]): readonly SentAlert[] {
  if (rules.length === 0) return alerts;
  return alerts.flatMap((alert) => {
    const labels = relabel(alert.labels, rules);
    return labels === null || labels.size === 0 ? [] : [{ ...alert, labels }];
  });
}

function closeGroup({ client, endpoints }: Group): void {
  for (const endpoint of endpoints.values()) endpoint.close();
  client.close();
}
