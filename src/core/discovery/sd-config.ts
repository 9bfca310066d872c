/**
 * The settings of service discovery, one shape a mechanism, told apart by `mechanism`: the name before `_sd_configs` in
 * prometheus.yml. Those that tsmon runs are typed in full; the rest of Prometheus' list is checked and kept, so that a
 * file that uses them loads.
 * See https://prometheus.io/docs/prometheus/latest/configuration/configuration/
 */
import type { HttpClientConfig } from '../http/http-config.ts';

export type DiscoveryConfig = RunnableDiscoveryConfig | AcceptedDiscoveryConfig;

export type RunnableDiscoveryConfig =
  | StaticDiscoveryConfig
  | FileDiscoveryConfig
  | HttpDiscoveryConfig
  | DnsDiscoveryConfig
  | ConsulDiscoveryConfig
  | KubernetesDiscoveryConfig
  | DockerDiscoveryConfig
  | DockerSwarmDiscoveryConfig
  | Ec2DiscoveryConfig;

/** Targets with the labels that they share. */
export interface TargetGroupConfig {
  targets: readonly string[];
  labels: Readonly<Record<string, string>>;
}

/** All of a job's `static_configs` together. */
export interface StaticDiscoveryConfig {
  mechanism: 'static';
  groups: readonly TargetGroupConfig[];
}

export interface FileDiscoveryConfig {
  mechanism: 'file';
  /** Absolute, or relative to the working directory; the last part may have `*`. */
  files: readonly string[];
  refreshIntervalMs: number;
}

export interface HttpDiscoveryConfig {
  mechanism: 'http';
  url: string;
  refreshIntervalMs: number;
  http: HttpClientConfig;
}

export interface DnsDiscoveryConfig {
  mechanism: 'dns';
  names: readonly string[];
  refreshIntervalMs: number;
  type: 'SRV' | 'A' | 'AAAA' | 'MX' | 'NS';
  /** 0 for SRV, which has ports of its own. */
  port: number;
}

export interface ConsulDiscoveryConfig {
  mechanism: 'consul';
  server: string;
  pathPrefix: string;
  token: string;
  datacenter: string;
  namespace: string;
  partition: string;
  tagSeparator: string;
  scheme: string;
  /** An older way to say what `http.basicAuth` says; moved there on loading. */
  username: string;
  password: string;
  allowStale: boolean;
  refreshIntervalMs: number;
  /** All where there is none. */
  services: readonly string[];
  tags: readonly string[];
  nodeMeta: Readonly<Record<string, string>>;
  filter: string;
  /** Filters the health entries of services, since 3.12. */
  healthFilter: string;
  http: HttpClientConfig;
}

export type KubernetesRole = 'node' | 'pod' | 'service' | 'endpoints' | 'endpointslice' | 'ingress';

export interface KubernetesDiscoveryConfig {
  mechanism: 'kubernetes';
  /** '' inside a cluster. */
  apiServer: string;
  role: KubernetesRole;
  kubeconfigFile: string;
  namespaces: { ownNamespace: boolean; names: readonly string[] };
  selectors: readonly { role: KubernetesRole; label: string; field: string }[];
  attachMetadata: { node: boolean; namespace: boolean; deployment: boolean; job: boolean; cronjob: boolean };
  http: HttpClientConfig;
}

export interface DiscoveryFilter {
  name: string;
  values: readonly string[];
}

export interface DockerDiscoveryConfig {
  mechanism: 'docker';
  /** `unix:///var/run/docker.sock`, `tcp://…`, `http://…`. */
  host: string;
  port: number;
  filters: readonly DiscoveryFilter[];
  hostNetworkingHost: string;
  refreshIntervalMs: number;
  matchFirstNetwork: boolean;
  http: HttpClientConfig;
}

export interface DockerSwarmDiscoveryConfig {
  mechanism: 'dockerswarm';
  host: string;
  role: 'services' | 'tasks' | 'nodes';
  port: number;
  filters: readonly DiscoveryFilter[];
  refreshIntervalMs: number;
  http: HttpClientConfig;
}

export interface Ec2DiscoveryConfig {
  mechanism: 'ec2';
  endpoint: string;
  /** '' for the instance's own. */
  region: string;
  accessKey: string;
  secretKey: string;
  profile: string;
  roleArn: string;
  externalId: string;
  refreshIntervalMs: number;
  port: number;
  filters: readonly DiscoveryFilter[];
  http: HttpClientConfig;
}

export const ACCEPTED_MECHANISMS = [
  'aws',
  'azure',
  'digitalocean',
  'eureka',
  'gce',
  'hetzner',
  'ionos',
  'kuma',
  'lightsail',
  'linode',
  'marathon',
  'nerve',
  'nomad',
  'oci',
  'openstack',
  'outscale',
  'ovhcloud',
  'puppetdb',
  'scaleway',
  'serverset',
  'stackit',
  'triton',
  'uyuni',
  'vultr',
] as const;

/** A mechanism whose settings are checked, and which is refused where it would have to run. */
export interface AcceptedDiscoveryConfig {
  mechanism: (typeof ACCEPTED_MECHANISMS)[number];
  /** By the names of prometheus.yml in camel case, defaults filled in; durations in ms with `Ms` behind the name. */
  settings: Readonly<Record<string, unknown>>;
}
