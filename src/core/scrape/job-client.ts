/** The client of a job that is scraped by a command: its settings as they are when it is opened, files included. */
import { readFileSync } from 'node:fs';
import { InputError } from '../errors.ts';
import { basicAuthorization, type FetchClient } from '../http/fetch.ts';
import { HttpClient } from '../http/http-client.ts';
import type { HttpClientConfig } from '../http/http-config.ts';

/** Throws InputError, or the system's error for a file that cannot be read. */
export function openJobClient(http: HttpClientConfig, userAgent: string): FetchClient {
  if (http.oauth2 !== undefined)
    throw new InputError('unsupported_auth', 'oauth2 is not supported by this command');
  const { tlsConfig: tls } = http;
  return new HttpClient({
    userAgent,
    authorization: authorization(http),
    headers: headers(http),
    tls: {
      ca: textOr(tls.ca, tls.caFile),
      cert: textOr(tls.cert, tls.certFile),
      key: textOr(tls.key, tls.keyFile),
      serverName: tls.serverName === '' ? undefined : tls.serverName,
      insecure: tls.insecureSkipVerify,
    },
    followRedirects: http.followRedirects,
    keepAlive: true,
    proxyEnv: proxies(http),
  });
}

function authorization({ basicAuth, authorization: given }: HttpClientConfig): string | undefined {
  if (basicAuth !== undefined) {
    const { username, usernameFile, password, passwordFile } = basicAuth;
    const user = textOr(username, usernameFile)?.trim() ?? '';
    return basicAuthorization(user, textOr(password, passwordFile)?.trim() ?? '');
  }
  if (given === undefined) return undefined;
  return `${given.type} ${textOr(given.credentials, given.credentialsFile)?.trim() ?? ''}`;
}

function headers({ httpHeaders = {} }: HttpClientConfig): Record<string, string> {
  return Object.fromEntries(
    Object.entries(httpHeaders).map(([name, { values, secrets, files }]) => [
      name,
      [...values, ...secrets, ...files.map((file) => readFileSync(file, 'utf8').trim())].join(', '),
    ]),
  );
}

function proxies(http: HttpClientConfig): Record<string, string | undefined> | undefined {
  if (http.proxyFromEnvironment) return process.env;
  if (http.proxyUrl === '') return undefined;
  return { http_proxy: http.proxyUrl, https_proxy: http.proxyUrl, no_proxy: http.noProxy };
}

function textOr(text: string, file: string): string | undefined {
  if (text !== '') return text;
  return file === '' ? undefined : readFileSync(file, 'utf8');
}
