/**
 * How a client reaches and convinces a server: the `http_config` that scraping, discovery, remote storage and the
 * notifier share. A secret in a file stays a file name here: it is read again when the file changes.
 * See https://prometheus.io/docs/prometheus/latest/configuration/configuration/#http_config
 */

export interface HttpClientConfig extends ProxyConfig {
  basicAuth?: BasicAuthConfig | undefined;
  /** `bearer_token` and `bearer_token_file`, the older spelling, end up here too. */
  authorization?: AuthorizationConfig | undefined;
  oauth2?: OAuth2Config | undefined;
  tlsConfig: TlsConfig;
  followRedirects: boolean;
  enableHttp2: boolean;
  /** By header name. */
  httpHeaders?: Readonly<Record<string, HeaderConfig>> | undefined;
}

export interface BasicAuthConfig {
  username: string;
  usernameFile: string;
  password: string;
  passwordFile: string;
}

export interface AuthorizationConfig {
  /** `Bearer` unless something else was asked for. */
  type: string;
  credentials: string;
  credentialsFile: string;
}

export const JWT_BEARER_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

export interface OAuth2Config extends ProxyConfig {
  clientId: string;
  clientSecret: string;
  clientSecretFile: string;
  /** PEM; for the JWT bearer grant. */
  clientCertificateKey: string;
  clientCertificateKeyFile: string;
  clientCertificateKeyId: string;
  /** '' or `client_credentials`, or JWT_BEARER_GRANT. */
  grantType: string;
  /** '', `RS256`, `RS384` or `RS512`. */
  signatureAlgorithm: string;
  iss: string;
  audience: string;
  claims: Readonly<Record<string, unknown>>;
  scopes: readonly string[];
  tokenUrl: string;
  endpointParams: Readonly<Record<string, string>>;
  /** For the token's server. */
  tlsConfig: TlsConfig;
}

export type TlsVersion = 'TLS10' | 'TLS11' | 'TLS12' | 'TLS13';

/** '' where something was not given. */
export interface TlsConfig {
  /** PEM. */
  ca: string;
  cert: string;
  key: string;
  caFile: string;
  certFile: string;
  keyFile: string;
  serverName: string;
  insecureSkipVerify: boolean;
  minVersion?: TlsVersion | undefined;
  maxVersion?: TlsVersion | undefined;
}

export interface ProxyConfig {
  /** '' for none. */
  proxyUrl: string;
  noProxy: string;
  proxyFromEnvironment: boolean;
  /** Sent with CONNECT. */
  proxyConnectHeader: Readonly<Record<string, readonly string[]>>;
}

export interface HeaderConfig {
  values: readonly string[];
  secrets: readonly string[];
  files: readonly string[];
}

export const NO_PROXY: ProxyConfig = {
  proxyUrl: '',
  noProxy: '',
  proxyFromEnvironment: false,
  proxyConnectHeader: {},
};

export const DEFAULT_TLS_CONFIG: TlsConfig = {
  ca: '',
  cert: '',
  key: '',
  caFile: '',
  certFile: '',
  keyFile: '',
  serverName: '',
  insecureSkipVerify: false,
};

export const DEFAULT_HTTP_CLIENT_CONFIG: HttpClientConfig = {
  ...NO_PROXY,
  tlsConfig: DEFAULT_TLS_CONFIG,
  followRedirects: true,
  enableHttp2: true,
};
