/**
 * kubectl's configuration file: the cluster and the user of its current context.
 * See https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
 */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { InputError } from '../../errors.ts';
import {
  type AuthorizationConfig,
  DEFAULT_HTTP_CLIENT_CONFIG,
  type HttpClientConfig,
} from '../../http/http-config.ts';
import { parse } from '../../yaml/index.ts';
import { type ApiServer, withSlash } from './api-server.ts';

type Settings = Readonly<Record<string, unknown>>;

/** Rejects with InputError for a file that is not one, or wants what tsmon does not do. */
export async function readKubeconfig(file: string): Promise<ApiServer> {
  const fail = (reason: string) => new InputError('discovery_kubernetes', reason, { file });
  let document: unknown;
  try {
    document = parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw fail((error as Error).message);
  }
  const root = settingsIn(document);
  const context = named(root, 'contexts', 'context', textIn(root, 'current-context'), fail);
  const cluster = named(root, 'clusters', 'cluster', textIn(context, 'cluster'), fail);
  const userName = textIn(context, 'user');
  const user = userName === '' ? {} : named(root, 'users', 'user', userName, fail);
  for (const program of ['exec', 'auth-provider']) {
    if (user[program] !== undefined)
      throw fail(`the user "${userName}" gets its credentials from a program (${program}), which is not run`);
  }
  const server = textIn(cluster, 'server');
  if (!URL.canParse(server)) throw fail(`the cluster's server "${server}" is not a URL`);
  return { server: withSlash(server), http: httpConfig(cluster, user, dirname(resolve(file))) };
}

function httpConfig(cluster: Settings, user: Settings, dir: string): HttpClientConfig {
  const path = (settings: Settings, name: string) => {
    const given = textIn(settings, name);
    return given === '' ? '' : resolve(dir, given);
  };
  // What is inline counts before what is in a file, as with kubectl.
  const pem = (settings: Settings, name: string) => {
    const text = Buffer.from(textIn(settings, `${name}-data`), 'base64').toString('utf8');
    return { text, file: text === '' ? path(settings, name) : '' };
  };
  const ca = pem(cluster, 'certificate-authority');
  const cert = pem(user, 'client-certificate');
  const key = pem(user, 'client-key');
  const username = textIn(user, 'username');
  const basicAuth = { username, usernameFile: '', password: textIn(user, 'password'), passwordFile: '' };
  return {
    ...DEFAULT_HTTP_CLIENT_CONFIG,
    proxyUrl: textIn(cluster, 'proxy-url'),
    basicAuth: username === '' ? undefined : basicAuth,
    authorization: username === '' ? authorizationOf(user, path(user, 'tokenFile')) : undefined,
    tlsConfig: {
      ...DEFAULT_HTTP_CLIENT_CONFIG.tlsConfig,
      ca: ca.text,
      caFile: ca.file,
      cert: cert.text,
      certFile: cert.file,
      key: key.text,
      keyFile: key.file,
      serverName: textIn(cluster, 'tls-server-name'),
      insecureSkipVerify: cluster['insecure-skip-tls-verify'] === true,
    },
  };
}

/** A file is read again when it changes, and so counts before a token that stands here. */
function authorizationOf(user: Settings, tokenFile: string): AuthorizationConfig | undefined {
  const token = textIn(user, 'token');
  if (tokenFile !== '') return { type: 'Bearer', credentials: '', credentialsFile: tokenFile };
  return token === '' ? undefined : { type: 'Bearer', credentials: token, credentialsFile: '' };
}

function named(
  root: Settings,
  list: string,
  what: string,
  name: string,
  fail: (reason: string) => InputError,
): Settings {
  const entries = Array.isArray(root[list]) ? root[list].map(settingsIn) : [];
  const entry = entries.find((candidate) => candidate['name'] === name);
  if (entry === undefined) throw fail(`there is no ${what} "${name}"`);
  return settingsIn(entry[what]);
}

function settingsIn(value: unknown): Settings {
  return typeof value === 'object' && value !== null ? (value as Settings) : {};
}

function textIn(settings: Settings, name: string): string {
  const value = settings[name];
  return typeof value === 'string' ? value : '';
}
