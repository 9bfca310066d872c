/**
 * web.yml: how the server's own HTTP is secured.
 * See https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
 */
import type { TlsVersion } from '../http/http-config.ts';

export interface WebConfig {
  /** Undefined: plain HTTP. */
  tls?: TlsServerConfig | undefined;
  /** Default true. */
  http2: boolean;
  headers: Readonly<Record<string, string>>;
  /** Bcrypt hashes by user name; empty where nobody has to sign in. */
  basicAuthUsers: Readonly<Record<string, string>>;
  rateLimit?: { intervalMs: number; burst: number } | undefined;
}

export type ClientAuthType =
  | 'NoClientCert'
  | 'RequestClientCert'
  | 'RequireAnyClientCert'
  | 'VerifyClientCertIfGiven'
  | 'RequireAndVerifyClientCert';

/** Each of the first three is PEM inline or a file, which is read again when it changes. */
export interface TlsServerConfig {
  cert: string;
  certFile: string;
  key: string;
  keyFile: string;
  clientCa: string;
  clientCaFile: string;
  clientAuthType: ClientAuthType;
  /** Where there are any, a client's certificate must have one of these names. */
  clientAllowedSans: readonly string[];
  /** Go's names, such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256; empty for the defaults. */
  cipherSuites: readonly string[];
  preferServerCipherSuites: boolean;
  curvePreferences: readonly string[];
  minVersion: TlsVersion;
  maxVersion: TlsVersion;
}
