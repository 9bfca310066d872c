/** Connections under one set of TLS settings. */
import { Agent, type RequestOptions } from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { TlsSettings } from './fetch.ts';

/** Node passes them on to the connection. */
export type SecureRequestOptions = RequestOptions & { secureContext: SecureContext };

/** Connections under the same TLS settings, and what is made of these once rather than for each connection. */
export class Secured {
  readonly tls: TlsSettings;
  readonly agent: Agent;
  readonly own: SecureContext;
  readonly foreign: SecureContext;

  constructor(tls: TlsSettings, keepAlive: boolean) {
    const { ca, cert, key, minVersion, maxVersion } = tls;
    const old = minVersion === 'TLSv1' || minVersion === 'TLSv1.1';
    // OpenSSL has these versions only below its usual level of security.
    const ciphers = old ? 'DEFAULT@SECLEVEL=0' : undefined;
    this.tls = tls;
    this.agent = new Agent({ keepAlive });
    this.own = createSecureContext({ ca, cert, key, minVersion, maxVersion, ciphers });
    const foreign = cert === undefined && key === undefined;
    this.foreign = foreign ? this.own : createSecureContext({ ca, minVersion, maxVersion, ciphers });
  }
}
