/**
 * The client that an `http_config` describes: scraping, discovery, remote storage and the notifier share it. Files that
 * hold secrets and certificates are read again when they change; connections made with older ones are not used again.
 *
 * HTTP/1.1 is spoken whether `enable_http2` or not: see docs/decisions/http-client.md.
 */
import { type Clock, systemClock } from '../clock.ts';
import {
  basicAuthorization,
  type Credentials,
  type FetchClient,
  type FetchClientOptions,
  type SecureVersion,
  type TlsSettings,
} from './fetch.ts';
import { HttpClient } from './http-client.ts';
import type { HttpClientConfig, ProxyConfig, TlsConfig, TlsVersion } from './http-config.ts';
import { LiveFile, secretSource, textSource } from './live-file.ts';
import { TokenSource } from './oauth2.ts';

export interface OpenClientOptions {
  userAgent: string;
  /** Ask for compressed answers. Default true. */
  compression?: boolean | undefined;
  /** For `proxy_from_environment`. */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /** For the life of tokens. */
  clock?: Clock | undefined;
}

export function openHttpClient(config: HttpClientConfig, options: OpenClientOptions): FetchClient {
  return new ConfiguredClient(config, options);
}

class ConfiguredClient implements FetchClient {
  private readonly client: HttpClient;
  private readonly tokenClient: HttpClient | undefined;
  readonly fetch: FetchClient['fetch'];

  constructor(config: HttpClientConfig, options: OpenClientOptions) {
    const common = { userAgent: options.userAgent, compression: options.compression, keepAlive: true };
    const { oauth2 } = config;
    let tokens: TokenSource | undefined;
    if (oauth2 !== undefined) {
      const tls = tlsSource(oauth2.tlsConfig);
      const credentials = () => ({ tls: tls() });
      this.tokenClient = new HttpClient({ ...common, ...proxyOptions(oauth2, options), credentials });
      tokens = new TokenSource(oauth2, this.tokenClient, options.clock ?? systemClock);
    }
    this.client = new HttpClient({
      ...common,
      ...proxyOptions(config, options),
      followRedirects: config.followRedirects,
      credentials: credentialSource(config, tokens),
    });
    this.fetch = this.client.fetch.bind(this.client);
  }

  close(): void {
    this.client.close();
    this.tokenClient?.close();
  }
}

function credentialSource(
  config: HttpClientConfig,
  tokens: TokenSource | undefined,
): () => Credentials | Promise<Credentials> {
  const tls = tlsSource(config.tlsConfig);
  const headers = headerSource(config);
  const authorization = authorizationSource(config);
  if (tokens === undefined) return () => ({ authorization: authorization(), headers: headers(), tls: tls() });
  return () => {
    const token = tokens.authorization();
    if (typeof token === 'string') return { authorization: token, headers: headers(), tls: tls() };
    return token.then((value) => ({ authorization: value, headers: headers(), tls: tls() }));
  };
}

function authorizationSource({ basicAuth, authorization }: HttpClientConfig): () => string | undefined {
  if (basicAuth !== undefined) {
    const user = secretSource(basicAuth.username, basicAuth.usernameFile);
    const password = secretSource(basicAuth.password, basicAuth.passwordFile);
    return () => basicAuthorization(user(), password());
  }
  if (authorization === undefined) return () => undefined;
  const credentials = secretSource(authorization.credentials, authorization.credentialsFile);
  return () => `${authorization.type} ${credentials()}`;
}

function headerSource({ httpHeaders }: HttpClientConfig): () => Credentials['headers'] {
  if (httpHeaders === undefined) return () => undefined;
  const entries = Object.entries(httpHeaders).map(([name, { values, secrets, files }]) => ({
    name,
    given: [...values, ...secrets],
    files: files.map((path) => new LiveFile(path)),
  }));
  return () =>
    Object.fromEntries(
      entries.map(({ name, given, files }) => [name, [...given, ...files.map((file) => file.secret())]]),
    );
}

const SECURE_VERSIONS: Readonly<Record<TlsVersion, SecureVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
};

/** Gives the same object as long as its files stay the same. */
function tlsSource(config: TlsConfig): () => TlsSettings {
  const ca = textSource(config.ca, config.caFile);
  const cert = textSource(config.cert, config.certFile);
  const key = textSource(config.key, config.keyFile);
  const version = (name: TlsVersion | undefined) => (name === undefined ? undefined : SECURE_VERSIONS[name]);
  let last: TlsSettings | undefined;
  return () => {
    const now = { ca: ca(), cert: cert(), key: key() };
    if (last !== undefined && last.ca === now.ca && last.cert === now.cert && last.key === now.key)
      return last;
    last = {
      ...now,
      serverName: config.serverName || undefined,
      insecure: config.insecureSkipVerify,
      minVersion: version(config.minVersion),
      maxVersion: version(config.maxVersion),
    };
    return last;
  };
}

function proxyOptions(
  config: ProxyConfig,
  { env }: OpenClientOptions,
): Pick<FetchClientOptions, 'proxy' | 'proxyEnv' | 'proxyHeaders'> {
  const proxyHeaders = config.proxyConnectHeader;
  if (config.proxyFromEnvironment) return { proxyEnv: env, proxyHeaders };
  if (config.proxyUrl === '') return {};
  if (config.noProxy === '') return { proxy: new URL(config.proxyUrl), proxyHeaders };
  const { proxyUrl: url, noProxy } = config;
  return { proxyEnv: { http_proxy: url, https_proxy: url, no_proxy: noProxy }, proxyHeaders };
}
