/**
 * Opens what --from names: data directories, blocks, exposition from files or stdin, and servers, several of them
 * merged. A kind of source that is not named is not loaded.
 */
import { existsSync } from 'node:fs';
import { type Clock, systemClock } from '../core/clock.ts';
import { type CorruptionError, InputError } from '../core/errors.ts';
import type { FetchClient } from '../core/http/fetch.ts';
import { DirectorySource, isDataDirectory } from '../core/source/directory.ts';
import type { ApiClient } from '../core/source/http/api-client.ts';
import { mergeSources } from '../core/source/merge.ts';
import type { Source } from '../core/source/source.ts';
import { DEFAULT_DATA_DIR } from './flags.ts';
import type { HttpFlags } from './http-flags.ts';
import { inputName, pieces } from './input.ts';
import { advisedOnce } from './repair-advice.ts';

export interface SourceOptions {
  /** Told of what is damaged; the rest is read. */
  onDamage: (error: CorruptionError) => void;
  /** Told of what servers say beside their data; else it is not heard. */
  onWarning?: (text: string) => void;
  /** How to speak to servers. */
  http?: HttpFlags;
  /** Speaks to servers instead, and is closed with the source. */
  client?: FetchClient;
  /** For one request to a server. */
  timeoutMs?: number;
  /** Gives samples without a time one. */
  clock?: Clock;
}

export interface OpenedSources {
  source: Source;
  /** The server that is the only source: it can be asked for more than series. */
  server: ApiClient | undefined;
}

/** An answer that is longer could not be one string. */
const ANSWER_LIMIT_BYTES = 512 * 1024 * 1024;

const DEFAULT_TIMEOUT_MS = 2 * 60_000;
const PLAIN_HTTP: HttpFlags = { insecure: false, 'follow-redirects': true };
/** Put in by the build. */
const VERSION = process.env['TSMON_VERSION'] ?? 'unbuilt';

/** Opens all that is named, as one source. */
export async function openSources(from: readonly string[], options: SourceOptions): Promise<Source> {
  return (await openForQueries(from, options)).source;
}

/** The same for those who can make use of a server. */
export async function openForQueries(
  from: readonly string[],
  options: SourceOptions,
): Promise<OpenedSources> {
  const opened: OpenedSources[] = [];
  try {
    for (const name of from) opened.push(await openSource(name, options));
  } catch (error) {
    for (const { source } of opened) await source.close();
    throw error;
  }
  if (opened.length === 1) return opened[0];
  return { source: mergeSources(opened.map(({ source }) => source)), server: undefined };
}

/** Whether --from NAME is a URL. */
export function isServer(name: string): boolean {
  return /^https?:\/\//i.test(name);
}

async function openSource(name: string, options: SourceOptions): Promise<OpenedSources> {
  if (isServer(name)) return openServer(name, options);
  let source: Source;
  if (name === '-' || (existsSync(name) && !isDataDirectory(name)))
    source = await openExposition(name, options);
  else if (existsSync(name)) source = new DirectorySource(name, { onDamage: advisedOnce(options.onDamage) });
  else throw notFound(name);
  return { source, server: undefined };
}

async function openServer(name: string, options: SourceOptions): Promise<OpenedSources> {
  const { clock = systemClock, http = PLAIN_HTTP, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  if (!URL.canParse(name)) throw new InputError('bad_source', `"${name}" is not a URL`);
  const [{ fetchClientOptions }, { HttpClient }, { ApiClient }, { HttpSource }] = await Promise.all([
    import('./http-flags.ts'),
    import('../core/http/http-client.ts'),
    import('../core/source/http/api-client.ts'),
    import('../core/source/http/http-source.ts'),
  ]);
  const server = new ApiClient(new URL(name), {
    client: options.client ?? new HttpClient(fetchClientOptions(http, VERSION, true)),
    timeoutMs,
    bodySizeLimitBytes: ANSWER_LIMIT_BYTES,
  });
  const { onWarning = () => {} } = options;
  return { source: new HttpSource(server, () => clock.now(), onWarning), server };
}

async function openExposition(name: string, { clock = systemClock }: SourceOptions): Promise<Source> {
  const [{ MemorySource }, { readExposition }] = await Promise.all([
    import('../core/source/memory.ts'),
    import('../core/source/exposition.ts'),
  ]);
  const source = new MemorySource();
  try {
    readExposition(pieces(name), source, clock);
  } catch (error) {
    throw error instanceof InputError ? error.in({ file: inputName(name) }) : error;
  }
  return source;
}

function notFound(name: string): InputError {
  if (name !== DEFAULT_DATA_DIR)
    return new InputError('not_found', 'no such file or directory', { file: name });
  return new InputError(
    'not_found',
    'there is no data/ here: name a data directory, a file, - or a URL with --from or $TSMON_DATA',
  );
}
