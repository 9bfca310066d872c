/**
 * Where alerts go.
 * See https://prometheus.io/docs/prometheus/latest/configuration/configuration/#alertmanager_config
 */
import type { DiscoveryConfig } from '../discovery/sd-config.ts';
import type { HttpClientConfig } from '../http/http-config.ts';
import type { RelabelRule } from '../relabel/index.ts';
import type { SigV4Config } from '../remote/cloud-auth.ts';

export interface AlertingConfig {
  /** For alerts on their way to all Alertmanagers. */
  alertRelabelConfigs: readonly RelabelRule[];
  alertmanagers: readonly AlertmanagerConfig[];
}

export interface AlertmanagerConfig {
  discovery: readonly DiscoveryConfig[];
  http: HttpClientConfig;
  sigv4?: SigV4Config | undefined;
  scheme: string;
  pathPrefix: string;
  timeoutMs: number;
  apiVersion: 'v2';
  /** For the addresses of Alertmanagers. */
  relabelConfigs: readonly RelabelRule[];
  /** For the alerts that these Alertmanagers get. */
  alertRelabelConfigs: readonly RelabelRule[];
}
