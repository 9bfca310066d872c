/**
 * A server that queries are also answered from.
 * See https://prometheus.io/docs/prometheus/latest/configuration/configuration/#remote_read
 */
import type { HttpClientConfig } from '../http/http-config.ts';

export interface RemoteReadConfig {
  url: string;
  remoteTimeoutMs: number;
  headers: Readonly<Record<string, string>>;
  /** Also for times that the local store has in full. */
  readRecent: boolean;
  /** '' where none was given. */
  name: string;
  /** Only selectors with all of these are asked for. */
  /** Bytes of one frame of a streamed answer. */
  chunkedReadLimit: number;
  requiredMatchers: Readonly<Record<string, string>>;
  filterExternalLabels: boolean;
  http: HttpClientConfig;
}
