/** How a command that fetches over HTTP proves who it is and whom it trusts: one set of flags for all of them. */
import { readFileSync } from 'node:fs';
import { Flags } from '@oclif/core';
import { InputError } from '../core/errors.ts';
import { basicAuthorization, type FetchClientOptions } from '../core/http/fetch.ts';

const GROUP = 'HTTP';

export const httpFlags = {
  user: Flags.string({
    description: 'Basic authentication; the password may also come from --password-file or $TSMON_PASSWORD',
    helpValue: 'NAME[:PASSWORD]',
    helpGroup: GROUP,
    exclusive: ['bearer-token', 'bearer-token-file'],
  }),
  'password-file': Flags.string({
    description: 'Where the password for --user is, so that it is not in the list of processes',
    helpValue: 'FILE',
    helpGroup: GROUP,
    dependsOn: ['user'],
  }),
  'bearer-token': Flags.string({
    description: 'Authorization: Bearer TOKEN',
    helpValue: 'TOKEN',
    helpGroup: GROUP,
    env: 'TSMON_BEARER_TOKEN',
  }),
  'bearer-token-file': Flags.string({
    description: 'Where the bearer token is',
    helpValue: 'FILE',
    helpGroup: GROUP,
    exclusive: ['bearer-token'],
  }),
  header: Flags.string({
    description: 'A header to send; repeat for several',
    helpValue: '"NAME: VALUE"',
    helpGroup: GROUP,
    multiple: true,
    multipleNonGreedy: true,
  }),
  'tls-ca': Flags.string({
    description: 'Trust the certificates of this PEM file instead of the usual ones',
    helpValue: 'FILE',
    helpGroup: GROUP,
  }),
  'tls-cert': Flags.string({
    description: 'Our own certificate, PEM',
    helpValue: 'FILE',
    helpGroup: GROUP,
    dependsOn: ['tls-key'],
  }),
  'tls-key': Flags.string({
    description: 'The key of our own certificate, PEM',
    helpValue: 'FILE',
    helpGroup: GROUP,
    dependsOn: ['tls-cert'],
  }),
  'tls-server-name': Flags.string({
    description: 'The name that the certificate must have, where it is not the host of the URL',
    helpValue: 'NAME',
    helpGroup: GROUP,
  }),
  insecure: Flags.boolean({ description: 'Accept any certificate', helpGroup: GROUP }),
  'follow-redirects': Flags.boolean({
    description: 'Follow redirects to other http and https URLs (default)',
    helpGroup: GROUP,
    default: true,
    allowNo: true,
  }),
};

/** What the flags above are once they are parsed. */
export interface HttpFlags {
  user?: string | undefined;
  'password-file'?: string | undefined;
  'bearer-token'?: string | undefined;
  'bearer-token-file'?: string | undefined;
  header?: string[] | undefined;
  'tls-ca'?: string | undefined;
  'tls-cert'?: string | undefined;
  'tls-key'?: string | undefined;
  'tls-server-name'?: string | undefined;
  insecure: boolean;
  'follow-redirects': boolean;
}

/** Reads the files that the flags name. Throws InputError, or the system's error. */
export function fetchClientOptions(
  flags: HttpFlags,
  version: string,
  keepAlive: boolean,
): FetchClientOptions {
  return {
    userAgent: `tsmon/${version}`,
    authorization: authorization(flags),
    headers: Object.fromEntries((flags.header ?? []).map(parseHeader)),
    tls: {
      ca: contents(flags['tls-ca']),
      cert: contents(flags['tls-cert']),
      key: contents(flags['tls-key']),
      serverName: flags['tls-server-name'],
      insecure: flags.insecure,
    },
    followRedirects: flags['follow-redirects'],
    keepAlive,
    proxyEnv: process.env,
  };
}

function authorization(flags: HttpFlags): string | undefined {
  if (flags.user !== undefined) {
    const colon = flags.user.indexOf(':');
    const inline = colon < 0 ? undefined : flags.user.slice(colon + 1);
    const password = secret(flags['password-file']) ?? inline ?? process.env['TSMON_PASSWORD'] ?? '';
    return basicAuthorization(colon < 0 ? flags.user : flags.user.slice(0, colon), password);
  }
  const token = secret(flags['bearer-token-file']) ?? flags['bearer-token'];
  if (token === undefined) return undefined;
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new InputError('bad_header', 'the bearer token has characters that no header may have');
  return `Bearer ${token}`;
}

function parseHeader(text: string): [name: string, value: string] {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/.exec(text);
  if (match === null) throw new InputError('bad_header', `"${text}" is not a header: write "Name: value"`);
  return [match[1], match[2]];
}

function contents(file: string | undefined): string | undefined {
  return file === undefined ? undefined : readFileSync(file, 'utf8');
}

/** A secret's file usually ends with a line feed that is not part of it. */
function secret(file: string | undefined): string | undefined {
  return contents(file)?.trim();
}
