/**
 * Consul's HTTP API with blocking queries: one index for everything, answers that wait for a change, slow ones, and
 * connections that are cut.
 */
import type { RequestListener, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

export interface Entry {
  Node: Record<string, unknown>;
  Service: Record<string, unknown> & { Tags: string[] };
  Checks: { CheckID: string; Status: string }[];
}

export function entry(
  address: string,
  port: number,
  more: Partial<Entry['Service']> = {},
  checks = ['passing'],
): Entry {
  return {
    Node: {
      ID: 'b1',
      Node: `node-${port}`,
      Address: '127.70.0.1',
      Datacenter: 'east',
      TaggedAddresses: { lan: '127.70.0.1', wan_ipv4: '127.71.0.1' },
      Meta: { 'rack-id': '7', zone: 'a' },
    },
    Service: {
      ID: `id-${port}`,
      Service: 'any',
      Tags: ['a', 'b'],
      Meta: { 'metrics.path': '/m' },
      Port: port,
      Address: address,
      Namespace: 'default',
      Partition: 'default',
      ...more,
    },
    Checks: checks.map((Status, i) => ({ CheckID: `check-${i}`, Status })),
  };
}

interface Waiting {
  response: ServerResponse;
  answer: () => void;
}

export class ConsulServer {
  readonly services = new Map<string, Entry[]>();
  /** Path and query of each request. */
  readonly requests: string[] = [];
  readonly tokens = new Set<unknown>();
  failing = false;
  delayMs = 0;
  index = 10_000;
  private readonly waiting = new Set<Waiting>();

  readonly listener: RequestListener = async (request, response) => {
    const { pathname, searchParams: query } = new URL(request.url!, 'http://consul');
    this.requests.push(request.url!);
    this.tokens.add(request.headers['x-consul-token']);
    if (this.delayMs > 0) await pause(this.delayMs);
    if (this.failing) {
      response.writeHead(500).end('rpc error: No cluster leader');
      return;
    }
    const send = (document: unknown) => {
      response.setHeader('Content-Type', 'application/json');
      response.setHeader('X-Consul-Index', String(this.index));
      response.end(JSON.stringify(document));
    };
    if (pathname === '/v1/agent/self') {
      send({ Config: { Datacenter: 'east', NodeName: 'agent' } });
      return;
    }
    const name = /^\/v1\/health\/service\/(.+)$/.exec(pathname)?.[1];
    const answer = () => {
      if (name === undefined) send(this.catalog());
      else send(this.entries(decodeURIComponent(name), query.getAll('tag')));
    };
    if (Number(query.get('index') ?? 0) !== this.index) {
      answer();
      return;
    }
    const waiting: Waiting = { response, answer };
    this.waiting.add(waiting);
    response.on('close', () => this.waiting.delete(waiting));
  };

  /** A service as it is now, or no longer where there are no entries. */
  set(name: string, ...entries: Entry[]): void {
    if (entries.length === 0) this.services.delete(name);
    else this.services.set(name, entries);
    this.index++;
    this.release();
  }

  /** As after a restored backup: what there is, with an index that is smaller. */
  reset(index: number): void {
    this.index = index;
    this.release();
  }

  /** Cuts every connection that waits. */
  cut(): void {
    for (const { response } of this.waiting) response.socket?.destroy();
    this.waiting.clear();
  }

  get polls(): number {
    return this.waiting.size;
  }

  private release(): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const { answer } of waiting) answer();
  }

  private catalog(): Record<string, string[]> {
    const tagsOf = (entries: Entry[]) => [...new Set(entries.flatMap(({ Service }) => Service.Tags))];
    return Object.fromEntries([...this.services].map(([name, entries]) => [name, tagsOf(entries)]));
  }

  private entries(name: string, tags: string[]): Entry[] {
    const all = this.services.get(name) ?? [];
    return all.filter(({ Service }) => tags.every((tag) => Service.Tags.includes(tag)));
  }
}
