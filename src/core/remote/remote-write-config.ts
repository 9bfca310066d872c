/**
 * A server that every stored sample is sent on to.
 * See https://prometheus.io/docs/prometheus/latest/configuration/configuration/#remote_write
 */
import type { HttpClientConfig } from '../http/http-config.ts';
import type { RelabelRule } from '../relabel/index.ts';
import type { AzureAdConfig, GoogleIamConfig, SigV4Config } from './cloud-auth.ts';

export type RemoteWriteMessage = 'prometheus.WriteRequest' | 'io.prometheus.write.v2.Request';

export interface RemoteWriteConfig {
  url: string;
  remoteTimeoutMs: number;
  headers: Readonly<Record<string, string>>;
  writeRelabelConfigs: readonly RelabelRule[];
  /** '' where none was given. */
  name: string;
  sendExemplars: boolean;
  sendNativeHistograms: boolean;
  roundRobinDns: boolean;
  protobufMessage: RemoteWriteMessage;
  queueConfig: QueueConfig;
  metadataConfig: MetadataConfig;
  http: HttpClientConfig;
  sigv4?: SigV4Config | undefined;
  azuread?: AzureAdConfig | undefined;
  googleIam?: GoogleIamConfig | undefined;
}

export interface QueueConfig {
  /** Samples to hold for each shard. */
  capacity: number;
  maxShards: number;
  minShards: number;
  maxSamplesPerSend: number;
  batchSendDeadlineMs: number;
  minBackoffMs: number;
  maxBackoffMs: number;
  retryOnHttp429: boolean;
  /** Samples older than this are not sent; 0 for no limit. */
  sampleAgeLimitMs: number;
}

export interface MetadataConfig {
  send: boolean;
  sendIntervalMs: number;
  maxSamplesPerSend: number;
}
