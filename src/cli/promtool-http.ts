/** How promtool speaks to servers: the file with the settings of its HTTP client, headers, and the client itself. */
import { existsSync } from 'node:fs';
import { Flags } from '@oclif/core';
import { ConfigError, loadHttpConfig } from '../core/config/index.ts';
import { openHttpClient } from '../core/http/configured-client.ts';
import type { FetchClient } from '../core/http/fetch.ts';
import { DEFAULT_HTTP_CLIENT_CONFIG } from '../core/http/http-config.ts';
import { goQuote } from '../core/model/quote.ts';
import { CommandFailure, EXIT_FAILED } from './command.ts';
import { promtoolFaults } from './promtool-faults.ts';

export const httpConfigFlag = Flags.string({
  description: 'HTTP client configuration file to connect to Prometheus with',
  helpValue: '<filename>',
});

export const headerFlag = Flags.string({
  description: 'Extra header to send to the server; repeat for several',
  helpValue: 'NAME=VALUE',
  multiple: true,
  multipleNonGreedy: true,
});

/** A server as promtool takes it: http is assumed. Throws CommandFailure. */
export function serverUrl(server: string): string {
  const url = /^https?:\/\//i.test(server) ? server : `http://${server}`;
  if (URL.canParse(url)) return url;
  const reason = server.startsWith(':') ? 'missing protocol scheme' : 'invalid character in host name';
  throw new CommandFailure(
    EXIT_FAILED,
    `promtool: error: invalid URL: parse ${goQuote(server)}: ${reason}, try --help`,
  );
}

/** `a=b` flags, in their order. Throws CommandFailure. */
export function keyValues(pairs: readonly string[]): [key: string, value: string][] {
  return pairs.map((pair) => {
    const at = pair.indexOf('=');
    if (at < 0)
      throw new CommandFailure(EXIT_FAILED, `promtool: error: expected KEY=VALUE got '${pair}', try --help`);
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
}

export interface PromtoolClientOptions {
  /** Of tsmon. */
  version: string;
  /** The file of --http.config.file. */
  file?: string | undefined;
  /** As --header has them. */
  headers?: readonly string[] | undefined;
}

/** Throws CommandFailure. */
export function openPromtoolClient({ version, file, headers = [] }: PromtoolClientOptions): FetchClient {
  const config = file === undefined ? DEFAULT_HTTP_CLIENT_CONFIG : readConfig(file);
  const added = keyValues(headers).map(([name, value]) => [
    name,
    { values: [value], secrets: [], files: [] },
  ]);
  return openHttpClient(
    { ...config, httpHeaders: { ...config.httpHeaders, ...Object.fromEntries(added) } },
    { userAgent: `tsmon/${version}`, env: process.env },
  );
}

function readConfig(file: string) {
  if (!existsSync(file))
    throw new CommandFailure(EXIT_FAILED, `promtool: error: path '${file}' does not exist, try --help`);
  try {
    return loadHttpConfig(file);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const reason = promtoolFaults('', error.errors).join('\n');
    throw new CommandFailure(EXIT_FAILED, `promtool: error: Failed to load HTTP config file: ${reason}`);
  }
}
