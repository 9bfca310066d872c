/** `http_config`: the keys that stand among those of every section that talks HTTP. */
import type {
  AuthorizationConfig,
  BasicAuthConfig,
  HeaderConfig,
  HttpClientConfig,
  OAuth2Config,
  ProxyConfig,
  TlsConfig,
} from '../../http/http-config.ts';
import { JWT_BEARER_GRANT } from '../../http/http-config.ts';
import { goQuote } from '../../model/quote.ts';
import {
  boolean,
  type Checked,
  field,
  file,
  list,
  mapOf,
  oneOf,
  optional,
  optionalField,
  Struct,
  secret,
  text,
  url,
} from '../schema/index.ts';

const TLS_VERSIONS = ['TLS10', 'TLS11', 'TLS12', 'TLS13'];
const tlsVersion = optional(oneOf(TLS_VERSIONS, (version) => `unknown TLS version: ${version}`));

export const tlsConfig = new Struct<TlsConfig>(
  'config.plain',
  [
    optionalField('ca', text),
    optionalField('cert', text),
    optionalField('key', secret),
    optionalField('ca_file', file),
    optionalField('cert_file', file),
    optionalField('key_file', file),
    optionalField('server_name', text),
    field('insecure_skip_verify', boolean),
    optionalField('min_version', tlsVersion),
    optionalField('max_version', tlsVersion),
  ],
  { check: checkTls },
);

const proxyConfig = new Struct<ProxyConfig>(
  'config.ProxyConfig',
  [
    optionalField('proxy_url', url),
    optionalField('no_proxy', text),
    optionalField('proxy_from_environment', boolean),
    optionalField('proxy_connect_header', mapOf(list(secret), 'config.ProxyHeader')),
  ],
  { check: checkProxy },
);

const basicAuth = new Struct<BasicAuthConfig>(
  'config.plain',
  [
    optionalField('username', text),
    optionalField('username_file', file),
    optionalField('password', secret),
    optionalField('password_file', file),
  ],
  { check: checkBasicAuth },
);

const authorization = new Struct<AuthorizationConfig>(
  'config.Authorization',
  [
    optionalField('type', text),
    optionalField('credentials', secret),
    optionalField('credentials_file', file),
  ],
  { check: checkAuthorization },
);

const oauth2 = new Struct<OAuth2Config>(
  'config.plain',
  [
    field('client_id', text),
    optionalField('client_secret', secret),
    optionalField('client_secret_file', file),
    optionalField('client_certificate_key_id', text),
    optionalField('client_certificate_key', secret),
    optionalField('client_certificate_key_file', file),
    optionalField('grant_type', text),
    optionalField('signature_algorithm', text),
    optionalField('iss', text),
    optionalField('audience', text),
    optionalField('claims', mapOf(text)),
    optionalField('scopes', list(text)),
    field('token_url', text),
    optionalField('endpoint_params', mapOf(text)),
    optionalField('tls_config', tlsConfig),
    { inline: proxyConfig },
  ],
  { check: checkOAuth2 },
);

const header = new Struct<HeaderConfig>('config.Header', [
  optionalField('values', list(text)),
  optionalField('secrets', list(secret)),
  optionalField('files', list(file)),
]);

/** While it is read: the older spelling of a bearer token is moved to where the newer one is. */
interface ReadHttpConfig extends HttpClientConfig {
  bearerToken?: string;
  bearerTokenFile?: string;
}

/** `http2`: whether HTTP/2 is on where nothing is said. */
export function httpConfig(http2 = true): Struct<HttpClientConfig> {
  return new Struct<HttpClientConfig>(
    'config.HTTPClientConfig',
    [
      optionalField('basic_auth', optional(basicAuth)),
      optionalField('authorization', optional(authorization)),
      optionalField('oauth2', optional(oauth2)),
      { ...optionalField('bearer_token', secret), hidden: true },
      { ...optionalField('bearer_token_file', file), hidden: true },
      optionalField('tls_config', tlsConfig),
      field('follow_redirects', boolean, true),
      field('enable_http2', boolean, http2),
      { inline: proxyConfig },
      optionalField('http_headers', optional(mapOf(header, 'config.Headers'))),
    ],
    { check: checkHttp },
  );
}

/** For those who have no wishes of their own. */
export const http = httpConfig();

function checkTls(tls: TlsConfig, at: Checked): void {
  for (const key of ['ca', 'cert', 'key'] as const) {
    if (tls[key] !== '' && tls[`${key}File`] !== '')
      at.fault(`at most one of ${key}, ${key}_file & ${key}_ref must be configured`, `${key}_file`);
  }
  const cert = tls.cert !== '' || tls.certFile !== '';
  const key = tls.key !== '' || tls.keyFile !== '';
  if (cert && !key)
    at.fault('exactly one of key or key_file must be configured when a client certificate is configured');
  if (key && !cert)
    at.fault('exactly one of cert or cert_file must be configured when a client key is configured');
}

function checkProxy(proxy: ProxyConfig, at: Checked): void {
  const { proxyUrl, noProxy, proxyFromEnvironment } = proxy;
  const given = Object.keys(proxy.proxyConnectHeader).length > 0;
  if (given && !proxyFromEnvironment && proxyUrl === '') {
    at.fault(
      'if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured',
      'proxy_connect_header',
    );
  }
  if (proxyFromEnvironment && proxyUrl !== '')
    at.fault('if proxy_from_environment is configured, proxy_url must not be configured', 'proxy_url');
  if (proxyFromEnvironment && noProxy !== '')
    at.fault('if proxy_from_environment is configured, no_proxy must not be configured', 'no_proxy');
  else if (proxyUrl === '' && noProxy !== '')
    at.fault('if no_proxy is configured, proxy_url must also be configured', 'no_proxy');
}

function checkBasicAuth(auth: BasicAuthConfig, at: Checked): void {
  for (const key of ['username', 'password'] as const) {
    if (auth[key] !== '' && auth[`${key}File`] !== '')
      at.fault(
        `at most one of basic_auth ${key}, ${key}_file & ${key}_ref must be configured`,
        `${key}_file`,
      );
  }
}

function checkAuthorization(auth: AuthorizationConfig, at: Checked): void {
  if (auth.credentials !== '' && auth.credentialsFile !== '')
    at.fault(
      'at most one of authorization credentials & credentials_file must be configured',
      'credentials_file',
    );
  auth.type = auth.type.trim() || 'Bearer';
  if (auth.type.toLowerCase() === 'basic')
    at.fault('authorization type cannot be set to "basic", use "basic_auth" instead', 'type');
}

function checkOAuth2(oauth: OAuth2Config, at: Checked): void {
  if (oauth.clientId === '') at.fault('oauth2 client_id must be configured', 'client_id');
  if (oauth.tokenUrl === '') at.fault('oauth2 token_url must be configured', 'token_url');
  if (oauth.grantType !== JWT_BEARER_GRANT) {
    if (oauth.clientSecret !== '' && oauth.clientSecretFile !== '') {
      at.fault(
        'at most one of oauth2 client_secret, client_secret_file & client_secret_ref must be configured using grant-type=client_credentials',
        'client_secret_file',
      );
    }
    return;
  }
  if (oauth.clientCertificateKey !== '' && oauth.clientCertificateKeyFile !== '') {
    at.fault(
      `at most one of oauth2 client_certificate_key, client_certificate_key_file & client_certificate_key_ref must be configured using grant-type=${JWT_BEARER_GRANT}`,
      'client_certificate_key_file',
    );
  }
  if (!['', 'RS256', 'RS384', 'RS512'].includes(oauth.signatureAlgorithm))
    at.fault('valid signature algorithms are RS256, RS384 and RS512', 'signature_algorithm');
}

const RESERVED_HEADERS = new Set([
  'Authorization',
  'Host',
  'Content-Encoding',
  'Content-Length',
  'Content-Type',
  'User-Agent',
  'Connection',
  'Keep-Alive',
  'Proxy-Authenticate',
  'Proxy-Authorization',
  'Www-Authenticate',
  'Accept-Encoding',
  'X-Prometheus-Remote-Write-Version',
  'X-Prometheus-Remote-Read-Version',
  'X-Prometheus-Scrape-Timeout-Seconds',
  'X-Amz-Date',
  'X-Amz-Security-Token',
  'X-Amz-Content-Sha256',
]);

function checkHttp(config: ReadHttpConfig, at: Checked): void {
  const { basicAuth, authorization, oauth2, bearerToken, bearerTokenFile } = config;
  const bearer = Boolean(bearerToken || bearerTokenFile);
  const older = bearerToken ? 'bearer_token' : 'bearer_token_file';
  if (bearerToken && bearerTokenFile)
    at.fault('at most one of bearer_token & bearer_token_file must be configured', 'bearer_token_file');
  if (bearer && (basicAuth !== undefined || oauth2 !== undefined))
    at.fault('at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured', older);
  if (bearer && authorization !== undefined)
    at.fault('authorization is not compatible with bearer_token & bearer_token_file', older);
  if ([basicAuth, authorization, oauth2].filter((auth) => auth !== undefined).length > 1)
    at.fault('at most one of basic_auth, oauth2 & authorization must be configured');
  for (const name of Object.keys(config.httpHeaders ?? {})) {
    const canonical = name.toLowerCase().replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
    if (RESERVED_HEADERS.has(canonical))
      at.fault(`setting header ${goQuote(canonical)} is not allowed`, `http_headers.${name}`);
  }
  if (bearer && authorization === undefined) {
    config.authorization = {
      type: 'Bearer',
      credentials: bearerToken ?? '',
      credentialsFile: bearerTokenFile ?? '',
    };
  }
  delete config.bearerToken;
  delete config.bearerTokenFile;
}
