/** Reads a file that holds the settings of one HTTP client and nothing else, as `http_config` has them. */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { HttpClientConfig } from '../http/http-config.ts';
import { YamlDocument } from '../yaml/index.ts';
import { ConfigError } from './load.ts';
import { Reader } from './reader.ts';
import { http } from './sections/http.ts';

/** Throws ConfigError, or what reading a file throws. */
export function loadHttpConfig(path: string): HttpClientConfig {
  const document = new YamlDocument(readFileSync(path, 'utf8'), path);
  const reader = new Reader(document, dirname(path), new Map());
  if (document.failed) throw new ConfigError(reader.errors());
  const config = document.isNull(document.root) ? http.initial() : http.read(reader, document.root!, '');
  const errors = reader.errors();
  if (errors.length > 0) throw new ConfigError(errors);
  return config;
}
