import { describe, expect, it } from 'vitest';
import { ConfigError, parseWebConfig } from '../../../src/core/config/index.ts';

const HASH = '$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi';

function reasons(text: string): string[] {
  try {
    parseWebConfig(text);
  } catch (error) {
    if (error instanceof ConfigError) return error.errors.map(({ reason }) => reason);
    throw error;
  }
  return [];
}

describe('web.yml', () => {
  it('everything that it may say', () => {
    const text = `tls_server_config:
  cert_file: tls/cert.pem
  key_file: /key.pem
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.pem
  client_allowed_sans: [a.test]
  min_version: TLS13
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
  curve_preferences: [X25519]
http_server_config:
  http2: false
  headers: {X-Frame-Options: deny, Content-Security-Policy: "default-src 'self'"}
basic_auth_users: {me: ${HASH}}
`;
    expect(parseWebConfig(text, '/etc/web.yml')).toMatchObject({
      tls: {
        certFile: '/etc/tls/cert.pem',
        keyFile: '/key.pem',
        clientAuthType: 'RequireAndVerifyClientCert',
        clientCaFile: '/etc/ca.pem',
        clientAllowedSans: ['a.test'],
        minVersion: 'TLS13',
        maxVersion: 'TLS13',
        cipherSuites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
        preferServerCipherSuites: true,
      },
      http2: false,
      headers: { 'X-Frame-Options': 'deny' },
      basicAuthUsers: { me: HASH },
    });
  });

  it('nothing at all: plain HTTP for everyone', () => {
    expect(parseWebConfig('')).toEqual({
      tls: undefined,
      http2: true,
      headers: {},
      basicAuthUsers: {},
      rateLimit: undefined,
    });
  });

  it('versions alone ask for no TLS', () => {
    expect(parseWebConfig('tls_server_config: {min_version: TLS13}').tls).toBeUndefined();
    expect(parseWebConfig('tls_server_config: {}').tls).toBeUndefined();
  });

  it.each([
    ['tls_server_config: {cert_file: a}', 'missing one of key or key_file'],
    ['tls_server_config: {cert_file: a, cert: b, key: c}', 'cannot specify both cert and cert_file'],
    [
      'tls_server_config: {cert: a, key: b, client_ca_file: c}',
      "client CA's have been configured without a Client Auth Policy",
    ],
    ['tls_server_config: {cert: a, key: b, client_auth_type: x}', 'invalid ClientAuth: x'],
    ['tls_server_config: {cert: a, key: b, cipher_suites: [x]}', 'unknown cipher: x'],
    ['tls_server_config: {cert: a, key: b, min_version: TLS9}', 'unknown TLS version: TLS9'],
    ['http_server_config: {headers: {Foo: bar}}', 'HTTP header "Foo" can not be configured'],
    ['http_server_config: {headers: {X-Frame-Options: bar}}', 'invalid value for X-Frame-Options'],
    ['basic_auth_users: {me: secret}', 'the password of "me" is not a bcrypt hash'],
    ['tls_server_confg: {}', '(did you mean tls_server_config?)'],
  ])('%s', (text, reason) => {
    expect(reasons(text).join('\n')).toContain(reason);
  });
});
