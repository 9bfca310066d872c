/**
 * Keeps a copy of the objects of one kind in one namespace: lists them, then watches for changes from there on. A watch
 * that ends is begun again where it stopped; one whose past the server has forgotten (410 Gone) begins with a new list,
 * which is compared with the copy, so that nothing is lost on the way.
 * See https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
import type { Clock } from '../../clock.ts';
import type { InputError } from '../../errors.ts';
import { type FetchClient, FetchError } from '../../http/fetch.ts';
import { type ApiAnswer, badAnswer, fetchAnyText, parseAnswer } from '../http-json.ts';
import { JsonLines } from './json-lines.ts';
import { type KubeObject, keyOf } from './objects.ts';

const LIST_TIMEOUT_MS = 60_000;
const PAGE = 500;
/** The server ends a watch after this; each asks for a time of its own, so that not all end together. */
const WATCH_SECONDS = 300;
/** For the head of a watch's answer, which comes at once. */
const BEGIN_TIMEOUT_MS = 30_000;
const GRACE_MS = 30_000;
const MOST_EVENT_BYTES = 64 * 1024 * 1024;
const FIRST_BACKOFF_MS = 800;
const LONGEST_BACKOFF_MS = 30_000;
/** A watch that ends sooner, and has brought nothing, is not begun again at once. */
const SHORT_WATCH_MS = 1000;

export type ObjectEvent = 'add' | 'update' | 'delete';

export interface ReflectorHost {
  clock: Clock;
  /** An object came, changed or went; it is in `objects` (or no longer) already. */
  changed(event: ObjectEvent, key: string): void;
  /** What came together has all been told. */
  settled(): void;
  /** A request was answered with this status, after so long; undefined where there was no answer, or none to wait for. */
  requested?(status: number | undefined, seconds: number | undefined, url: URL): void;
  /** A request failed; it will be tried again. */
  failed(error: Error): void;
}

export interface ReflectorSource {
  client: FetchClient;
  /** Of the collection. */
  url: URL;
  /** '' for all. */
  labelSelector: string;
  fieldSelector: string;
}

interface List {
  metadata?: { resourceVersion?: string; continue?: string };
  items?: KubeObject[] | null;
}

interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: KubeObject & { code?: number; message?: string };
}

export class Reflector {
  private readonly source: ReflectorSource;
  private readonly objects: Map<string, KubeObject>;
  private readonly host: ReflectorHost;
  /** Which of the objects are from here; several reflectors may share a copy. */
  private readonly own = new Set<string>();
  /** '' where a list is needed. */
  private version = '';
  private backoffMs = FIRST_BACKOFF_MS;
  /** The first list is here. */
  synced = false;

  constructor(source: ReflectorSource, objects: Map<string, KubeObject>, host: ReflectorHost) {
    this.source = source;
    this.objects = objects;
    this.host = host;
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.host;
    while (!signal.aborted) {
      const began = clock.monotonic();
      try {
        if (this.version === '') await this.list(signal);
        const before = this.version;
        await this.watch(signal);
        const brought = before !== this.version;
        if (brought) this.backoffMs = FIRST_BACKOFF_MS;
        else if (clock.monotonic() - began < SHORT_WATCH_MS) await this.backOff(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Gone) this.version = '';
        else this.host.failed(error as Error);
        await this.backOff(signal);
      }
    }
  }

  private async backOff(signal: AbortSignal): Promise<void> {
    const waitMs = this.backoffMs * (1 + Math.random());
    this.backoffMs = Math.min(this.backoffMs * 2, LONGEST_BACKOFF_MS);
    await this.host.clock.sleep(waitMs, signal).catch(() => {});
  }

  private async list(signal: AbortSignal): Promise<void> {
    const seen = new Set<string>();
    let version = '';
    for (let next = ''; ; ) {
      const url = this.url({ limit: String(PAGE), continue: next });
      const answer = await this.ask(url, signal);
      if (answer.status !== 200) throw refusal(url, answer.status, answer.text);
      const { metadata, items } = parseAnswer(answer.text, url) as List;
      for (const object of items ?? []) seen.add(this.put(object));
      version = metadata?.resourceVersion ?? '';
      next = metadata?.continue ?? '';
      if (next === '') break;
    }
    for (const key of [...this.own]) if (!seen.has(key)) this.remove(key);
    this.version = version;
    this.synced = true;
    this.backoffMs = FIRST_BACKOFF_MS;
    this.host.settled();
  }

  private async ask(url: URL, signal: AbortSignal): Promise<ApiAnswer> {
    const { clock } = this.host;
    const began = clock.monotonic();
    let status: number | undefined;
    try {
      const answer = await fetchAnyText(this.source.client, { url, timeoutMs: LIST_TIMEOUT_MS }, signal);
      status = answer.status;
      return answer;
    } finally {
      if (!signal.aborted) this.host.requested?.(status, (clock.monotonic() - began) / 1000, url);
    }
  }

  private async watch(signal: AbortSignal): Promise<void> {
    const seconds = Math.round(WATCH_SECONDS * (1 + Math.random()));
    const url = this.url({
      watch: '1',
      allowWatchBookmarks: 'true',
      resourceVersion: this.version,
      timeoutSeconds: String(seconds),
    });
    const stop = new AbortController();
    const silent = setTimeout(
      () => stop.abort(badAnswer(url, `no answer within ${BEGIN_TIMEOUT_MS / 1000}s`)),
      BEGIN_TIMEOUT_MS,
    );
    let answered = false;
    let begun = false;
    let fault: Error | undefined;
    let refused: number | undefined;
    const body = new JsonLines(
      () => {
        begun = true;
        clearTimeout(silent);
      },
      (line) => {
        try {
          this.take(JSON.parse(line) as WatchEvent, url);
        } catch (error) {
          fault = error as Error;
        }
        return fault === undefined;
      },
    );
    const request = {
      url,
      headers: { Accept: 'application/json' },
      timeoutMs: seconds * 1000 + GRACE_MS,
      bodySizeLimitBytes: MOST_EVENT_BYTES,
      accepts: (status: number) => {
        this.host.requested?.(status, undefined, url);
        answered = true;
        if (status !== 200) refused = status;
        return status === 200;
      },
    };
    try {
      await this.source.client.fetch(request, body, AbortSignal.any([signal, stop.signal]));
    } catch (error) {
      if (!answered && !signal.aborted) this.host.requested?.(undefined, undefined, url);
      if (refused !== undefined) throw refusal(url, refused, (error as InputError).reason ?? '');
      // A connection that is lost on the way is a watch that has ended.
      if (fault === undefined && begun && error instanceof FetchError && error.code === 'http_reset') return;
      throw fault ?? error;
    } finally {
      clearTimeout(silent);
    }
  }

  private take({ type, object }: WatchEvent, url: URL): void {
    if (type === 'ERROR') {
      const { code = 0, message = 'the watch failed' } = object;
      // Only overload and faults of the server's own leave a watch that can go on.
      if (code !== TOO_MANY_REQUESTS && code < 500) this.version = '';
      throw refusal(url, code, message);
    }
    if (type === 'DELETED') this.remove(keyOf(object));
    else if (type !== 'BOOKMARK') this.put(object);
    this.version = object.metadata.resourceVersion ?? this.version;
    this.host.settled();
  }

  private put(object: KubeObject): string {
    const key = keyOf(object);
    const before = this.objects.get(key);
    this.own.add(key);
    const version = object.metadata.resourceVersion;
    // A new list has much that is known already.
    if (before !== undefined && version !== undefined && before.metadata.resourceVersion === version)
      return key;
    // Often half of an object, and of no use here.
    object.metadata.managedFields = undefined;
    this.objects.set(key, object);
    this.host.changed(before === undefined ? 'add' : 'update', key);
    return key;
  }

  private remove(key: string): void {
    this.own.delete(key);
    if (this.objects.delete(key)) this.host.changed('delete', key);
  }

  private url(params: Readonly<Record<string, string>>): URL {
    const { url, labelSelector, fieldSelector } = this.source;
    const asked = new URL(url);
    for (const [name, value] of Object.entries({ ...params, labelSelector, fieldSelector })) {
      if (value !== '') asked.searchParams.set(name, value);
    }
    return asked;
  }
}

/** What the server had is no longer there to go on from. */
class Gone extends Error {}

const GONE = 410;
const TOO_MANY_REQUESTS = 429;

function refusal(url: URL, status: number, text: string): Error {
  if (status === GONE) return new Gone(text);
  const shown = new URL(url);
  shown.search = '';
  return badAnswer(shown, `${messageIn(text)} (HTTP status ${status})`);
}

/** Of the Status object that the API refuses with. */
function messageIn(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === 'string') return message;
  } catch {
    // A proxy on the way, perhaps.
  }
  return text.trim().slice(0, 300);
}
