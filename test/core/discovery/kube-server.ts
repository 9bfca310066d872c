/**
 * A Kubernetes API server as clients of lists and watches see it: pages, resource versions, events from a version on,
 * bookmarks, and a past that it may forget (410 Gone). Answers can be slow, and connections can be cut.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

export interface KubeObject {
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    resourceVersion?: string;
    labels?: Record<string, string>;
    [more: string]: unknown;
  };
  [more: string]: unknown;
}

const COLLECTIONS: Record<string, { kind: string; apiVersion: string }> = {
  pods: { kind: 'Pod', apiVersion: 'v1' },
  services: { kind: 'Service', apiVersion: 'v1' },
  endpoints: { kind: 'Endpoints', apiVersion: 'v1' },
  nodes: { kind: 'Node', apiVersion: 'v1' },
  namespaces: { kind: 'Namespace', apiVersion: 'v1' },
  endpointslices: { kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1' },
  ingresses: { kind: 'Ingress', apiVersion: 'networking.k8s.io/v1' },
  replicasets: { kind: 'ReplicaSet', apiVersion: 'apps/v1' },
  jobs: { kind: 'Job', apiVersion: 'batch/v1' },
};

interface Event {
  revision: number;
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  plural: string;
  object: KubeObject;
}

interface Snapshot {
  all: KubeObject[];
  revision: number;
}

interface Watch {
  plural: string;
  namespace: string | undefined;
  query: URLSearchParams;
  response: ServerResponse;
}

export class KubeServer {
  /** Requests so far: `list pods`, `watch default/pods 12`. */
  readonly requests: string[] = [];
  readonly authorizations = new Set<string | undefined>();
  /** Before each answer. */
  delayMs = 0;
  /** What is answered instead of anything else. */
  failing: number | undefined;
  /** What a page has at most, whatever was asked for. */
  pageSize = 500;
  private readonly objects = new Map<string, { plural: string; object: KubeObject }>();
  private readonly history: Event[] = [];
  private readonly watches = new Set<Watch>();
  /** Lists of which pages are still to be asked for. */
  private readonly snapshots = new Map<string, Snapshot>();
  private tokens = 0;
  private revision = 1;
  /** Events up to here are forgotten. */
  private forgotten = 0;

  readonly listener: RequestListener = async (request, response) => {
    try {
      await this.answer(request, response);
    } catch (error) {
      response.destroy(error as Error);
    }
  };

  /** Creates or changes. */
  put(...objects: KubeObject[]): void {
    for (const given of objects) {
      const plural = Object.keys(COLLECTIONS).find((name) => COLLECTIONS[name].kind === given.kind)!;
      const key = keyOf(plural, given);
      this.revision++;
      const metadata = { ...given.metadata, resourceVersion: String(this.revision) };
      const object = { ...given, apiVersion: COLLECTIONS[plural].apiVersion, metadata };
      const type = this.objects.has(key) ? 'MODIFIED' : 'ADDED';
      this.objects.set(key, { plural, object });
      this.publish({ revision: this.revision, type, plural, object });
    }
  }

  remove(kind: string, name: string, namespace?: string): void {
    const plural = Object.keys(COLLECTIONS).find((candidate) => COLLECTIONS[candidate].kind === kind)!;
    const key = keyOf(plural, { kind, metadata: { name, ...(namespace && { namespace }) } });
    const { object } = this.objects.get(key)!;
    this.objects.delete(key);
    this.revision++;
    const metadata = { ...object.metadata, resourceVersion: String(this.revision) };
    this.publish({ revision: this.revision, type: 'DELETED', plural, object: { ...object, metadata } });
  }

  /** Cuts every connection of a watch. */
  cut(): void {
    for (const { response } of this.watches) response.socket?.destroy();
    this.watches.clear();
  }

  /** Ends every watch as the server does when its time is over. */
  endWatches(): void {
    for (const { response } of this.watches) response.end();
    this.watches.clear();
  }

  /** Forgets all that has happened, as etcd does when it is compacted; watches that are open hear of it. */
  forget(): void {
    this.revision++;
    this.forgotten = this.revision;
    this.history.length = 0;
    this.snapshots.clear();
    for (const { response } of this.watches)
      response.end(`${JSON.stringify({ type: 'ERROR', object: GONE })}\n`);
    this.watches.clear();
  }

  bookmark(): void {
    this.revision++;
    for (const { plural, response } of this.watches) {
      const object = { ...COLLECTIONS[plural], metadata: { resourceVersion: String(this.revision) } };
      response.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
    }
  }

  get openWatches(): number {
    return this.watches.size;
  }

  private publish(event: Event): void {
    this.history.push(event);
    for (const watch of this.watches) if (concerns(watch, event)) send(watch.response, event);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, 'http://server');
    const [, namespace, plural] =
      /^\/apis?\/(?:[^/]+\/)?v1\/(?:namespaces\/([^/]+)\/)?(\w+)$/.exec(url.pathname) ?? [];
    const query = url.searchParams;
    const watching = query.has('watch') && query.get('watch') !== 'false' && query.get('watch') !== '0';
    const what = namespace === undefined ? plural : `${namespace}/${plural}`;
    this.requests.push(watching ? `watch ${what} ${query.get('resourceVersion')}` : `list ${what}`);
    this.authorizations.add(request.headers.authorization);
    if (this.delayMs > 0) await pause(this.delayMs);
    response.setHeader('Content-Type', 'application/json');
    if (this.failing !== undefined || plural === undefined || !(plural in COLLECTIONS)) {
      const code = this.failing ?? 404;
      response.writeHead(code).end(JSON.stringify({ kind: 'Status', code, message: 'the server says no' }));
    } else if (watching) this.watch({ plural, namespace, query, response });
    else this.list(plural, namespace, query, response);
  }

  private list(
    plural: string,
    namespace: string | undefined,
    query: URLSearchParams,
    response: ServerResponse,
  ): void {
    const [token, offset] = (query.get('continue') ?? '').split(':');
    const snapshot = token === '' ? this.snapshot(plural, namespace, query) : this.snapshots.get(token);
    if (snapshot === undefined) {
      response.writeHead(410).end(JSON.stringify(GONE));
      return;
    }
    const { all, revision } = snapshot;
    const from = Number(offset ?? 0);
    const limit = Number(query.get('limit') ?? 0);
    const size = limit === 0 ? all.length : Math.min(this.pageSize, limit);
    const id = token || String(++this.tokens);
    if (from + size < all.length) this.snapshots.set(id, snapshot);
    const { kind, apiVersion } = COLLECTIONS[plural];
    response.end(
      JSON.stringify({
        kind: `${kind}List`,
        apiVersion,
        metadata: {
          resourceVersion: String(revision),
          continue: from + size < all.length ? `${id}:${from + size}` : undefined,
        },
        items: all.slice(from, from + size),
      }),
    );
  }

  /** All pages of a list are of one moment. */
  private snapshot(plural: string, namespace: string | undefined, query: URLSearchParams): Snapshot {
    const all = [...this.objects.values()]
      .filter((entry) => entry.plural === plural && matches(entry.object, namespace, query))
      .map(({ object }) => object);
    return { all, revision: this.revision };
  }

  private watch(watch: Watch): void {
    const { query, response } = watch;
    if (query.get('sendInitialEvents') === 'true') {
      const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Invalid', code: 422 };
      response.writeHead(422).end(JSON.stringify(status));
      return;
    }
    const since = Number(query.get('resourceVersion') ?? 0);
    if (since < this.forgotten) {
      response.end(`${JSON.stringify({ type: 'ERROR', object: GONE })}\n`);
      return;
    }
    response.writeHead(200);
    response.flushHeaders();
    this.watches.add(watch);
    response.on('close', () => this.watches.delete(watch));
    for (const event of this.history)
      if (event.revision > since && concerns(watch, event)) send(response, event);
  }
}

const GONE = {
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  reason: 'Expired',
  message: 'too old resource version',
  code: 410,
};

function send(response: ServerResponse, { type, object }: Event): void {
  const text = `${JSON.stringify({ type, object })}\n`;
  // In pieces, as networks deliver.
  const middle = Math.floor(text.length / 2);
  response.write(text.slice(0, middle));
  response.write(text.slice(middle));
}

function concerns({ plural, namespace, query }: Watch, event: Event): boolean {
  return event.plural === plural && matches(event.object, namespace, query);
}

/** Selectors of equality only. */
function matches(
  { metadata, ...rest }: KubeObject,
  namespace: string | undefined,
  query: URLSearchParams,
): boolean {
  if (namespace !== undefined && metadata.namespace !== namespace) return false;
  for (const term of (query.get('labelSelector') ?? '').split(',').filter(Boolean)) {
    const [name, value] = term.split('=');
    if (metadata.labels?.[name] !== value) return false;
  }
  for (const term of (query.get('fieldSelector') ?? '').split(',').filter(Boolean)) {
    const [path, value] = term.split('=');
    const found = path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], {
      metadata,
      ...rest,
    });
    if (found !== value) return false;
  }
  return true;
}

function keyOf(plural: string, { metadata: { namespace = '', name } }: KubeObject): string {
  return `${plural}/${namespace}/${name}`;
}
