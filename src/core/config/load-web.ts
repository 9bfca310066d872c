/** Reads web.yml. */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { YamlDocument } from '../yaml/index.ts';
import { ConfigError } from './load.ts';
import { Reader } from './reader.ts';
import { asksForTls, webFile } from './sections/web.ts';
import type { WebConfig } from './web-config.ts';

/** Throws ConfigError, or what reading a file throws. */
export function loadWebConfig(path: string): WebConfig {
  return parseWebConfig(readFileSync(path, 'utf8'), path);
}

/** As `loadWebConfig`, for a text; names of files are relative to the folder of `file`. */
export function parseWebConfig(text: string, file = 'web.yml'): WebConfig {
  const document = new YamlDocument(text, file);
  const reader = new Reader(document, dirname(file), new Map());
  if (document.failed) throw new ConfigError(reader.errors());
  const read = document.isNull(document.root) ? webFile.initial() : webFile.read(reader, document.root!, '');
  const errors = reader.errors();
  if (errors.length > 0) throw new ConfigError(errors);
  const tls = read.tlsServerConfig;
  return {
    tls: tls !== undefined && asksForTls(tls) ? tls : undefined,
    http2: read.httpServerConfig.http2,
    headers: read.httpServerConfig.headers,
    basicAuthUsers: read.basicAuthUsers,
    rateLimit: read.rateLimit,
  };
}
