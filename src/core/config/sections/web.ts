/** The sections of web.yml. */
import { goQuote } from '../../model/quote.ts';
import {
  boolean,
  type Checked,
  duration,
  file,
  integer,
  list,
  mapOf,
  oneOf,
  optional,
  optionalField,
  Struct,
  secret,
  text,
} from '../schema/index.ts';
import type { ClientAuthType, TlsServerConfig } from '../web-config.ts';

const VERSIONS = ['TLS10', 'TLS11', 'TLS12', 'TLS13'];
const version = oneOf(VERSIONS, (name) => `unknown TLS version: ${name}`);

const CURVES = ['CurveP256', 'CurveP384', 'CurveP521', 'X25519', 'X25519MLKEM768'];

/** Go's names of what its TLS offers up to version 1.2, and the OpenSSL names that Node knows them by. */
export const CIPHER_SUITES: Readonly<Record<string, string>> = {
  TLS_RSA_WITH_AES_128_CBC_SHA: 'AES128-SHA',
  TLS_RSA_WITH_AES_256_CBC_SHA: 'AES256-SHA',
  TLS_RSA_WITH_AES_128_GCM_SHA256: 'AES128-GCM-SHA256',
  TLS_RSA_WITH_AES_256_GCM_SHA384: 'AES256-GCM-SHA384',
  TLS_AES_128_GCM_SHA256: 'TLS_AES_128_GCM_SHA256',
  TLS_AES_256_GCM_SHA384: 'TLS_AES_256_GCM_SHA384',
  TLS_CHACHA20_POLY1305_SHA256: 'TLS_CHACHA20_POLY1305_SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
};

const CLIENT_AUTH: readonly ClientAuthType[] = [
  'NoClientCert',
  'RequestClientCert',
  'RequireAnyClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
];

/** Response headers that may be set, with the values that are allowed; undefined for any. */
const HEADERS: Readonly<Record<string, readonly string[] | undefined>> = {
  'Strict-Transport-Security': undefined,
  'X-Content-Type-Options': ['nosniff'],
  'X-Frame-Options': ['deny', 'sameorigin'],
  'X-XSS-Protection': undefined,
  'Content-Security-Policy': undefined,
};

const tlsServer = new Struct<TlsServerConfig>(
  'web.TLSConfig',
  [
    optionalField('cert', text),
    optionalField('key', secret),
    optionalField('client_ca', text),
    optionalField('cert_file', file),
    optionalField('key_file', file),
    optionalField(
      'client_auth_type',
      oneOf(['', ...CLIENT_AUTH], (name) => `invalid ClientAuth: ${name}`),
    ),
    optionalField('client_ca_file', file),
    optionalField(
      'cipher_suites',
      list(oneOf(Object.keys(CIPHER_SUITES), (name) => `unknown cipher: ${name}`)),
    ),
    optionalField('curve_preferences', list(oneOf(CURVES, (name) => `unknown curve: ${name}`))),
    optionalField('min_version', version, 'TLS12'),
    optionalField('max_version', version, 'TLS13'),
    optionalField('prefer_server_cipher_suites', boolean, true),
    optionalField('client_allowed_sans', list(text)),
  ],
  { check: checkTlsServer },
);

/** web.yml as it is written. */
export interface WebFile {
  tlsServerConfig?: TlsServerConfig;
  httpServerConfig: { http2: boolean; headers: Readonly<Record<string, string>> };
  basicAuthUsers: Readonly<Record<string, string>>;
  rateLimit?: { intervalMs: number; burst: number };
}

const httpServer = new Struct(
  'web.HTTPConfig',
  [optionalField('http2', boolean, true), optionalField('headers', mapOf(text))],
  { check: checkHeaders },
);

const rateLimit = new Struct('web.RateLimitConfig', [
  optionalField('interval', duration),
  optionalField('burst', integer),
]);

export const webFile = new Struct<WebFile>(
  'web.Config',
  [
    optionalField('tls_server_config', optional(tlsServer)),
    optionalField('http_server_config', httpServer, httpServer.initial()),
    optionalField('basic_auth_users', mapOf(secret)),
    optionalField('rate_limit', optional(rateLimit)),
  ],
  { check: checkUsers },
);

/** Whether the section says anything that asks for TLS; versions and suites alone do not. */
export function asksForTls(tls: TlsServerConfig): boolean {
  const { cert, certFile, key, keyFile, clientCa, clientCaFile, clientAuthType } = tls;
  return [cert, certFile, key, keyFile, clientCa, clientCaFile, clientAuthType].some((value) => value !== '');
}

function checkTlsServer(tls: TlsServerConfig, at: Checked): void {
  if (!asksForTls(tls)) return;
  for (const key of ['cert', 'key'] as const) {
    const inline = tls[key] !== '';
    const inFile = tls[`${key}File`] !== '';
    if (!inline && !inFile) at.fault(`missing one of ${key} or ${key}_file`);
    if (inline && inFile) at.fault(`cannot specify both ${key} and ${key}_file`, `${key}_file`);
  }
  if (tls.clientCa !== '' && tls.clientCaFile !== '')
    at.fault('cannot specify both client_ca and client_ca_file', 'client_ca_file');
  const ca = tls.clientCa !== '' || tls.clientCaFile !== '';
  if ((tls.clientAuthType as string) === '') tls.clientAuthType = 'NoClientCert';
  if (ca && tls.clientAuthType === 'NoClientCert')
    at.fault("client CA's have been configured without a Client Auth Policy", 'client_auth_type');
  if (VERSIONS.indexOf(tls.minVersion) > VERSIONS.indexOf(tls.maxVersion))
    at.fault('min_version is above max_version', 'min_version');
}

function checkHeaders({ headers }: { headers: Readonly<Record<string, string>> }, at: Checked): void {
  for (const [name, value] of Object.entries(headers)) {
    const key = `headers.${name}`;
    if (!Object.hasOwn(HEADERS, name)) at.fault(`HTTP header ${goQuote(name)} can not be configured`, key);
    const allowed = HEADERS[name];
    if (value !== '' && allowed !== undefined && !allowed.includes(value.toLowerCase())) {
      at.fault(
        `invalid value for ${name}. Expected one of: [${allowed.map((one) => goQuote(one)).join(' ')}], but got: ${goQuote(value)}`,
        key,
      );
    }
  }
}

const BCRYPT = /^\$2[abxy]?\$(\d\d)\$[./A-Za-z\d]{53}$/;

function checkUsers({ basicAuthUsers }: WebFile, at: Checked): void {
  for (const [user, hash] of Object.entries(basicAuthUsers)) {
    const cost = BCRYPT.exec(hash)?.[1];
    if (cost === undefined || Number(cost) < 4 || Number(cost) > 31)
      at.fault(`the password of ${goQuote(user)} is not a bcrypt hash`, `basic_auth_users.${user}`);
  }
}
