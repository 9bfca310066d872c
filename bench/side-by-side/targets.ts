/**
 * Targets whose answers are known: to each scraper its own piece, by the number of its scrape, so that what two
 * scrapers stored can be compared sample by sample; and others that follow the wall clock, for alerts.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createWriter, writeFamilies } from '../../src/core/exposition/index.ts';
import type { MetricFamily } from '../../src/core/model/family.ts';
import { CounterReset, type Histogram, labelsFromObject } from '../../src/core/model/index.ts';

const TEXT = 'text/plain; version=0.0.4; charset=utf-8';
const OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
const PROTOBUF =
  'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';
const MINUTE = 60_000;

interface Body {
  type: string;
  body: string | Uint8Array;
}

/** What the scrape with this number gets; a string is a fault. */
type Piece = (n: number, now: number) => Body | 'status' | 'hangup' | 'slow';

export const PIECES: Readonly<Record<string, Piece>> = {
  plain: (n) => ({ type: TEXT, body: plain(n) }),
  faulty: (n) => {
    if (n % 17 === 5) return 'status';
    if (n % 37 === 13) return 'hangup';
    if (n % 41 === 17) return 'slow';
    if (n % 23 === 7) return { type: TEXT, body: '{{{ not metrics\n' };
    return { type: TEXT, body: n % 29 === 11 ? '' : plain(n) };
  },
  limited: (n) => ({ type: TEXT, body: n % 7 === 3 ? `${plain(n)}${many(40)}` : plain(n) }),
  honoring: (n) => ({
    type: TEXT,
    body: `own{job="mine",instance="there",n="${n % 3}"} ${n}\nplain ${n}\n`,
  }),
  timed: (n, now) => ({ type: TEXT, body: timed(n, now) }),
  openmetrics: (n) => ({ type: OPENMETRICS, body: openmetrics(n) }),
  native: (n) => ({ type: PROTOBUF, body: native(n) }),
  relabelled: (n) => ({
    type: TEXT,
    body: `${plain(n)}drop_me{a="${n % 4}"} 1\nkeep_me{le="5",tmp="x"} ${n}\n`,
  }),
};

function plain(n: number): string {
  const lines = ['# HELP c_total Counts.', '# TYPE c_total counter', `c_total ${(n % 50) * 3}`];
  lines.push('# TYPE wave gauge', `wave ${Math.sin(n / 10)}`, `odd ${n % 3 === 0 ? 'NaN' : '+Inf'}`);
  for (let x = 0; x < 5; x++) if ((n + x) % 5 !== 0) lines.push(`comes_and_goes{x="${x}"} ${n * x}`);
  lines.push(`generation{gen="${Math.floor(n / 20)}"} ${n}`);
  lines.push('# TYPE h histogram');
  for (const [i, le] of ['0.5', '1', '+Inf'].entries()) lines.push(`h_bucket{le="${le}"} ${n * (i + 1)}`);
  lines.push(`h_sum ${n / 2}`, `h_count ${n * 3}`);
  return `${lines.join('\n')}\n`;
}

function many(count: number): string {
  return Array.from({ length: count }, (_, i) => `more{i="${i}"} ${i}\n`).join('');
}

/** Times of its own: of now, of a while ago, standing still, and going back. */
function timed(n: number, now: number): string {
  const standing = Math.floor(now / MINUTE) * MINUTE;
  return `fresh ${n} ${now}
late ${n} ${now - 30_000}
standing 1 ${standing}
back ${n} ${n % 6 === 5 ? now - 120_000 : now}
untimed ${n}
`;
}

function openmetrics(n: number): string {
  return `# TYPE req counter
# HELP req Requests.
req_total{code="200"} ${n} # {trace_id="t${n}"} 1
req_created{code="200"} 1700000000
# TYPE state stateset
state{state="a"} ${n % 2}
state{state="b"} ${1 - (n % 2)}
# TYPE build info
build_info{version="${Math.floor(n / 30)}"} 1
# EOF
`;
}

function native(n: number): Uint8Array {
  const count = n % 40;
  const histogram: Histogram = {
    isFloat: false,
    counterReset: CounterReset.unknown,
    schema: 1,
    zeroThreshold: 0.001,
    zeroCount: 1,
    count: count * 3 + 1,
    sum: count * 2.5,
    stale: false,
    positiveSpans: [
      { offset: 0, length: 2 },
      { offset: 1 + Math.floor(n / 60), length: 1 },
    ],
    negativeSpans: [],
    positiveBuckets: Float64Array.of(count, count, count),
    negativeBuckets: new Float64Array(0),
    customValues: new Float64Array(0),
  };
  const writer = createWriter('protobuf', { withoutTimestamps: true });
  const families: MetricFamily[] = [
    {
      name: 'native_seconds',
      type: 'histogram',
      help: 'Native.',
      unit: '',
      samples: [{ labels: labelsFromObject({ __name__: 'native_seconds', path: '/' }), v: 0, histogram }],
    },
    {
      name: 'steps',
      type: 'gauge',
      help: '',
      unit: '',
      samples: [{ labels: labelsFromObject({ __name__: 'steps' }), v: n }],
    },
  ];
  writeFamilies(writer, families);
  writer.end();
  return writer.take().slice();
}

/** What alerts are about, by the wall clock: the same for whoever looks. */
export function clockBody(now: number): string {
  const phase = (now / 1000) % 240;
  const flap = (now / 1000) % 60;
  const lines = [
    `level{site="a"} ${phase < 120 ? 10 : 1}`,
    `level{site="b"} ${phase < 30 ? 10 : 1}`,
    `flapping ${flap < 20 ? 1 : 0}`,
    `minute ${Math.floor(now / MINUTE) % 60}`,
  ];
  if (phase >= 60) lines.push(`sometimes{kind="x"} 1`);
  return `${lines.join('\n')}\n`;
}

/** A server of targets: `/NAME` plays a piece to each scraper, `/clock` follows the clock, `/sd` finds targets. */
export class Targets {
  address = '';
  private readonly plays = new Map<string, number>();
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => this.answer(request, response));
    this.server.keepAliveTimeout = 120_000;
  }

  async start(): Promise<void> {
    this.address = await listen(this.server);
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const now = Date.now();
    const path = new URL(request.url!, 'http://x').pathname.slice(1);
    if (path === 'clock') {
      response.writeHead(200, { 'Content-Type': TEXT }).end(clockBody(now));
      return;
    }
    if (path === 'sd') {
      const more =
        Math.floor(now / MINUTE) % 3 === 0
          ? []
          : [{ targets: [`${this.address}`], labels: { found: 'http' } }];
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(more));
      return;
    }
    const agent = request.headers['user-agent']!.split('/')[0];
    const play = `${agent} ${path}`;
    const n = this.plays.get(play) ?? 0;
    this.plays.set(play, n + 1);
    const name = path.replace(/^timed-.*/, 'timed');
    const piece = (PIECES[name] ?? PIECES['plain'])(n, now);
    if (piece === 'status') response.writeHead(503).end('busy');
    else if (piece === 'hangup') {
      // In the middle of an answer: before it has begun, a client may ask once more.
      response.writeHead(200, { 'Content-Type': TEXT, 'Content-Length': 10_000 });
      response.write('c_total 1\n', () => request.socket.destroy());
    } else if (piece === 'slow') setTimeout(() => response.destroy(), 8000).unref();
    else response.writeHead(200, { 'Content-Type': piece.type }).end(piece.body);
  }
}

/** A target that is gone for 40 s in every 150 s: nobody listens then. */
export class GoneAtTimes {
  readonly address: string;
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  private readonly timer: NodeJS.Timeout;

  constructor(port: number) {
    this.address = `127.0.0.1:${port}`;
    const look = () => {
      const there = (Date.now() / 1000) % 150 >= 40;
      if (there && this.server === undefined) this.open(port);
      if (!there && this.server !== undefined) this.close();
    };
    look();
    this.timer = setInterval(look, 250);
  }

  stop(): void {
    clearInterval(this.timer);
    if (this.server !== undefined) this.close();
  }

  private open(port: number): void {
    const server = createServer((_, response) =>
      response.writeHead(200, { 'Content-Type': TEXT }).end('there 1\n'),
    );
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    server.listen(port, '127.0.0.1');
    this.server = server;
  }

  private close(): void {
    this.server!.close();
    for (const socket of this.sockets) socket.destroy();
    this.server = undefined;
  }
}

export interface ReceivedAlert {
  at: number;
  labels: Record<string, string>;
  annotations?: Record<string, string>;
  startsAt: string;
  endsAt: string;
  generatorURL: string;
}

/** Takes alerts as an Alertmanager does, and keeps them. */
export class AlertReceiver {
  address = '';
  readonly alerts: ReceivedAlert[] = [];
  readonly requests = new Set<string>();
  private readonly server: Server;

  constructor() {
    this.server = createServer(async (request, response) => {
      let body = '';
      for await (const piece of request) body += piece;
      const { method, url, headers } = request;
      this.requests.add(`${method} ${url} ${headers['content-type']}`);
      const at = Date.now();
      this.alerts.push(...(JSON.parse(body) as ReceivedAlert[]).map((alert) => ({ ...alert, at })));
      response.end();
    });
  }

  async start(): Promise<void> {
    this.address = await listen(this.server);
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
