/** TLS of the server as web.yml wants it: certificates, versions and ciphers in Go's names, and clients' certificates. */
import { readFileSync } from 'node:fs';
import type { SecureContextOptions, TLSSocket, TlsOptions } from 'node:tls';
import type { TlsServerConfig } from '../../config/web-config.ts';
import { InputError } from '../../errors.ts';

/** The suites of Go's names; those of TLS 1.3 cannot be chosen there either. */
const CIPHERS: Readonly<Record<string, string>> = {
  TLS_RSA_WITH_AES_128_CBC_SHA: 'AES128-SHA',
  TLS_RSA_WITH_AES_256_CBC_SHA: 'AES256-SHA',
  TLS_RSA_WITH_AES_128_CBC_SHA256: 'AES128-SHA256',
  TLS_RSA_WITH_AES_128_GCM_SHA256: 'AES128-GCM-SHA256',
  TLS_RSA_WITH_AES_256_GCM_SHA384: 'AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: 'ECDHE-ECDSA-AES128-SHA256',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256: 'ECDHE-RSA-AES128-SHA256',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
};

const CURVES: Readonly<Record<string, string>> = {
  CurveP256: 'P-256',
  CurveP384: 'P-384',
  CurveP521: 'P-521',
  X25519: 'X25519',
};

const VERSIONS = { TLS10: 'TLSv1', TLS11: 'TLSv1.1', TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' } as const;

/** What a handshake needs, with the files as they are now. Throws InputError. */
export function secureContextOptions(config: TlsServerConfig): SecureContextOptions {
  const options: SecureContextOptions = {
    cert: config.certFile === '' ? config.cert : readPem(config.certFile),
    key: config.keyFile === '' ? config.key : readPem(config.keyFile),
    minVersion: VERSIONS[config.minVersion],
    maxVersion: VERSIONS[config.maxVersion],
    honorCipherOrder: config.preferServerCipherSuites,
  };
  const ca = config.clientCaFile === '' ? config.clientCa : readPem(config.clientCaFile);
  if (ca !== '') options.ca = ca;
  const ciphers = config.cipherSuites.map((name) => CIPHERS[name]).filter((name) => name !== undefined);
  if (ciphers.length > 0) options.ciphers = ciphers.join(':');
  const curves = config.curvePreferences.map((name) => CURVES[name]).filter((name) => name !== undefined);
  if (curves.length > 0) options.ecdhCurve = curves.join(':');
  return options;
}

/** What is asked of clients. What Node does not refuse by itself, `clientRefusal` does. */
export function clientOptions({ clientAuthType }: TlsServerConfig): TlsOptions {
  return {
    requestCert: clientAuthType !== 'NoClientCert',
    rejectUnauthorized: clientAuthType === 'RequireAndVerifyClientCert',
  };
}

/** Why a client is not served, after its handshake; undefined where it is. */
export function clientRefusal(config: TlsServerConfig, socket: TLSSocket): string | undefined {
  const { clientAuthType, clientAllowedSans } = config;
  if (clientAuthType === 'NoClientCert') return undefined;
  const certificate = socket.getPeerCertificate();
  const given = certificate !== null && certificate.raw !== undefined;
  if (!given) {
    return clientAuthType.startsWith('Require') ? "the client didn't provide a certificate" : undefined;
  }
  const mustVerify =
    clientAuthType === 'VerifyClientCertIfGiven' || clientAuthType === 'RequireAndVerifyClientCert';
  if (mustVerify && !socket.authorized)
    return `the client's certificate is not valid: ${socket.authorizationError}`;
  if (clientAllowedSans.length === 0) return undefined;
  const names = (certificate.subjectaltname ?? '').split(', ').map((name) => name.replace(/^[^:]*:/, ''));
  if (names.some((name) => clientAllowedSans.includes(name))) return undefined;
  return "the client's certificate has none of the names that are allowed";
}

/** The files that a new certificate would be in. */
export function tlsFiles({ certFile, keyFile, clientCaFile }: TlsServerConfig): string[] {
  return [certFile, keyFile, clientCaFile].filter((file) => file !== '');
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new InputError('bad_web_config', (error as Error).message, { file });
  }
}
